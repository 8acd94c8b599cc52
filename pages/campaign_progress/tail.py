"""The latest deliveries, as they happen. The lines are made once; what changes is their words."""

from __future__ import annotations

from nicegui import ui

from app.campaigns.progress import tail
from models import Delivery, Member
from models.delivery import DeliveryState
from pages.components import DELIVERY_TONES, card, clock, state_word, text, zone_of
from pages.components.text import box

LINES = 10
LOOK_SECONDS = 0.5
TAKEN = {
    DeliveryState.SENT: "accepted",
    DeliveryState.DELIVERED: "arrived",
    DeliveryState.SENDING: "on its way",
}


class _Line:
    """One line of the tail."""

    def __init__(self) -> None:
        with ui.element("a").classes("tail-line") as self.row:
            self.time = text("", "muted num t12", tag="span")
            with box("who"):
                self.name = text("", "medium truncate", tag="span")
                self.address = text("", "muted t12 truncate", tag="span")
            with box("what"):
                with box("chip gray", tag="span") as self.chip:
                    self.state = text("", "t", tag="span")
                self.words = text("", "muted t12 truncate", tag="span")
        self.row.set_visibility(False)

    def show(self, delivery: Delivery, member: Member) -> None:
        """Say this delivery."""
        self.row.set_visibility(True)
        self.row.props["href"] = f"/log/{delivery.id}"
        self.time.text = clock(delivery.updated_at, zone_of(member), member.locale)
        self.name.text = delivery.name or delivery.address or "No name"
        self.address.text = (delivery.address or "") if delivery.name else ""
        self.chip.classes(replace=f"chip {DELIVERY_TONES[delivery.state]}")
        self.state.text = state_word(delivery.state)
        self.words.text = delivery.reason or TAKEN.get(delivery.state, "")


class Tail:
    """Looks twice a second at most, and only after something moved."""

    def __init__(self, member: Member, campaign_id: str) -> None:
        self._member = member
        self._campaign_id = campaign_id
        self._moved = True
        self._busy = False
        with card(css="p-0 tail"):
            with box("card-head"):
                self._title = text("Just now", "t16", tag="h2")
                with box("chip good live", tag="span") as self._live:
                    box("dot good", tag="span")
                    text("live", "t", tag="span")
            self._lines = [_Line() for _ in range(LINES)]
            self._empty = text("The first messages show up here as they leave.", "muted tail-empty")
            with ui.element("a").classes("tail-more link") as more:
                more.props["href"] = f"/log?campaign={campaign_id}"
                text("All messages of this campaign", tag="span")
            self._place = box()

    def start(self) -> None:
        """Begin to look. A timer waits for the browser, so a page that begins with one is sent half made."""
        with self._place:
            ui.timer(LOOK_SECONDS, self._look)

    def moved(self, *, live: bool) -> None:
        """The campaign moved; `live` says whether it goes on."""
        self._moved = True
        self._live.set_visibility(live)
        self._title.text = "Just now" if live else "Latest messages"

    async def _look(self) -> None:
        if not self._moved or self._busy:
            return
        self._moved, self._busy = False, True
        try:
            found = await tail(self._campaign_id, LINES)
        finally:
            self._busy = False
        self._empty.set_visibility(not found)
        for line, delivery in zip(self._lines, found, strict=False):
            line.show(delivery, self._member)
