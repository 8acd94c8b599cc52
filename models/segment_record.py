"""One measurement of a segment: how many were in it, who came and who went since the one before, and why."""

from __future__ import annotations

from typing import Any, ClassVar

from beanie import Document, PydanticObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from models.values import Moment


class Move(BaseModel):
    """The customers whom one cause moved in one direction.

    `cause` is JSON (see `app.segments.growth.causes`); `bits` are their numbers as `app.segments.growth.bits` packs
    them. The moves of a record share nobody.
    """

    cause: dict[str, Any]
    joined: bool
    count: int
    bits: bytes


class SegmentRecord(Document):
    """Always: the size of the record before + `joined` - `left` = `size`. The first of a segment has no moves.

    `occasion` is what asked for it ("night:2026-03-01", or a token), so that asking twice records once. `took_ms` and
    `bytes` are what it cost: the time, and what the moves take packed. Older records are thinned out into weekly ones.
    """

    segment_id: PydanticObjectId
    at: Moment
    occasion: str
    size: int
    joined: int = 0
    left: int = 0
    moves: list[Move] = Field(default_factory=list)
    took_ms: int = 0
    bytes: int = 0

    class Settings:
        name = "segment_records"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("segment_id", ASCENDING), ("at", DESCENDING)]),
            IndexModel([("segment_id", ASCENDING), ("occasion", ASCENDING)], unique=True),
        ]
