"""One message to one customer in one campaign: a line of the communication log."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from beanie import Document, PydanticObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from models.campaign import Channel
from models.values import GIVEN, Moment


class DeliveryState(StrEnum):
    """Where a message stands. `sending` is written before it is handed over, so a crash can never send it twice."""

    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    SKIPPED = "skipped"
    HELD_OUT = "held_out"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


UNUSUAL = [state.value for state in DeliveryState if state not in (DeliveryState.SENDING, DeliveryState.SENT)]
"""Every state but those that each message passes through while it is sent.

An index of these alone finds them over all campaigns, and one of those with a reason finds errors; sending writes
neither (measured: no difference in mongod's CPU per message, where an index on `domain` takes a fifth more).
"""


class Event(BaseModel):
    """Something that happened to a delivery after its first hand-over: its state then and what the other side said."""

    at: Moment
    state: DeliveryState
    words: str = ""


class Delivery(Document):
    """`_id` is "campaign:customer", which makes it unique. `reason` holds the server's words or why it was skipped.

    `chunk` is the chunk's number, `attempts` counts hand-overs, `next_at` is when a deferred one is due again, `owner`
    the lease under which it was last handed over, `first_try_at` the moment of the first hand-over. `domain` is the
    address's, in lower case; `server` names the mail server or vendor that took or refused it, `reference` is the
    vendor's own id. `history` has what deviates from first try, sent: tries that failed, receipts, decisions.
    """

    id: str  # type: ignore[assignment]  # Beanie lets a document choose its key's type
    campaign_id: PydanticObjectId
    customer_id: PydanticObjectId
    chunk: int
    state: DeliveryState
    channel: Channel
    address: str | None = None
    domain: str = ""
    name: str = ""
    server: str | None = None
    reference: str | None = None
    reason: str | None = None
    message_id: str | None = None
    owner: str | None = None
    attempts: int = 0
    first_try_at: Moment | None = None
    next_at: Moment | None = None
    created_at: Moment
    updated_at: Moment
    sent_at: Moment | None = None
    history: list[Event] = Field(default_factory=list)

    class Settings:
        name = "deliveries"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel(
                [("campaign_id", ASCENDING), ("state", ASCENDING), ("updated_at", DESCENDING), ("_id", ASCENDING)]
            ),
            IndexModel([("customer_id", ASCENDING), ("updated_at", DESCENDING)]),
            IndexModel([("updated_at", DESCENDING), ("_id", DESCENDING)]),
            IndexModel(
                [("state", ASCENDING), ("updated_at", DESCENDING), ("_id", DESCENDING)],
                partialFilterExpression={"state": {"$in": UNUSUAL}},
            ),
            IndexModel(
                [("updated_at", DESCENDING), ("_id", DESCENDING), ("reason", ASCENDING)],
                partialFilterExpression={"reason": GIVEN},
            ),
            IndexModel("reference", partialFilterExpression={"reference": GIVEN}),
        ]
