"""What a line of the log says of a message in a few words."""

from __future__ import annotations

from models.delivery import Delivery, DeliveryState

SAID = {
    DeliveryState.SENT: "Accepted",
    DeliveryState.SENDING: "Being handed over",
    DeliveryState.DELIVERED: "Arrived",
    DeliveryState.COMPLAINED: "Reported as spam",
    DeliveryState.HELD_OUT: "Left out on purpose, to measure what the campaign changes",
}


def said(delivery: Delivery) -> str:
    """The other side's words, or ours for what happened."""
    return delivery.reason or SAID.get(delivery.state, "")
