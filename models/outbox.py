"""A message in the built-in outbox: what a customer would have received, readable on a page."""

from __future__ import annotations

from typing import ClassVar

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import DESCENDING, IndexModel

from models.values import Moment, now


class OutboxMessage(Document):
    """`_id` is the delivery's, so writing the same message twice leaves one. `search` holds folded words to find it."""

    id: str  # type: ignore[assignment]  # Beanie lets a document choose its key's type
    campaign_id: PydanticObjectId | None = None
    customer_id: PydanticObjectId | None = None
    sender: str
    recipient: str
    name: str = ""
    subject: str
    html: str
    text: str
    headers: dict[str, str] = Field(default_factory=dict)
    search: list[str] = Field(default_factory=list)
    created_at: Moment = Field(default_factory=now)

    class Settings:
        name = "outbox"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)]),
            IndexModel("search"),
        ]
