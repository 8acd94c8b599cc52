"""A key by which a program acts as a member."""

from __future__ import annotations

from typing import ClassVar

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from models.values import GIVEN, Moment, now


class ApiKey(Document):
    """`digest` is the SHA-256 of the whole key, which is shown once and kept nowhere; `start` is its beginning, for
    people. `scopes` are actions of the permission table: the key may do what both they and the member's role allow.

    After a rotation the key before is good until `previous_until`.
    """

    member_id: PydanticObjectId
    name: str
    start: str
    digest: str
    scopes: list[str] = Field(default_factory=list)
    expires_at: Moment | None = None
    last_used_at: Moment | None = None
    previous_digest: str | None = None
    previous_until: Moment | None = None
    rotated_at: Moment | None = None
    created_at: Moment = Field(default_factory=now)

    class Settings:
        name = "api_keys"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel("digest", unique=True),
            IndexModel("previous_digest", partialFilterExpression={"previous_digest": GIVEN}),
            IndexModel([("member_id", ASCENDING), ("created_at", DESCENDING)]),
        ]
