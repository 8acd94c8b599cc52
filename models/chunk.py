"""Up to 500 customers of a frozen audience: the unit a worker leases."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Literal

from beanie import Document, PydanticObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, IndexModel

from models.values import Moment


class ChunkState(StrEnum):
    """`waiting` for a worker (from `next_at` on), `leased` to one, `done` when every customer has a final delivery."""

    WAITING = "waiting"
    LEASED = "leased"
    DONE = "done"


class Tally(BaseModel):
    """How many of the chunk's customers are in each outcome; the rest is pending."""

    sent: int = 0
    failed: int = 0
    skipped: int = 0
    held_out: int = 0
    unknown: int = 0


class Received(BaseModel):
    """How many of the chunk's messages stand at what a receipt said of them; all of these are `sent` in the tally."""

    delivered: int = 0
    bounced: int = 0
    complained: int = 0


class Sending(BaseModel):
    """Whom `owner` began to hand over at `at`: written before anything leaves, so that nobody is forgotten or doubled.

    These are `ids`, or with `everybody` all of the chunk. Those without a delivery, or with one that is deferred since
    before, have no outcome yet.
    """

    owner: str
    at: Moment
    ids: list[PydanticObjectId] = Field(default_factory=list)
    everybody: bool = False


class Chunk(Document):
    """`_id` is "campaign:n". Whoever holds the lease (`owner`, `lease_until`) writes it, comparing the owner each time.

    `tally` is derived from the chunk's deliveries: recomputed when a lease is taken, carried along while it is held.
    `attempts` counts the times in a row that the mail server could not be reached. `enqueued_at` is when a message for
    this chunk was last put on the queue, so that a long queue does not fill with repeats. `retry` asks whoever takes
    the lease next to make deliveries of that state due again. `touched` is set with the first lease. `moved` counts the
    times that a delivery was changed by somebody without a lease, whereupon the tally has to be derived anew.

    `receipts` moves with every batch of receipts, whoever holds the lease; from `recount_at` on it is due to be counted
    anew from the deliveries.
    """

    id: str  # type: ignore[assignment]  # Beanie lets a document choose its key's type
    campaign_id: PydanticObjectId
    n: int
    customer_ids: list[PydanticObjectId]
    size: int
    state: ChunkState = ChunkState.WAITING
    owner: str | None = None
    lease_until: Moment | None = None
    next_at: Moment | None = None
    attempts: int = 0
    touched: bool = False
    enqueued_at: Moment | None = None
    retry: Literal["failed", "unknown"] | None = None
    moved: int = 0
    sending: Sending | None = None
    tally: Tally = Field(default_factory=Tally)
    receipts: Received = Field(default_factory=Received)
    recount_at: Moment | None = None

    class Settings:
        name = "chunks"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("campaign_id", ASCENDING), ("state", ASCENDING), ("next_at", ASCENDING)]),
            IndexModel([("recount_at", ASCENDING)], sparse=True),
        ]
