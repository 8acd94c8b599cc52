"""What a segment was at one save: written once, together with the segment, and never changed."""

from __future__ import annotations

from typing import Any, ClassVar

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import DESCENDING, IndexModel

from models.segment import DescriptionSource, RuleSource
from models.values import Moment, now


class SegmentRevision(Document):
    """One revision. `number` is the segment's `version` after that save, so the two always speak of the same state.

    `saved_by` is None and `saved_by_name` "System" for what no person saved. `model` is the AI model that proposed the
    rule. `size` is the count taken at the save, if it could be had. `restored_from` is the number of the revision that
    this save brought back.
    """

    segment_id: PydanticObjectId
    number: int
    saved_at: Moment = Field(default_factory=now)
    saved_by: PydanticObjectId | None = None
    saved_by_name: str = ""
    name: str
    description: str = ""
    description_source: DescriptionSource = DescriptionSource.SENTENCE
    rule: dict[str, Any]
    sentence: str = ""
    source: RuleSource = RuleSource.HAND
    model: str | None = None
    prompt: str | None = None
    size: int | None = None
    restored_from: int | None = None

    class Settings:
        name = "segment_revisions"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("segment_id", 1), ("number", DESCENDING)], unique=True),
        ]
