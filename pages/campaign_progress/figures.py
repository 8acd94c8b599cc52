"""The numbers of a campaign as people see them: the parts that add up to the audience, pace, time left."""

from __future__ import annotations

from app.campaigns.progress import Counts, Snapshot
from pages.components import Part, number
from pages.components.chip import Tone

PARTS: tuple[tuple[str, str, Tone], ...] = (
    ("sent", "sent", "accent"),
    ("failed", "failed", "bad"),
    ("unknown", "unknown", "warn"),
    ("skipped", "skipped", "gray"),
    ("held_out", "held out", "info"),
    ("pending", "pending", "gray"),
)
"""(name in Counts, word, tone); together they are the audience, always."""


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
    if found.rate_per_second >= 1:
        rate = f"{number(round(found.rate_per_second), locale)} a second"
    else:
        rate = f"{number(round(found.rate_per_second * 60), locale)} a minute"
    left = time_left(found.seconds_left)
    return f"{rate}, {left}" if left else rate


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
