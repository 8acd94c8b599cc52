"""One question to an AI provider and its answer, kept for the owner to read."""

from __future__ import annotations

from typing import ClassVar, Literal

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import DESCENDING, IndexModel

from models.values import Moment, now


class AiCall(Document):
    """`purpose` is what it was for, `outcome` what became of the reply: `ok`, or the name of what was wrong with it.

    MongoDB removes it at `expires_at`; without one it stays.
    """

    purpose: Literal["segment", "description", "copy", "insight"]
    provider: Literal["gemini", "openai"]
    model: str
    asked: str = ""
    """How the question itself begins, for a list."""
    prompt: str
    reply: str = ""
    outcome: str = "ok"
    took_ms: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    member_id: PydanticObjectId | None = None
    created_at: Moment = Field(default_factory=now)
    expires_at: Moment | None = None

    class Settings:
        name = "ai_calls"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)]),
            IndexModel([("purpose", 1), ("created_at", DESCENDING), ("_id", DESCENDING)]),
            IndexModel([("member_id", 1), ("created_at", DESCENDING), ("_id", DESCENDING)]),
            IndexModel([("created_at", 1), ("input_tokens", 1), ("output_tokens", 1)]),
            IndexModel("expires_at", expireAfterSeconds=0, sparse=True),
        ]
