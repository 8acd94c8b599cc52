"""A named rule; who is in it is computed, never frozen."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import DESCENDING, IndexModel

from models.values import Moment, now


class DescriptionSource(StrEnum):
    """Who wrote the description; a generated one may be replaced, a person's never."""

    PERSON = "person"
    SENTENCE = "sentence"
    GEMINI = "gemini"
    OPENAI = "openai"


class RuleSource(StrEnum):
    """How the rule came about."""

    HAND = "hand"
    GRAMMAR = "grammar"
    GEMINI = "gemini"
    OPENAI = "openai"
    IMPORT = "import"


class Segment(Document):
    """One segment. `rule` is JSON of the rule language, checked by `app.segments.rule` before it gets here.

    `version` counts up with every change and is compared and swapped on save; each has its `SegmentRevision`.
    `model` names the AI model that proposed the rule.
    `size` is the last count, taken at `sized_at`.
    """

    name: str
    name_folded: str
    description: str = ""
    description_source: DescriptionSource = DescriptionSource.SENTENCE
    rule: dict[str, Any]
    sentence: str = ""
    source: RuleSource = RuleSource.HAND
    model: str | None = None
    prompt: str | None = None
    version: int = 1
    size: int | None = None
    sized_at: Moment | None = None
    created_by: PydanticObjectId | None = None
    created_at: Moment = Field(default_factory=now)
    updated_at: Moment = Field(default_factory=now)

    class Settings:
        name = "segments"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel("name_folded", unique=True),
            IndexModel([("updated_at", DESCENDING), ("_id", DESCENDING)]),
        ]
