"""One purchase of one customer."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

from beanie import Document, Insert, PydanticObjectId, Replace, Save, SaveChanges, before_event
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from models.values import GIVEN, Moment, Money, fold, now


class OrderStatus(StrEnum):
    """Where an order stands; only `paid` and `completed` count towards the customer's rollups."""

    PENDING = "pending"
    PAID = "paid"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


COUNTED = (OrderStatus.PAID, OrderStatus.COMPLETED)


class OrderItem(BaseModel):
    """One line of an order; `price` is for one piece."""

    product: str = ""
    category: str = ""
    quantity: int = Field(1, ge=0)
    price: Money | None = None


class Order(Document):
    """One order. `number` is the shop's own and unique where given; `amount` is the total in `currency`."""

    number: str | None = None
    customer_id: PydanticObjectId
    status: OrderStatus = OrderStatus.PAID
    amount: Money
    currency: str
    items: list[OrderItem] = Field(default_factory=list)
    channel: str | None = None
    coupon: str | None = None
    placed_at: Moment = Field(default_factory=now)
    created_at: Moment = Field(default_factory=now)
    updated_at: Moment = Field(default_factory=now)

    folded: dict[str, Any] = Field(default_factory=dict)

    class Settings:
        name = "orders"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel("number", unique=True, partialFilterExpression={"number": GIVEN}),
            IndexModel(
                [
                    ("customer_id", ASCENDING),
                    ("placed_at", DESCENDING),
                    ("status", ASCENDING),
                    ("amount", ASCENDING),
                    ("currency", ASCENDING),
                ]
            ),
            IndexModel([("placed_at", DESCENDING), ("_id", DESCENDING)]),
            IndexModel(
                [
                    ("status", ASCENDING),
                    ("placed_at", ASCENDING),
                    ("customer_id", ASCENDING),
                    ("amount", ASCENDING),
                    ("currency", ASCENDING),
                ]
            ),
            IndexModel(
                [
                    ("folded.category", ASCENDING),
                    ("status", ASCENDING),
                    ("placed_at", ASCENDING),
                    ("customer_id", ASCENDING),
                    ("amount", ASCENDING),
                ]
            ),
            # Orders without a coupon or a named product cost these two nothing.
            *(
                IndexModel(
                    [
                        (path, ASCENDING),
                        ("status", ASCENDING),
                        ("placed_at", ASCENDING),
                        ("customer_id", ASCENDING),
                        ("amount", ASCENDING),
                    ],
                    partialFilterExpression={path: GIVEN},
                )
                for path in ("folded.coupon", "folded.product")
            ),
        ]

    @before_event(Insert, Replace, Save, SaveChanges)
    def refresh_shadows(self) -> None:
        """Keep the folded text true."""
        self.folded = shadows_of(self.model_dump(include={"items", "channel", "coupon"}))["folded"]


def shadows_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What is derived from an order's own fields: `folded`, the text that segments compare without regard to case.

    `category` and `product` hold each one of the items once; `channel` and `coupon` are there unless empty. Every write
    of items, channel or coupon, also one that bypasses the document, sets this.
    """
    folded: dict[str, Any] = {}
    for name in ("category", "product"):
        texts = [fold(item[name]) for item in raw.get("items") or () if isinstance(item.get(name), str)]
        if any(texts):
            folded[name] = list(dict.fromkeys(text for text in texts if text))
    for name in ("channel", "coupon"):
        if isinstance(raw.get(name), str) and (text := fold(raw[name])):
            folded[name] = text
    return {"folded": folded}
