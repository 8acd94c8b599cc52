"""What happened to one delivery, as far as its document tells: tries, receipts, decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.campaigns.record.reasons import plain
from models import Delivery
from models.campaign import Channel
from models.delivery import DeliveryState
from pages.components.chip import DELIVERY_TONES, Tone, state_word

AFTER_SENT = (DeliveryState.DELIVERED, DeliveryState.BOUNCED, DeliveryState.COMPLAINED)
HAPPENED = {
    DeliveryState.SENT: "Accepted",
    DeliveryState.DEFERRED: "Not taken yet, to be tried again",
    DeliveryState.DELIVERED: "Delivered",
    DeliveryState.BOUNCED: "Came back undelivered",
    DeliveryState.COMPLAINED: "Reported as spam",
    DeliveryState.UNKNOWN: "Nobody knows whether it arrived",
    DeliveryState.CANCELLED: "Cancelled with the campaign",
    DeliveryState.HELD_OUT: "Held out",
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that happened to a delivery."""

    words: str
    at: datetime
    tone: Tone
    more: str = ""


def history(delivery: Delivery) -> list[Step]:
    """What is known of the delivery, latest first.

    Its `history` holds what deviates from first try, sent; the claim, the acceptance and where it stands now are told
    by its own fields, unless an event says the same.
    """
    told = {event.state for event in delivery.history}
    steps: list[Step] = []
    if delivery.attempts or delivery.first_try_at:
        steps.append(Step(words="Handed over", at=delivery.first_try_at or delivery.created_at, tone="accent"))
    if delivery.sent_at and DeliveryState.SENT not in told:
        more = delivery.reason or "" if delivery.state is DeliveryState.SENT else ""
        steps.append(Step(words=_accepted(delivery), at=delivery.sent_at, tone="good", more=more))
    steps += [_step(event.state, event.at, event.words) for event in delivery.history]
    stands = delivery.history and delivery.history[-1].state is delivery.state
    if delivery.state not in (DeliveryState.SENT, DeliveryState.SENDING) and not stands:
        steps.append(_step(delivery.state, delivery.updated_at, delivery.reason or ""))
    if not steps:
        steps.append(_step(delivery.state, delivery.updated_at, ""))
    return sorted(steps, key=lambda step: step.at)[::-1]


def _accepted(delivery: Delivery) -> str:
    if delivery.channel is Channel.OUTBOX or delivery.server == "outbox":
        return "Kept in the built-in outbox"
    return f"Accepted by {delivery.server}" if delivery.server else "Accepted"


def _step(state: DeliveryState, at: datetime, said: str) -> Step:
    tone = DELIVERY_TONES[state]
    words = HAPPENED.get(state) or state_word(state).capitalize()
    meaning = plain(said) if said else ""
    if said and meaning != said.rstrip("."):
        later = ", to be tried again" if state is DeliveryState.DEFERRED else ""
        return Step(words=f"{meaning}{later}", at=at, tone=tone, more=f"The server said: {said}")
    if said and state not in (*AFTER_SENT, DeliveryState.UNKNOWN, DeliveryState.HELD_OUT):
        return Step(words=said.rstrip("."), at=at, tone=tone)
    return Step(words=words, at=at, tone=tone, more=said if said.rstrip(".") != words else "")
