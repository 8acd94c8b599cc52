"""Unfinished work on a segment: what one member has on screen and has not saved."""

from __future__ import annotations

from typing import Any, ClassVar

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import IndexModel

from models.segment import DescriptionSource, RuleSource
from models.values import Moment, now

KEPT_SECONDS = 30 * 24 * 3600
"""How long a draft waits for its member, in seconds: thirty days after the last change."""


class SegmentDraft(Document):
    """One draft per member and segment; `id` is "member:segment", or "member:new" for one that was never saved.

    `rule` is JSON of the rule language as far as it got, so it may be incomplete. `base_version` is the version of the
    segment that the work began on. It is never read as a segment: only saving makes one.
    """

    id: str  # type: ignore[assignment]  # Beanie lets a document choose its key's type
    member_id: PydanticObjectId
    segment_id: PydanticObjectId | None = None
    base_version: int | None = None
    name: str = ""
    description: str = ""
    description_source: DescriptionSource = DescriptionSource.SENTENCE
    rule: dict[str, Any]
    source: RuleSource = RuleSource.HAND
    prompt: str | None = None
    updated_at: Moment = Field(default_factory=now)

    class Settings:
        name = "segment_drafts"
        indexes: ClassVar[list[IndexModel]] = [IndexModel("updated_at", expireAfterSeconds=KEPT_SECONDS)]
