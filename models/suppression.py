"""An address never to be contacted again on a channel."""

from __future__ import annotations

from typing import ClassVar, Literal

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel

from models.values import Moment, now


class Suppression(Document):
    """`address` is folded. `reason` is why; `campaign_id` the campaign it came from, if one did."""

    channel: Literal["email", "sms"]
    address: str
    reason: Literal["unsubscribed", "bounced", "complained", "manual", "erased"]
    campaign_id: PydanticObjectId | None = None
    created_at: Moment = Field(default_factory=now)

    class Settings:
        name = "suppressions"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("channel", ASCENDING), ("address", ASCENDING)], unique=True),
            IndexModel("campaign_id"),
        ]
