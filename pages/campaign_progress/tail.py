"""The latest deliveries, as they happen: one element whose lines the browser draws, fed only while it can be seen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from app.campaigns.record.tails import LINES, Rows, tails
from app.customers.masking import sees_contact, shown_address, shown_words
from models import Member
from models.delivery import DeliveryState
from pages.components import DELIVERY_TONES, card, clock, state_word, text, zone_of
from pages.components.text import box
from pages.theme import STATIC

TAKEN = {
    DeliveryState.SENT: "accepted",
    DeliveryState.DELIVERED: "arrived",
    DeliveryState.SENDING: "on its way",
}

TOGETHER_SECONDS = 0.3
"""How long new lines wait for the next snapshot: a message to a browser costs more than what is in it."""

_drawn: dict[tuple[str, str, bool], tuple[Rows, str]] = {}
"""The lines drawn last for each locale and zone: pages that show the same rows share one text."""


class TailLines(ui.element, component=STATIC / "campaign_tail.js"):
    """The lines; `on_seen(bool)` hears when somebody begins or ceases to see them."""

    def __init__(self, on_seen: Callable[[bool], None]) -> None:
        super().__init__()
        self.props["lines"] = "[]"
        self.on("seen", lambda event: on_seen(_is_seen(event)))

    def show(self, lines: str) -> None:
        """Draw these lines instead, as JSON: a list would be copied and written anew for every page."""
        if self.props["lines"] != lines:
            self.props["lines"] = lines


class Tail:
    """The card at the foot of the campaign's page."""

    def __init__(self, member: Member, campaign_id: str) -> None:
        self._member = member
        self._campaign_id = campaign_id
        self._end: Callable[[], None] | None = None
        self._rows: Rows = ()
        self._timer: asyncio.TimerHandle | None = None
        with card(css="p-0 tail"):
            with box("card-head"):
                self._title = text("Just now", "t16", tag="h2")
                with box("chip good live", tag="span") as self._live:
                    box("dot good", tag="span")
                    text("live", "t", tag="span")
            self._empty = text("The first messages show up here as they leave.", "muted tail-empty")
            self.lines = TailLines(self.seen)
            with ui.element("a").classes("tail-more link") as more:
                more.props["href"] = f"/log?campaign={campaign_id}"
                text("All messages of this campaign", tag="span")

    def say(self, *, live: bool) -> None:
        """Whether the campaign goes on."""
        self._live.set_visibility(live)
        self._title.text = "Just now" if live else "Latest messages"

    def show(self, rows: Rows) -> None:
        """Show these deliveries, newest first."""
        if self.lines.is_deleted:
            self.stop()
            return
        self._empty.set_visibility(not rows)
        self.lines.show(lines_of(rows, self._member))

    def show_soon(self, rows: Rows) -> None:
        """Show these with the next snapshot's changes, in one message to the browser, else a moment later."""
        self._rows = rows
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TOGETHER_SECONDS, self.flush)

    def flush(self) -> None:
        """Show what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.show(self._rows)

    def seen(self, seen: bool) -> None:
        """Watch while it can be seen; what is hidden costs nothing."""
        if not seen:
            self.stop()
        elif self._end is None:
            self._end = tails.watch(self._campaign_id, self.show_soon)

    def stop(self) -> None:
        """Watch no more."""
        end, self._end = self._end, None
        if end is not None:
            end()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def lines_of(rows: Rows, member: Member) -> str:
    """The rows as the browser draws them, as JSON. Made once for all pages in the same locale and zone."""
    zone, locale, plain = zone_of(member), member.locale, sees_contact(member)
    kept = _drawn.get((locale, zone.key, plain))
    if kept is not None and kept[0] is rows:
        return kept[1]
    lines = json.dumps([_line(row, clock(row["updated_at"], zone, locale), member) for row in rows[:LINES]])
    if len(_drawn) > 50:
        _drawn.clear()
    _drawn[locale, zone.key, plain] = (rows, lines)
    return lines


def _line(row: dict[str, Any], time: str, member: Member) -> dict[str, Any]:
    state = DeliveryState(row["state"])
    name, address = row.get("name") or "", shown_address(member, row.get("address")) or ""
    return {
        "key": f"{row['_id']} {state}",
        "href": f"/log/{row['_id']}",
        "time": time,
        "name": name or address or "No name",
        "address": address if name else "",
        "tone": DELIVERY_TONES[state],
        "state": state_word(state),
        "words": shown_words(member, row.get("reason"), row.get("address")) or TAKEN.get(state, ""),
    }


def _is_seen(event: GenericEventArguments) -> bool:
    return event.args is True
