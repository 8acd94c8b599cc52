"""Chips: a word in a tone. The tones of every state live here, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from nicegui import ui

from models.campaign import CampaignState
from models.campaign_approval import Approval, ApprovalState
from models.delivery import DeliveryState
from models.import_job import ImportStatus
from models.order import OrderStatus
from pages.components.icon import icon as draw_icon
from pages.components.text import text

Tone = Literal["gray", "accent", "good", "warn", "bad", "info"]

CAMPAIGN_TONES: dict[CampaignState, Tone] = {
    CampaignState.DRAFT: "gray",
    CampaignState.SCHEDULED: "info",
    CampaignState.PREPARING: "accent",
    CampaignState.RUNNING: "accent",
    CampaignState.PAUSED: "warn",
    CampaignState.FINISHING: "accent",
    CampaignState.DONE: "good",
    CampaignState.CANCELLED: "gray",
}
DELIVERY_TONES: dict[DeliveryState, Tone] = {
    DeliveryState.SENDING: "accent",
    DeliveryState.SENT: "good",
    DeliveryState.DEFERRED: "warn",
    DeliveryState.FAILED: "bad",
    DeliveryState.SUPPRESSED: "gray",
    DeliveryState.SKIPPED: "gray",
    DeliveryState.HELD_OUT: "info",
    DeliveryState.UNKNOWN: "warn",
    DeliveryState.CANCELLED: "gray",
    DeliveryState.DELIVERED: "good",
    DeliveryState.BOUNCED: "bad",
    DeliveryState.COMPLAINED: "bad",
}
ORDER_TONES: dict[OrderStatus, Tone] = {
    OrderStatus.PENDING: "warn",
    OrderStatus.PAID: "good",
    OrderStatus.COMPLETED: "good",
    OrderStatus.CANCELLED: "gray",
    OrderStatus.REFUNDED: "gray",
}
IMPORT_TONES: dict[ImportStatus, Tone] = {
    ImportStatus.QUEUED: "gray",
    ImportStatus.RUNNING: "accent",
    ImportStatus.DONE: "good",
    ImportStatus.FAILED: "bad",
    ImportStatus.CANCELLED: "gray",
}


def state_word(state: str) -> str:
    """A state as people read it: `held_out` is "held out"."""
    return str(state).replace("_", " ")


def chip(
    label: str,
    tone: Tone = "gray",
    *,
    dot: bool = False,
    icon: str | None = None,
    on_remove: Callable[[], Any] | None = None,
) -> ui.element:
    """A chip; with `on_remove` it carries a small cross that calls it."""
    with ui.element("span").classes(f"chip {tone}") as element:
        if dot:
            ui.element("span").classes(f"dot {tone}")
        if icon:
            draw_icon(icon)
        text(label, "t", tag="span")
        if on_remove is not None:
            with ui.element("button").props("type=button").on("click", lambda: on_remove(), []) as cross:
                cross.props["aria-label"] = f"Remove {label}"
                draw_icon("x")
    return element


def campaign_word(state: CampaignState, approval: Approval | None = None) -> tuple[str, Tone]:
    """Where a campaign stands, and in which tone; a second person's word comes before the state it waits in."""
    if approval is not None and state in (CampaignState.DRAFT, CampaignState.PAUSED):
        if approval.state is ApprovalState.WAITING:
            return "needs approval", "warn"
        if approval.state is ApprovalState.DECLINED and state is CampaignState.DRAFT:
            return "declined", "bad"
    return state_word(state), CAMPAIGN_TONES[state]


def campaign_chip(state: CampaignState, approval: Approval | None = None) -> ui.element:
    """The state of a campaign."""
    word, tone = campaign_word(state, approval)
    return chip(word, tone, dot=state in (CampaignState.RUNNING, CampaignState.PREPARING))


def delivery_chip(state: DeliveryState) -> ui.element:
    """The state of a delivery."""
    return chip(state_word(state), DELIVERY_TONES[state])


def order_chip(status: OrderStatus) -> ui.element:
    """The status of an order."""
    return chip(state_word(status), ORDER_TONES[status])


def import_chip(status: ImportStatus) -> ui.element:
    """The status of an import."""
    return chip(state_word(status), IMPORT_TONES[status])
