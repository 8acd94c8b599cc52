"""What the last record of a segment saw, kept to tell the next change; and when the next is due."""

from __future__ import annotations

from typing import Any, ClassVar

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel

from models.values import Moment


class SegmentState(Document):
    """`_id` is the segment's. `generation` names the bits that belong to this state; others are leftovers.

    `leaves` are the conditions of `rule` as JSON, without their negation, in the order of their bits. `night` is the
    local day whose nightly record is made. `asked` is the token of a record somebody waits for. `problem` says why the
    last try failed.
    """

    generation: str | None = None
    at: Moment | None = None
    rule: dict[str, Any] | None = None
    version: int = 0
    size: int = 0
    leaves: list[dict[str, Any]] = Field(default_factory=list)
    bytes: int = 0
    night: str | None = None
    asked: str | None = None
    problem: str | None = None

    class Settings:
        name = "segment_states"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("asked", ASCENDING)], partialFilterExpression={"asked": {"$gt": ""}}),
        ]


class SegmentBits(Document):
    """One bit for each customer ever numbered. `_id` is "segment:generation:part".

    `part` is `members`, `alive` (the customers there were), or the position of a condition in `SegmentState.leaves`.
    """

    id: str  # type: ignore[assignment]  # Beanie lets a document choose its key's type
    segment_id: PydanticObjectId
    generation: str
    part: str
    data: bytes

    class Settings:
        name = "segment_bits"
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("segment_id", ASCENDING), ("generation", ASCENDING)])]


class RecordKeeper(Document):
    """The one hand that records, of all workers: whoever holds the lease. `night` is the last local day it finished."""

    id: str  # type: ignore[assignment]  # Beanie lets a document choose its key's type
    night: str | None = None
    enqueued_at: Moment | None = None
    lease_owner: str | None = None
    lease_until: Moment | None = None

    class Settings:
        name = "record_keepers"
