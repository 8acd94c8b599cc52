"""What a vendor said of a message after taking it: delivered, bounced, or reported as spam."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from beanie import Document
from pydantic import Field
from pymongo import ASCENDING, IndexModel

from models.values import Moment, now

KEPT_SECONDS = 30 * 24 * 60 * 60
"""How long a receipt is kept: as long as a vendor may repeat it."""


class ReceiptEvent(StrEnum):
    """What happened. Each is one of a delivery's states."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Receipt(Document):
    """`_id` is made of the content (`app.receipts.service.receipt_key`), so a repeat changes nothing.

    `delivery_id` is None while only the vendor's `reference` is known and no delivery carries it yet. `permanent` says
    of a bounce that the address is wrong for good. `at` is when it happened, `due_at` from when it may be taken in:
    no field once it is, so that the index holds what is to be done and nothing else.
    """

    id: str  # type: ignore[assignment]  # Beanie lets a document choose its key's type
    delivery_id: str | None = None
    reference: str | None = None
    event: ReceiptEvent
    permanent: bool = False
    reason: str = ""
    at: Moment = Field(default_factory=now)
    due_at: Moment | None = Field(default_factory=now)
    created_at: Moment = Field(default_factory=now)
    ingested_at: Moment | None = None

    class Settings:
        name = "receipts"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("due_at", ASCENDING)], sparse=True),
            IndexModel("created_at", expireAfterSeconds=KEPT_SECONDS),
        ]
