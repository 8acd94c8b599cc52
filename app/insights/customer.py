"""One customer: rhythm of buying, favourite category, standing in the shop. No fact holds a name or an address.

Cost: the last 200 orders of this customer by (customer_id, placed_at), whatever the size of the shop; and where the
customer stands by counting the keys of the index on `total_spent` from the top, at most a quarter of all customers.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Any

from beanie import PydanticObjectId
from bson import Decimal128, ObjectId
from pymongo.errors import ExecutionTimeout

from app.auth.permissions import require
from app.customers.service import get_customer
from app.database import collection
from app.insights.facts import Facts, Notebook, share
from app.settings import get_settings
from models.customer import Customer
from models.member import Member
from models.order import COUNTED
from models.values import now

MOST_ORDERS = 200
LEAST_ORDERS = 2
LEAST_FOR_RHYTHM = 3
LEAST_CUSTOMERS = 20
"""A rank among fewer people says nothing."""
MOST_MS = 2_000


async def customer_facts(member: Member, customer_id: PydanticObjectId | str) -> Facts:
    """What is known of this customer's buying. Raises NotFound."""
    require(member, "customers.read")
    customer = await get_customer(member, customer_id)
    assert customer.id is not None
    book = Notebook(currency=get_settings().currency, locale=member.locale)
    if customer.order_count < LEAST_ORDERS or customer.last_order_at is None:
        return book.closed("customer", "Fewer than two orders: not enough data to see a rhythm.")
    orders, top = await asyncio.gather(_orders(customer.id), _top_share(customer.total_spent))
    _value(book, customer, top)
    _rhythm(book, customer, orders)
    _favourite(book, orders)
    return book.closed("customer")


def _value(book: Notebook, customer: Customer, top: Decimal | None) -> None:
    orders = book.note("orders", "Paid and completed orders", customer.order_count, "count")
    spent = book.note("spent", "Total spent", customer.total_spent, "money")
    ids = ["orders", "spent"]
    text = f"{orders} orders for {spent} in total"
    if customer.average_order_value is not None:
        average = book.note("average", "Average order", round(customer.average_order_value, 2), "money")
        text += f", {average} on average"
        ids.append("average")
    book.say(text + ".", *ids)
    if top is not None:
        said = book.note("top_share", "Share of customers who spent at least as much", top, "percent")
        book.say(f"Among the {said} of customers who spent most.", "top_share")


def _rhythm(book: Notebook, customer: Customer, orders: list[dict[str, Any]]) -> None:
    assert customer.last_order_at is not None
    since = max(0, (now() - customer.last_order_at).days)
    ago = book.note("since_last", "Days since the last order", since, "days")
    days = sorted({order["placed_at"].date() for order in orders})
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    if len(gaps) < LEAST_FOR_RHYTHM - 1:
        book.say(f"The last order was {ago} ago; there are too few orders to tell a rhythm.", "since_last")
        return
    usual = round(median(gaps))
    gap = book.note("usual_gap", "Usual gap between orders (median)", usual, "days")
    if since > usual:
        late = book.note("overdue", "Days beyond the usual gap", since - usual, "days")
        text = f"Usually orders every {gap}; the last order was {ago} ago, {late} beyond that."
        book.say(text, "usual_gap", "since_last", "overdue")
    else:
        book.say(f"Usually orders every {gap}; the last order was {ago} ago, within that.", "usual_gap", "since_last")


def _favourite(book: Notebook, orders: list[dict[str, Any]]) -> None:
    bought: Counter[str] = Counter()
    known = 0
    for order in orders:
        categories = {str(item.get("category") or "") for item in order.get("items") or ()} - {""}
        bought.update(categories)
        known += bool(categories)
    if known < LEAST_ORDERS or not bought:
        return
    name, count = min(bought.items(), key=lambda item: (-item[1], item[0]))
    name = name[:60]
    book.note("category", "Category bought most often", name, "name")
    part = book.note("category_share", "Share of orders with an item of that category", share(count, known), "percent")
    book.say(f"Buys {name} most often: it is in {part} of the orders.", "category", "category_share")


async def _orders(customer_id: ObjectId) -> list[dict[str, Any]]:
    wanted = {"customer_id": customer_id, "status": {"$in": [str(status) for status in COUNTED]}}
    found = collection("orders").find(wanted, {"placed_at": 1, "items.category": 1}).sort("placed_at", -1)
    return await found.limit(MOST_ORDERS).to_list()


async def _top_share(spent: Decimal) -> Decimal | None:
    """Which share of customers spent at least as much, in percent; None below the top quarter."""
    customers = collection("customers")
    whole = await customers.estimated_document_count()
    if whole < LEAST_CUSTOMERS or not spent:
        return None
    most = whole // 4
    try:
        above = await customers.count_documents(
            {"total_spent": {"$gte": Decimal128(spent)}}, limit=most + 1, maxTimeMS=MOST_MS
        )
    except ExecutionTimeout:
        return None
    return max(share(above, whole), Decimal("0.01")) if above <= most else None
