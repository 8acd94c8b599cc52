"""One line of the audit log."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from models.values import Moment

Via = Literal["page", "api", "key", "command", "sign-in"]


class AuditEntry(Document):
    """Who did what to what, and from where. `_id` counts from 1 without a gap; a line is never changed or removed.

    `before` and `after` hold the fields that changed. `seal` is over this line and the seal of the one before
    (`app.audit.chain`), so a change of any line shows in every one after it.
    """

    id: int  # type: ignore[assignment]  # Beanie lets a document choose its key's type
    at: Moment
    member_id: PydanticObjectId | None = None
    member: str = ""
    via: Via = "page"
    address: str = ""
    action: str
    object_id: str = ""
    object_name: str = ""
    before: dict[str, Any] = Field(default_factory=dict)
    after: dict[str, Any] = Field(default_factory=dict)
    seal: str

    class Settings:
        name = "audit"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("action", ASCENDING), ("_id", DESCENDING)]),
            IndexModel([("member_id", ASCENDING), ("_id", DESCENDING)]),
            IndexModel([("object_id", ASCENDING), ("_id", DESCENDING)]),
        ]
