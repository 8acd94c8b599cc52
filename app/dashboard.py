"""The numbers of the start page: the last 30 days against the 30 before, in days of the shop's time zone.

Each figure reads sixty days alone, found by an index: orders by (status, placed_at, ...), new customers by
`signed_up_at`, first orders by `first_order_at` and then one order each. Only paid and completed orders count; amounts
in another currency than the shop's are counted as orders and add nothing to the revenue, as in a customer's rollups.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bson import Decimal128

from app.auth.permissions import require
from app.database import collection
from app.settings import get_settings
from models.member import Member
from models.order import COUNTED
from models.values import now

DAYS = 30
SINCE = timedelta(days=14)
"""How far back something may lie to still need somebody."""


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of the shop. `new_revenue` is that of first orders; `new_customers` signed up on that day."""

    date: date
    revenue: Decimal = Decimal(0)
    orders: int = 0
    new_revenue: Decimal = Decimal(0)
    new_orders: int = 0
    new_customers: int = 0


@dataclass(frozen=True, kw_only=True)
class Period:
    """Thirty days. `buyers` ordered in them, `first_buyers` for the first time ever."""

    days: tuple[Day, ...]
    buyers: int
    first_buyers: int

    @property
    def revenue(self) -> Decimal:
        """The sum of counted orders."""
        return sum((day.revenue for day in self.days), Decimal(0))

    @property
    def orders(self) -> int:
        """How many counted orders."""
        return sum(day.orders for day in self.days)

    @property
    def new_customers(self) -> int:
        """How many signed up."""
        return sum(day.new_customers for day in self.days)

    @property
    def repeat_rate(self) -> float | None:
        """The share (0..1) of buyers who had bought before these days; None without buyers."""
        return (self.buyers - self.first_buyers) / self.buyers if self.buyers else None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """This period, the one before it, and how many customers there are in all."""

    this: Period
    before: Period
    customers: int
    currency: str
    zone: ZoneInfo


async def figures(member: Member, *, moment: datetime | None = None) -> Figures:
    """The figures up to and including today (or the day of `moment`), days cut at local midnight."""
    require(member, "orders.read")
    settings = get_settings()
    zone = settings.zone
    today = (moment or now()).astimezone(zone).date()
    dates = [today - timedelta(days=n) for n in range(2 * DAYS - 1, -1, -1)]
    start, middle, end = (_midnight(day, zone) for day in (dates[0], dates[DAYS], today + timedelta(days=1)))
    totals, firsts, arrivals = await asyncio.gather(
        _revenue_by_day(start, end, zone), _first_orders_by_day(start, end, zone), _arrivals_by_day(start, end, zone)
    )
    customers = collection("customers")
    buyers_before, buyers_now, count = await asyncio.gather(
        _buyers(start, middle), _buyers(middle, end), customers.estimated_document_count()
    )
    days = [_day(day, totals, firsts, arrivals) for day in dates]
    return Figures(
        this=_period(days[DAYS:], buyers_now),
        before=_period(days[:DAYS], buyers_before),
        customers=count,
        currency=settings.currency,
        zone=zone,
    )


def _day(day: date, totals: dict[date, Any], firsts: dict[date, Any], arrivals: dict[date, Any]) -> Day:
    total, first, arrived = totals.get(day, {}), firsts.get(day, {}), arrivals.get(day, {})
    return Day(
        date=day,
        revenue=_money(total.get("amount")),
        orders=total.get("count", 0),
        new_revenue=_money(first.get("amount")),
        new_orders=first.get("count", 0),
        new_customers=arrived.get("count", 0),
    )


def _period(days: Sequence[Day], buyers: int) -> Period:
    return Period(days=tuple(days), buyers=buyers, first_buyers=min(sum(day.new_orders for day in days), buyers))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)


def _money(value: Decimal128 | None) -> Decimal:
    return value.to_decimal() if isinstance(value, Decimal128) else Decimal(value or 0)


def _per_day(field: str, zone: ZoneInfo, **sums: Any) -> dict[str, Any]:
    """A `$group` stage by local day; `$dateToString` follows the zone's changes between summer and winter time."""
    key = {"$dateToString": {"date": field, "format": "%Y-%m-%d", "timezone": zone.key}}
    return {"$group": {"_id": key, "count": {"$sum": 1}, **sums}}


async def _by_day(place: str, stages: list[dict[str, Any]]) -> dict[date, Any]:
    cursor = await collection(place).aggregate(stages)
    return {date.fromisoformat(row["_id"]): row async for row in cursor}


def _ours(amount: str) -> dict[str, Any]:
    """The amount when it is in the shop's currency, else nothing."""
    return {"$cond": [{"$eq": ["$currency", get_settings().currency]}, amount, 0]}


def _counted_between(start: datetime, end: datetime) -> dict[str, Any]:
    return {"status": {"$in": [str(status) for status in COUNTED]}, "placed_at": {"$gte": start, "$lt": end}}


async def _revenue_by_day(start: datetime, end: datetime, zone: ZoneInfo) -> dict[date, Any]:
    match = {"$match": _counted_between(start, end)}
    return await _by_day("orders", [match, _per_day("$placed_at", zone, amount={"$sum": _ours("$amount")})])


async def _first_orders_by_day(start: datetime, end: datetime, zone: ZoneInfo) -> dict[date, Any]:
    """Each customer's first counted order, found by (customer_id, placed_at): one index seek per new buyer."""
    counted = [str(status) for status in COUNTED]
    first = {
        "from": "orders",
        "let": {"who": "$_id", "when": "$first_order_at"},
        "pipeline": [
            {
                "$match": {
                    "$expr": {"$and": [{"$eq": ["$customer_id", "$$who"]}, {"$eq": ["$placed_at", "$$when"]}]},
                    "status": {"$in": counted},
                }
            },
            {"$limit": 1},
            {"$project": {"amount": _ours("$amount")}},
        ],
        "as": "first",
    }
    return await _by_day(
        "customers",
        [
            {"$match": {"first_order_at": {"$gte": start, "$lt": end}}},
            {"$project": {"first_order_at": 1}},
            {"$lookup": first},
            _per_day("$first_order_at", zone, amount={"$sum": {"$sum": "$first.amount"}}),
        ],
    )


async def _arrivals_by_day(start: datetime, end: datetime, zone: ZoneInfo) -> dict[date, Any]:
    match = {"$match": {"signed_up_at": {"$gte": start, "$lt": end}}}
    return await _by_day("customers", [match, _per_day("$signed_up_at", zone)])


async def _buyers(start: datetime, end: datetime) -> int:
    cursor = await collection("orders").aggregate(
        [{"$match": _counted_between(start, end)}, {"$group": {"_id": "$customer_id"}}, {"$count": "count"}]
    )
    rows = await cursor.to_list()
    return int(rows[0]["count"]) if rows else 0
