"""What the shop's last 30 days were like.

Cost: the dashboard's figures (sixty days of orders through an index), the documents of the last 30 days' orders once
more for their categories (about 80,000 at three million orders in three years), and one pass over (total_spent,
last_order_at, order_count) for the sleeping regulars, whose documents are not read. It grows with 60 days of orders and
with the customers who ever bought; a part that takes more than five seconds is left out.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pymongo.errors import ExecutionTimeout

from app.auth.permissions import require
from app.dashboard import DAYS, Figures, figures
from app.database import collection
from app.insights.facts import Facts, Notebook, share
from models.member import Member
from models.order import COUNTED
from models.values import now

LEAST_ORDERS = 5
"""Fewer orders in these days tell nothing."""
REGULAR_ORDERS = 3
ASLEEP_DAYS = 90
GONE_DAYS = 365
MOST_MS = 5_000


async def shop_facts(member: Member, *, moment: datetime | None = None) -> Facts:
    """Revenue, orders, new customers and repeat share against the 30 days before; best category; sleeping regulars."""
    require(member, "orders.read")
    at = moment or now()
    found, category, asleep = await asyncio.gather(
        figures(member, moment=moment), _best_category(at), _sleeping_regulars(at)
    )
    book = Notebook(currency=found.currency, locale=member.locale)
    if found.this.orders < LEAST_ORDERS:
        return book.closed("shop", f"Fewer than {LEAST_ORDERS} orders in the last {DAYS} days: not enough data yet.")
    _takings(book, found)
    _people(book, found)
    if category is not None:
        name, orders = category
        book.note("best_category", f"Category in most orders of the last {DAYS} days", name, "name")
        part = share(orders, found.this.orders)
        said = book.note("best_category_share", "Share of those orders with an item of that category", part, "percent")
        book.say(
            f"{name} was the strongest category: it is in {said} of the orders.", "best_category", "best_category_share"
        )
    if asleep:
        label = (
            f"Customers with {REGULAR_ORDERS} or more orders whose last one is {ASLEEP_DAYS} to {GONE_DAYS} days ago"
        )
        said = book.note("sleeping_regulars", label, asleep, "count")
        verb = "customer has" if asleep == 1 else "customers have"
        book.say(
            f"{said} {verb} {REGULAR_ORDERS} or more orders, the last one {ASLEEP_DAYS} to {GONE_DAYS} days ago.",
            "sleeping_regulars",
        )
    return book.closed("shop")


def _takings(book: Notebook, found: Figures) -> None:
    this, before = found.this, found.before
    revenue = book.note("revenue", f"Revenue of the last {DAYS} days", this.revenue, "money")
    orders = book.note("orders", f"Orders of the last {DAYS} days", this.orders, "count")
    text, ids = f"{orders} orders came to {revenue} in the last {DAYS} days", ["orders", "revenue"]
    if before.revenue:
        change = (this.revenue - before.revenue) / before.revenue * 100
        book.note("revenue_before", f"Revenue of the {DAYS} days before", before.revenue, "money")
        said = book.note(
            "revenue_change",
            f"Change of revenue against the {DAYS} days before",
            round(change, 2),
            "percent",
            change=True,
        )
        text += f", {said} {'more' if change > 0 else 'less'} than in the {DAYS} days before"
        ids.append("revenue_change")
    book.say(text + ".", *ids)
    if before.orders:
        change = Decimal(100 * (this.orders - before.orders)) / before.orders
        book.note("orders_before", f"Orders of the {DAYS} days before", before.orders, "count")
        book.note(
            "orders_change",
            f"Change of orders against the {DAYS} days before",
            round(change, 2),
            "percent",
            change=True,
        )
    book.note("average_order", f"Average order of the last {DAYS} days", round(this.revenue / this.orders, 2), "money")


def _people(book: Notebook, found: Figures) -> None:
    this, before = found.this, found.before
    arrived = book.note("new_customers", f"New customers of the last {DAYS} days", this.new_customers, "count")
    people = "customer" if this.new_customers == 1 else "customers"
    text, ids = f"{arrived} new {people} signed up", ["new_customers"]
    if before.new_customers:
        earlier = book.note("new_before", f"New customers of the {DAYS} days before", before.new_customers, "count")
        text += f", against {earlier} in the {DAYS} days before"
        ids.append("new_before")
    book.say(text + ".", *ids)
    if this.repeat_rate is None:
        return
    rate = book.note(
        "repeat_share",
        f"Share of buyers of the last {DAYS} days who had bought before",
        share(this.buyers - this.first_buyers, this.buyers),
        "percent",
    )
    text, ids = f"{rate} of the buyers had bought before", ["repeat_share"]
    if before.repeat_rate is not None:
        points = Decimal(str(round((this.repeat_rate - before.repeat_rate) * 100, 2)))
        said = book.note(
            "repeat_change", f"Change of that share against the {DAYS} days before", points, "points", change=True
        )
        if points:
            text += f", {said} {'more' if points > 0 else 'less'} than before"
            ids.append("repeat_change")
    book.say(text + ".", *ids)


async def _best_category(at: datetime) -> tuple[str, int] | None:
    """The category in most counted orders, each order once per category, and how many; None without categories."""
    counted = [str(status) for status in COUNTED]
    stages: list[dict[str, Any]] = [
        {"$match": {"status": {"$in": counted}, "placed_at": {"$gte": at - timedelta(days=DAYS), "$lt": at}}},
        {"$project": {"_id": 0, "categories": {"$setUnion": [{"$ifNull": ["$items.category", []]}, []]}}},
        {"$unwind": "$categories"},
        {"$match": {"categories": {"$gt": ""}}},
        {"$group": {"_id": "$categories", "orders": {"$sum": 1}}},
        {"$sort": {"orders": -1, "_id": 1}},
        {"$limit": 1},
    ]
    try:
        rows = await (await collection("orders").aggregate(stages, maxTimeMS=MOST_MS)).to_list()
    except ExecutionTimeout:
        return None
    return (str(rows[0]["_id"])[:60], int(rows[0]["orders"])) if rows else None


async def _sleeping_regulars(at: datetime) -> int:
    """By the index (total_spent, last_order_at, order_count) alone."""
    wanted = {
        "total_spent": {"$gt": 0},
        "last_order_at": {"$gte": at - timedelta(days=GONE_DAYS), "$lt": at - timedelta(days=ASLEEP_DAYS)},
        "order_count": {"$gte": REGULAR_ORDERS},
    }
    try:
        return int(await collection("customers").count_documents(wanted, maxTimeMS=MOST_MS))
    except ExecutionTimeout:
        return 0
