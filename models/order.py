"""One purchase of one customer."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from beanie import Document, PydanticObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from models.values import GIVEN, Moment, Money, now


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

    class Settings:
        name = "orders"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel("number", unique=True, partialFilterExpression={"number": GIVEN}),
            IndexModel([("customer_id", ASCENDING), ("placed_at", DESCENDING)]),
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
        ]
