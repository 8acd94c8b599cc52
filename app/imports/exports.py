"""Customers and orders as CSV, in the columns that an import reads back by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from beanie import PydanticObjectId
from bson import Decimal128, ObjectId

from app.audit import note
from app.auth.authorize import authorize
from app.auth.permissions import require
from app.database import collection
from app.imports.formulas import csv_lines
from app.segments.catalogue import load_catalogue
from app.segments.compile import compile_rule
from app.segments.rule import parse_rule
from app.segments.service import get_segment
from models.member import Member
from models.values import now

ROWS_AT_ONCE = 500

PROFILE = ("external_id", "first_name", "last_name", "email", "phone", "street", "city", "region", "postal_code")
MORE = ("country", "gender", "birthday", "source", "email_opt_in", "sms_opt_in", "tags", "signed_up_at")
ROLLUPS = ("order_count", "total_spent", "average_order_value", "first_order_at", "last_order_at")
CUSTOMER_COLUMNS = (*PROFILE, *MORE, *ROLLUPS)
"""An import reads them back by their names, and ignores the rollups, which follow from orders."""

REFERENCES = ("number", "customer_external_id", "customer_email")
ORDER_COLUMNS = (*REFERENCES, "placed_at", "amount", "currency", "status", "channel", "coupon", "items")
"""An import reads them back by their names, and ignores `items`, so that those it has stay as they are."""


async def customers_csv(member: Member) -> AsyncIterator[bytes]:
    """All customers, in pieces; attributes as columns `attributes.<key>`. Raises PermissionDenied at once."""
    await authorize(member, "customers.export")
    await note(member, "customer.export-all")
    return _customers({})


async def segment_csv(member: Member, segment_id: PydanticObjectId | str) -> AsyncIterator[bytes]:
    """The customers who are in a segment now. Raises PermissionDenied, NotFound and RuleError at once."""
    await authorize(member, "customers.export")
    segment = await get_segment(member, segment_id)
    await note(member, "segment.export-people", id=segment.id, name=segment.name)
    catalogue = await load_catalogue()
    return _customers(await compile_rule(parse_rule(segment.rule, catalogue), catalogue, now=now()))


async def orders_csv(member: Member) -> AsyncIterator[bytes]:
    """All orders, in pieces; items as text, `2 x Title (Category) at 12.50`. Raises PermissionDenied at once."""
    require(member, "orders.read")
    return _orders()


async def _customers(query: Mapping[str, Any]) -> AsyncIterator[bytes]:
    keys = await _attribute_keys(query)
    yield csv_lines([[*CUSTOMER_COLUMNS, *(f"attributes.{key}" for key in keys)]])
    lines: list[list[str]] = []
    async for raw in collection("customers").find(query).sort("_id", 1):
        attributes = raw.get("attributes") or {}
        day = raw.get("birthday")
        values = {**raw, "birthday": day.date() if isinstance(day, datetime) else day}
        lines.append([*_cells(values, CUSTOMER_COLUMNS), *_cells(attributes, keys)])
        if len(lines) == ROWS_AT_ONCE:
            yield csv_lines(lines)
            lines.clear()
    if lines:
        yield csv_lines(lines)


async def _attribute_keys(query: Mapping[str, Any]) -> list[str]:
    """Every attribute key that any of these customers has."""
    pairs = {"$objectToArray": {"$ifNull": ["$attributes", {}]}}
    stages: list[dict[str, Any]] = [
        {"$match": query},
        {"$project": {"pairs": pairs}},
        {"$unwind": "$pairs"},
        {"$group": {"_id": "$pairs.k"}},
    ]
    found = await collection("customers").aggregate(stages)
    return sorted([row["_id"] async for row in found])


async def _orders() -> AsyncIterator[bytes]:
    yield csv_lines([ORDER_COLUMNS])
    waiting: list[dict[str, Any]] = []
    async for raw in collection("orders").find({}).sort("_id", 1):
        waiting.append(raw)
        if len(waiting) == ROWS_AT_ONCE:
            yield csv_lines(await _order_lines(waiting))
            waiting.clear()
    if waiting:
        yield csv_lines(await _order_lines(waiting))


async def _order_lines(orders: Sequence[dict[str, Any]]) -> list[list[str]]:
    ids: list[ObjectId] = list({order["customer_id"]: None for order in orders})
    found = collection("customers").find({"_id": {"$in": ids}}, {"external_id": 1, "email": 1})
    customers = {row["_id"]: row async for row in found}
    lines = []
    for order in orders:
        customer = customers.get(order["customer_id"]) or {}
        who = {"customer_external_id": customer.get("external_id"), "customer_email": customer.get("email")}
        items = [_item(item) for item in order.get("items") or ()]
        lines.append(_cells({**order, **who, "items": "; ".join(items)}, ORDER_COLUMNS))
    return lines


def _item(item: Mapping[str, Any]) -> str:
    category = f" ({item['category']})" if item.get("category") else ""
    price = f" at {_text(item['price'])}" if item.get("price") is not None else ""
    return f"{item.get('quantity', 1)} x {item.get('product') or 'item'}{category}{price}"


def _cells(values: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    return [_text(values.get(name)) for name in names]


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Decimal128():
            return format(value.to_decimal(), "f")
        case Decimal():
            return format(value, "f")
        case list() | tuple():
            return ";".join(map(_text, value))
        case _:
            return str(value)
