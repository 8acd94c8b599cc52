"""What happened to one delivery, as far as its document tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.campaigns.reasons import plain
from models import Delivery
from models.delivery import DeliveryState
from pages.components.chip import DELIVERY_TONES, Tone, state_word


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that happened to a delivery."""

    words: str
    at: datetime
    tone: Tone
    more: str = ""


def history(delivery: Delivery) -> list[Step]:
    """What is known of the delivery, latest first."""
    state, said = delivery.state, delivery.reason or ""
    steps: list[Step] = []
    if state not in (DeliveryState.SENT, DeliveryState.SENDING):
        words = state_word(state).capitalize()
        meaning = plain(said) if said else ""
        if meaning and meaning != said.rstrip("."):
            words = meaning
            said = f"The server said: {said}"
        steps.append(Step(words=words, at=delivery.updated_at, tone=DELIVERY_TONES[state], more=said))
    if delivery.sent_at:
        by = "Kept in the built-in outbox" if delivery.channel == "outbox" else "Accepted"
        more = delivery.reason or "" if state is DeliveryState.SENT else ""
        steps.append(Step(words=by, at=delivery.sent_at, tone="good", more=more))
    if delivery.attempts:
        steps.append(Step(words="Handed over", at=delivery.created_at, tone="accent"))
    return steps or [Step(words=state_word(state).capitalize(), at=delivery.updated_at, tone=DELIVERY_TONES[state])]
