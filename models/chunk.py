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


class Chunk(Document):
    """`_id` is "campaign:n". Whoever holds the lease (`owner`, `lease_until`) writes it, comparing the owner each time.

    `tally` is derived from the chunk's deliveries: recomputed when a lease is taken, carried along while it is held.
    `attempts` counts the times in a row that the mail server could not be reached. `enqueued_at` is when a message for
    this chunk was last put on the queue, so that a long queue does not fill with repeats. `retry` asks whoever takes
    the lease next to make deliveries of that state due again. `touched` is set with the first lease.
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
    tally: Tally = Field(default_factory=Tally)

    class Settings:
        name = "chunks"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("campaign_id", ASCENDING), ("state", ASCENDING), ("next_at", ASCENDING)]),
        ]
