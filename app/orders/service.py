"""Orders: the one door through which pages, API, command line and imports change them, rollups included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from app.audit import note
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
        made = await in_transaction(work)
    except DuplicateKeyError as problem:
        raise number_taken() from problem
    after = {"customer_id": made.customer_id, "status": made.status, "amount": made.amount, "currency": made.currency}
    await note(member, "order.create", id=made.id, name=made.number or "", after=after)
    return made


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

    before: dict[str, Any] = {}

    async def work(session: AsyncClientSession) -> Order:
        raw = await collection("orders").find_one({"_id": key}, session=session)
        if raw is None:
            raise _no_such_order()
        before.update({name: raw.get(name) for name in given})
        changed = changes_of(raw, given, raw["customer_id"])
        if changed:
            await collection("orders").update_one({"_id": key}, {"$set": changed}, session=session)
            await refresh([raw["customer_id"]], session)
        return _document({**raw, **changed})

    try:
        order = await in_transaction(work)
    except DuplicateKeyError as problem:
        raise number_taken() from problem
    after = {name: getattr(order, name, None) for name in given}
    await note(member, "order.update", id=key, name=order.number or "", before=before, after=after)
    return order


async def delete_order(member: Member, order_id: PydanticObjectId | str) -> None:
    """Remove an order, and refresh the customer's rollups. Raises NotFound."""
    await authorize(member, "orders.write")
    key = _existing_id(order_id)

    async def work(session: AsyncClientSession) -> dict[str, Any]:
        raw = await collection("orders").find_one_and_delete({"_id": key}, session=session)
        if raw is None:
            raise _no_such_order()
        await refresh([raw["customer_id"]], session)
        return dict(raw)

    gone = await in_transaction(work)
    before = {name: gone.get(name) for name in ("customer_id", "status", "amount", "currency")}
    await note(member, "order.delete", id=key, name=gone.get("number") or "", before=before)


async def bulk_orders(member: Member, rows: Sequence[Any]) -> BulkResult:
    """Create or update up to 1,000 orders by number. See `app.orders.bulk`."""
    await authorize(member, "orders.write")
    check_rows(rows)
    written = await upsert_rows(rows)
    counts = {"created": written.created, "updated": written.updated, "refused": len(written.errors)}
    await note(member, "order.bulk", after=counts)
    return written


def _existing_id(order_id: PydanticObjectId | str) -> PydanticObjectId:
    if isinstance(order_id, str) and (len(order_id) != 24 or not ObjectId.is_valid(order_id)):
        raise _no_such_order()
    return PydanticObjectId(order_id)


def _no_such_order() -> NotFound:
    return NotFound("There is no order with this id.")


def _document(raw: dict[str, Any]) -> Order:
    order: Order = Order.model_validate(raw)
    return order
