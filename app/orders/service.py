"""Orders: the one door through which pages, API, command line and imports change them, rollups included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from app.auth.authorize import authorize
from app.auth.permissions import require
from app.bulk import BulkResult, RowError, check_rows
from app.database import collection, in_transaction
from app.errors import NotFound
from app.orders.bulk import upsert_rows
from app.orders.fields import OrderInput, OrderPatch
from app.orders.listing import SORTS, list_orders, page_of_orders
from app.orders.rollups import refresh
from app.orders.writing import changes_of, find_customers, new_order, no_customer, number_taken, reference_of
from app.validation import checked
from models.member import Member
from models.order import Order

__all__ = [
    "SORTS",
    "BulkResult",
    "RowError",
    "bulk_orders",
    "create_order",
    "delete_order",
    "get_order",
    "list_orders",
    "page_of_orders",
    "update_order",
]


async def create_order(member: Member, data: dict[str, Any] | OrderInput) -> Order:
    """A new order from `OrderInput` fields, and the customer's rollups with it.

    Raises InvalidInput naming each wrong field, also when there is no such customer; Conflict when the number is taken.
    """
    await authorize(member, "orders.write")
    given = checked(OrderInput, data)

    async def work(session: AsyncClientSession) -> Order:
        reference = reference_of(given)
        customer_id = (await find_customers([reference], session)).get(reference)
        if customer_id is None:
            raise no_customer(reference)
        raw = {"_id": ObjectId(), **new_order(given.given(), customer_id, given.currency)}
        await collection("orders").insert_one(raw, session=session)
        await refresh([customer_id], session)
        return _document(raw)

    try:
        return await in_transaction(work)
    except DuplicateKeyError as problem:
        raise number_taken() from problem


async def get_order(member: Member, order_id: PydanticObjectId | str) -> Order:
    """The order. Raises NotFound."""
    require(member, "orders.read")
    found = await Order.get(_existing_id(order_id))
    if found is None:
        raise _no_such_order()
    return found


async def update_order(member: Member, order_id: PydanticObjectId | str, data: dict[str, Any] | OrderPatch) -> Order:
    """Change the given fields alone, and the customer's rollups with them.

    Raises NotFound, InvalidInput, and Conflict when another order has the number.
    """
    await authorize(member, "orders.write")
    key = _existing_id(order_id)
    given = checked(OrderPatch, data).given()

    async def work(session: AsyncClientSession) -> Order:
        raw = await collection("orders").find_one({"_id": key}, session=session)
        if raw is None:
            raise _no_such_order()
        changed = changes_of(raw, given, raw["customer_id"])
        if changed:
            await collection("orders").update_one({"_id": key}, {"$set": changed}, session=session)
            await refresh([raw["customer_id"]], session)
        return _document({**raw, **changed})

    try:
        return await in_transaction(work)
    except DuplicateKeyError as problem:
        raise number_taken() from problem


async def delete_order(member: Member, order_id: PydanticObjectId | str) -> None:
    """Remove an order, and refresh the customer's rollups. Raises NotFound."""
    await authorize(member, "orders.write")
    key = _existing_id(order_id)

    async def work(session: AsyncClientSession) -> None:
        raw = await collection("orders").find_one_and_delete({"_id": key}, session=session)
        if raw is None:
            raise _no_such_order()
        await refresh([raw["customer_id"]], session)

    await in_transaction(work)


async def bulk_orders(member: Member, rows: Sequence[Any]) -> BulkResult:
    """Create or update up to 1,000 orders by number. See `app.orders.bulk`."""
    await authorize(member, "orders.write")
    check_rows(rows)
    return await upsert_rows(rows)


def _existing_id(order_id: PydanticObjectId | str) -> PydanticObjectId:
    if isinstance(order_id, str) and (len(order_id) != 24 or not ObjectId.is_valid(order_id)):
        raise _no_such_order()
    return PydanticObjectId(order_id)


def _no_such_order() -> NotFound:
    return NotFound("There is no order with this id.")


def _document(raw: dict[str, Any]) -> Order:
    order: Order = Order.model_validate(raw)
    return order
