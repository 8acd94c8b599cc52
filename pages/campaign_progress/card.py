"""The big card: percent, bar in parts, pace, and the identity that always adds up."""

from __future__ import annotations

from typing import Any

from app.campaigns.record.progress import Snapshot
from models import Member
from pages.campaign_progress.figures import PARTS, words_of
from pages.campaign_progress.rate_line import RateLine
from pages.campaign_progress.standstill import Standstill
from pages.components import card, progress, text
from pages.components.log_link import log_link
from pages.components.text import box


class ProgressCard:
    """Made once; every snapshot afterwards only sets words and widths."""

    def __init__(self, member: Member, campaign_id: str) -> None:
        self._locale = member.locale
        self._id = campaign_id
        self._figures: dict[str, Any] = {}
        with card(css="p-6 progress-card"):
            with box("progress-top"):
                with box("line gap-3 items-baseline flex-wrap"):
                    self._percent = text("", "percent num", tag="span").mark("percent")
                    self._caption = text("", "muted num", tag="span").mark("caption")
                with box("progress-pace"):
                    self._pace = text("", "muted num pace").mark("pace")
                    self._line = RateLine(campaign_id, member.locale)
            self._bar = progress([], label="Share of the audience dealt with", size="big")
            self._standstill = Standstill(member, campaign_id)
            self._slowed = text("", "muted t12 break-words").mark("slowed")
            self._slowed.set_visibility(False)
            self._identity()
            self._when = text("", "muted t12 num")
            self._when.set_visibility(False)

    def tell_when(self, words: str) -> None:
        """Say when it started and ended, and by whom."""
        self._when.text = words
        self._when.set_visibility(bool(words))

    def tell_slowed(self, words: str) -> None:
        """Say which domains asked for less."""
        self._slowed.text = words
        self._slowed.set_visibility(bool(words))

    def _identity(self) -> None:
        with box("identity").props("role=group") as self._sum:
            with box("figure"):
                self._number("audience")
                text("audience", "muted", tag="span")
            for place, (name, word, tone) in enumerate(PARTS):
                text("+" if place else "=", "faint eq", tag="span").props("aria-hidden=true")
                with ui_figure(self._id, name):
                    self._number(name)
                    box(f"dot {'hollow' if name == 'pending' else tone}", tag="span")
                    text(word, "muted", tag="span")

    def _number(self, name: str) -> None:
        self._figures[name] = text("0", "strong num", tag="span").mark(f"count-{name}")

    def show(self, found: Snapshot) -> None:
        """Bring the card in line with a snapshot: all of it in one change, so that every frame adds up."""
        words = words_of(found, self._locale)
        self._percent.text = words.percent
        self._caption.text = words.caption
        self._pace.text = words.pace
        self._bar.set(words.parts)
        for name, element in self._figures.items():
            element.text = words.figures[name]
        if self._sum.props.get("aria-label") != words.spoken:
            self._sum.props.update({"aria-label": words.spoken, "data-at": found.at.isoformat()})
        self._line.show(found)
        self._standstill.show(found)


def ui_figure(campaign_id: str, name: str) -> Any:
    """One part of the sum; it leads to these messages, but for those that have no line in the log yet."""
    if name == "pending":
        return box("figure")
    figure = box("figure go", tag="a")
    figure.props["href"] = log_link(campaign=campaign_id, state=name)
    return figure
