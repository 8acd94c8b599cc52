"""The numbers of a campaign as people see them: the parts that add up to the audience, pace, time left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from app.campaigns.record.progress import Counts, Snapshot
from models.campaign import CampaignState
from pages.components import Part, number, plural
from pages.components.chip import Tone

NBSP = "\u00a0"

PARTS: tuple[tuple[str, str, Tone], ...] = (
    ("sent", "sent", "accent"),
    ("failed", "failed", "bad"),
    ("unknown", "unknown", "warn"),
    ("skipped", "skipped", "gray"),
    ("held_out", "held out", "info"),
    ("pending", "pending", "gray"),
)
"""(name in Counts, word, tone); together they are the audience, always."""

STANDS = {
    CampaignState.PREPARING: "starting",
    CampaignState.PAUSED: "paused",
    CampaignState.CANCELLED: "cancelled",
    CampaignState.DONE: "finished",
    CampaignState.SCHEDULED: "not started yet",
    CampaignState.DRAFT: "not sent yet",
}


@dataclass(frozen=True, kw_only=True)
class Words:
    """A snapshot as it is written in one locale."""

    percent: str
    caption: str
    pace: str
    figures: Mapping[str, str]
    parts: tuple[Part, ...]
    spoken: str
    """The identity as one sentence, for who hears the page."""


@lru_cache(maxsize=64)
def words_of(found: Snapshot, locale: str) -> Words:
    """The words for a snapshot. Written once per locale, however many pages show it."""
    counts = found.counts
    preparing = found.state is CampaignState.PREPARING and not counts.audience
    done = counts.audience - counts.pending
    figures = {name: number(getattr(counts, name), locale) for name in ("audience", *(name for name, _, _ in PARTS))}
    moving = found.state in (CampaignState.RUNNING, CampaignState.FINISHING)
    of = f"{number(done, locale)} of {plural(counts.audience, 'person', 'people', locale)} dealt with"
    return Words(
        percent="…" if preparing else f"{whole_percent(counts)}{NBSP}%",
        caption="Gathering the people of the segments" if preparing else of,
        pace=pace(found, locale) if moving else STANDS.get(found.state, ""),
        figures=figures,
        parts=tuple(replace(part, label=word) for part, (_, word, _) in zip(parts_of(counts), PARTS, strict=False)),
        spoken=f"{figures['audience']} audience = " + " + ".join(f"{figures[name]} {word}" for name, word, _ in PARTS),
    )


def parts_of(counts: Counts) -> list[Part]:
    """The parts of the bar; what is pending is the empty rest."""
    if not counts.audience:
        return []
    return [
        Part(share=getattr(counts, name) / counts.audience, tone=tone, label=f"{getattr(counts, name):,} {word}")
        for name, word, tone in PARTS
        if name != "pending"
    ]


def done_share(counts: Counts) -> float:
    """Which share of the audience is dealt with."""
    return (counts.audience - counts.pending) / counts.audience if counts.audience else 0.0


def whole_percent(counts: Counts) -> int:
    """The big number: never 100 while somebody waits, never 0 once somebody was dealt with."""
    share = done_share(counts)
    if 0 < share < 1:
        return min(99, max(1, int(share * 100)))
    return round(share * 100)


def pace(found: Snapshot, locale: str) -> str:
    """Rate and time left in words; empty when nothing moves."""
    if found.rate_per_second < 0.05:
        return ""
    left = time_left(found.seconds_left)
    rate = rate_words(found.rate_per_second, locale)
    return f"{rate}, {left}" if left else rate


def rate_words(per_second: float, locale: str) -> str:
    """`1,840 a second`, or by the minute when it is less than one."""
    if per_second >= 1:
        return f"{number(round(per_second), locale)} a second"
    return f"{number(round(per_second * 60), locale)} a minute"


def time_left(seconds: float | None) -> str:
    """ "about 4 s left", rounded as a person would."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"about {max(1, round(seconds))} s left"
    if seconds < 3600:
        return f"about {round(seconds / 60)} min left"
    hours = seconds / 3600
    return f"about {hours:.1f} h left" if hours < 10 else f"about {round(hours)} h left"
