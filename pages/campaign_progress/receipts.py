"""What came of a campaign in a row of tiles that move while receipts come in."""

from __future__ import annotations

from dataclasses import dataclass

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from app.campaigns.record.progress import Counts, Snapshot
from models import Member
from models.campaign import CampaignState
from pages.components import number, percent, plural, text
from pages.components.log_link import log_link
from pages.components.text import box

ENDED = (CampaignState.DONE, CampaignState.CANCELLED)


@dataclass(frozen=True, kw_only=True)
class _Tile:
    value: TextElement
    note: TextElement


class Receipts:
    """Reached, delivered, bounced, reported as spam, unsubscribed."""

    def __init__(self, member: Member, campaign_id: str) -> None:
        self._locale = member.locale
        self._shown: Counts | None = None
        with box("tiles results") as self._place:
            self._reached = _tile("Reached", log_link(campaign=campaign_id, state="sent"))
            self._delivered = _tile("Delivered", log_link(campaign=campaign_id, state="delivered"))
            self._bounced = _tile("Bounced later", log_link(campaign=campaign_id, state="bounced"))
            self._complained = _tile("Reported as spam", log_link(campaign=campaign_id, state="complained"))
            self._left = _tile("Unsubscribed", None)
        self._place.set_visibility(False)

    def show(self, found: Snapshot) -> None:
        """Bring the tiles in line; they show once the campaign ended or a receipt came."""
        counts = found.counts
        came = counts.delivered + counts.bounced + counts.complained
        seen = found.state in ENDED or bool(came or counts.unsubscribed)
        self._place.set_visibility(seen)
        if counts == self._shown or not seen:
            return
        self._shown = counts
        locale = self._locale
        self._reached.value.text = percent(counts.sent / counts.audience if counts.audience else None, locale)
        self._reached.note.text = (
            f"{number(counts.sent, locale)} of {plural(counts.audience, 'person', 'people', locale)}"
        )
        for tile, value in (
            (self._delivered, counts.delivered),
            (self._bounced, counts.bounced),
            (self._complained, counts.complained),
        ):
            tile.value.text = number(value, locale) if came else "–"
            tile.note.text = _of(value, counts.sent, locale) if came else "no receipt has come"
        self._left.value.text = number(counts.unsubscribed, locale)
        self._left.note.text = _of(counts.unsubscribed, counts.sent, locale)


def _tile(label: str, href: str | None) -> _Tile:
    with ui.element("a" if href else "div").classes("card tile") as place:
        if href:
            place.props["href"] = href
        text(label, "muted t12 medium")
        with box("row1"):
            value = text("", "t28 num truncate").mark(f"tile-{label.split()[0].lower()}")
        with box("note"):
            note = text("", "muted t12")
    return _Tile(value=value, note=note)


def _of(part: int, sent: int, locale: str) -> str:
    return f"{percent(part / sent, locale)} of those reached" if sent else "nobody was reached"
