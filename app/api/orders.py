"""`/api/orders`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import Field

from app.api.ids import Id
from app.api.routes import CONFLICT, NOT_FOUND, PROBLEMS, MemberRoute, may
from app.api.shapes import BulkAnswer, Cursor, Limit, MoneyText, Page, Search, Shape, bulk_answer, rows_of
from app.orders import service
from app.orders.fields import OrderInput, OrderPatch
from app.orders.listing import DEFAULT_SORT
from models.member import Member
from models.order import Order, OrderStatus

router = APIRouter(prefix="/api/orders", tags=["orders"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("orders.read")]
Writer = Annotated[Member, may("orders.write")]


class ItemOut(Shape):
    """One line of an order; `price` is for one piece."""

    product: str = Field(examples=["Trail shoe"])
    category: str = Field(examples=["Shoes"])
    quantity: int = Field(examples=[1])
    price: MoneyText | None


class OrderOut(Shape):
    """An order. Only `paid` and `completed` ones count in the customer's figures."""

    id: Id
    number: str | None = Field(examples=["1001"])
    customer_id: Id
    status: OrderStatus
    amount: MoneyText
    currency: str = Field(examples=["USD"])
    items: list[ItemOut]
    channel: str | None = Field(examples=["web"])
    coupon: str | None = Field(examples=["SPRING"])
    placed_at: datetime
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, order: Order | Mapping[str, Any]) -> OrderOut:
        """The answer for an order, as a document or raw."""
        return cls.model_validate(order if isinstance(order, Order) else Order.model_validate(order))


class OrderPage(Page):
    """Orders."""

    items: list[OrderOut]


@router.get("", response_model=OrderPage, summary="List and search orders")
async def list_orders(
    member: Reader,
    customer_id: Annotated[str | None, Query(max_length=24)] = None,
    status: OrderStatus | None = None,
    search: Search = "",
    sort: Annotated[str, Query(description="placed_at or amount; - in front for the reverse")] = DEFAULT_SORT,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> OrderPage:
    """`search` finds order numbers by their beginning, and orders of customers found by these words."""
    found, following = await service.list_orders(
        member, customer_id=customer_id, status=status, search=search, sort=sort, limit=limit, cursor=cursor
    )
    return OrderPage(items=[OrderOut.of(order) for order in found], next_cursor=following)


@router.post("", response_model=OrderOut, status_code=201, responses=CONFLICT, summary="Create an order")
async def create_order(member: Writer, body: OrderInput) -> OrderOut:
    """For exactly one of customer_id, customer_external_id and customer_email; the customer's figures follow at once.

    An order in another currency than the shop's counts as an order, but its amount is not added to the total.
    """
    return OrderOut.of(await service.create_order(member, body))


@router.post(
    "/bulk", response_model=BulkAnswer, openapi_extra=rows_of(OrderInput), summary="Create or update up to 1,000 orders"
)
async def bulk_orders(member: Writer, body: Annotated[list[Any], Body(max_length=1_000)]) -> BulkAnswer:
    """By number; rows without one are new. The good rows and the customers' figures are written in one transaction."""
    return bulk_answer(await service.bulk_orders(member, body))


@router.get("/{id}", response_model=OrderOut, responses=NOT_FOUND, summary="Get an order")
async def get_order(member: Reader, id: str) -> OrderOut:
    """One order."""
    return OrderOut.of(await service.get_order(member, id))


@router.patch("/{id}", response_model=OrderOut, responses={**NOT_FOUND, **CONFLICT}, summary="Change an order")
async def update_order(member: Writer, id: str, body: OrderPatch) -> OrderOut:
    """What is left out stays; the customer's figures follow at once."""
    return OrderOut.of(await service.update_order(member, id, body))
