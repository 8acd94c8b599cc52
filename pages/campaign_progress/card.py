"""The big card: percent, bar in parts, pace, and the identity that always adds up."""

from __future__ import annotations

from typing import Any

from app.campaigns.progress import Snapshot
from models import Member
from models.campaign import CampaignState
from pages.campaign_progress.figures import PARTS, pace, parts_of, whole_percent
from pages.components import card, icon, number, progress, text
from pages.components.text import box

NBSP = "\u00a0"


class ProgressCard:
    """Made once; every snapshot afterwards only sets words and widths."""

    def __init__(self, member: Member) -> None:
        self._locale = member.locale
        self._figures: dict[str, Any] = {}
        with card(css="p-6 progress-card"):
            with box("progress-top"):
                with box("line gap-3 items-baseline flex-wrap"):
                    self._percent = text("", "percent num", tag="span").mark("percent")
                    self._caption = text("", "muted num", tag="span").mark("caption")
                self._pace = text("", "muted num pace").mark("pace")
            self._bar = progress([], label="Share of the audience dealt with", size="big")
            self._note()
            self._identity()
            self._when = text("", "muted t12 num")
            self._when.set_visibility(False)

    def tell_when(self, words: str) -> None:
        """Say when it started and ended, and by whom."""
        self._when.text = words
        self._when.set_visibility(bool(words))

    def _note(self) -> None:
        with box("banner warn") as self._banner:
            icon("hourglass")
            self._reason = text("", "min-w-0 break-words").mark("reason")
        self._banner.set_visibility(False)

    def _identity(self) -> None:
        with box("identity").props("role=group"):
            self._figure("audience", "audience", None)
            text("=", "faint only-wide eq", tag="span")
            for place, (name, word, tone) in enumerate(PARTS):
                if place:
                    text("+", "faint only-wide eq", tag="span")
                self._figure(name, word, "hollow" if name == "pending" else tone)

    def _figure(self, name: str, word: str, tone: str | None) -> None:
        with box("figure"):
            self._figures[name] = text("0", "strong num", tag="span").mark(f"count-{name}")
            with box("line gap-1.5"):
                if tone:
                    box(f"dot {tone}", tag="span")
                text(word, "muted t12", tag="span")

    def show(self, found: Snapshot) -> None:
        """Bring the card in line with a snapshot."""
        counts, locale = found.counts, self._locale
        preparing = found.state is CampaignState.PREPARING and not counts.audience
        self._percent.text = "…" if preparing else f"{whole_percent(counts)}{NBSP}%"
        done = counts.audience - counts.pending
        of = f"{number(done, locale)} of {number(counts.audience, locale)} people dealt with"
        self._caption.text = "Gathering the people of the segments" if preparing else of
        moving = found.state in (CampaignState.RUNNING, CampaignState.FINISHING)
        self._pace.text = pace(found, locale) if moving else STANDS.get(found.state, "")
        self._bar.set(parts_of(counts))
        for name, element in self._figures.items():
            element.text = number(getattr(counts, name), locale)
        self._show_reason(found)

    def _show_reason(self, found: Snapshot) -> None:
        reason = found.pause_reason if found.state is CampaignState.PAUSED else found.waiting_reason
        self._banner.set_visibility(bool(reason))
        if reason:
            waits = found.state is not CampaignState.PAUSED
            calm = "Nobody is lost: sending goes on by itself as soon as this is over." if waits else GOES_ON
            self._reason.text = f"{reason.rstrip('.')}. {calm}"


GOES_ON = "Nobody gets anything until it is resumed; it goes on exactly where it stopped."
STANDS = {
    CampaignState.PREPARING: "starting",
    CampaignState.PAUSED: "paused",
    CampaignState.CANCELLED: "cancelled",
    CampaignState.DONE: "finished",
    CampaignState.SCHEDULED: "not started yet",
    CampaignState.DRAFT: "not sent yet",
}
