"""Orders by customer, status and search: pages by cursor for the API, by offset for tables."""

from __future__ import annotations

import re
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING

from app.auth.permissions import require
from app.customers.listing import MOST_COUNTED, MOST_SKIPPED, search_filter
from app.database import collection
from app.errors import InvalidInput
from app.paging import check_limit, cursor_after, pick_sort, rows_after, sorts
from models.member import Member
from models.order import Order, OrderStatus
from models.values import GIVEN

SORTS = sorts(
    {
        "placed_at": [("placed_at", ASCENDING), ("_id", ASCENDING)],
        "amount": [("amount", ASCENDING), ("_id", ASCENDING)],
    }
)
"""What orders can be sorted by, a leading `-` for the reverse. `placed_at` is served by an index."""

DEFAULT_SORT = "-placed_at"
MOST_CUSTOMERS_SEARCHED = 500


async def list_orders(
    member: Member,
    *,
    customer_id: PydanticObjectId | str | None = None,
    status: OrderStatus | str | None = None,
    search: str = "",
    sort: str = DEFAULT_SORT,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[Order], str | None]:
    """One page of 1 to 200 orders and the cursor of the next, None on the last. Raises InvalidInput."""
    require(member, "orders.read")
    order = pick_sort(SORTS, sort)
    query = await _query(member, customer_id, status, search)
    if cursor:
        query = {"$and": [query, rows_after(cursor, order)]}
    found = collection("orders").find(query).sort(list(order.keys)).limit(check_limit(limit) + 1)
    rows = await found.to_list()
    following = cursor_after(rows[limit - 1], order) if len(rows) > limit else None
    return [Order.model_validate(row) for row in rows[:limit]], following


async def page_of_orders(
    member: Member,
    *,
    customer_id: PydanticObjectId | str | None = None,
    status: OrderStatus | str | None = None,
    search: str = "",
    sort: str = DEFAULT_SORT,
    offset: int = 0,
    limit: int = 50,
) -> tuple[list[Order], int]:
    """The orders from `offset` on, and how many there are: exact up to 10,000 with a filter, else estimated."""
    require(member, "orders.read")
    order = pick_sort(SORTS, sort)
    query = await _query(member, customer_id, status, search)
    orders = collection("orders")
    found = orders.find(query).sort(list(order.keys)).skip(min(max(0, offset), MOST_SKIPPED))
    rows = await found.limit(check_limit(limit)).to_list()
    total = await (orders.count_documents(query, limit=MOST_COUNTED) if query else orders.estimated_document_count())
    return [Order.model_validate(row) for row in rows], total


async def _query(member: Member, customer_id: object, status: object, search: str) -> dict[str, Any]:
    conditions: list[dict[str, Any]] = []
    if customer_id is not None:
        if not ObjectId.is_valid(str(customer_id)) or len(str(customer_id)) != 24:
            raise InvalidInput.of("customer_id", "should be a customer's id, 24 hexadecimal digits")
        conditions.append({"customer_id": ObjectId(str(customer_id))})
    if status is not None:
        choices = [choice.value for choice in OrderStatus]
        if str(status) not in choices:
            raise InvalidInput.of("status", f"should be one of {', '.join(choices)}")
        conditions.append({"status": str(status)})
    if search.strip():
        conditions.append(await _search(member, search))
    return {"$and": conditions} if len(conditions) > 1 else conditions[0] if conditions else {}


async def _search(member: Member, search: str) -> dict[str, Any]:
    """Orders whose number begins so, or of customers found by these words (the first 500)."""
    customers = search_filter(member, search)
    text = search.strip().replace("\0", "")
    spellings = dict.fromkeys((text, text.upper(), text.lower()))
    choices: list[dict[str, Any]] = [
        {"number": {**GIVEN, "$regex": f"^{re.escape(spelling)}"}} for spelling in spellings if spelling
    ]
    if customers:
        rows = collection("customers").find(customers, {"_id": 1}).limit(MOST_CUSTOMERS_SEARCHED)
        choices.append({"customer_id": {"$in": [row["_id"] async for row in rows]}})
    return {"$or": choices} if choices else {}
