"""What suggested segments are computed from: quintiles, gaps between orders, the best category.

Quintiles of recency, frequency and money are exact: the value at a place of an index, found by a skip over its keys
(covered, about 0.3 s per million keys skipped). The gap between orders is exact too: one aggregation over customers
with three orders or more. Baskets have no index, so over 10,000 buyers they are read from a random 10,000. Categories
and coupons come from the 20,000 newest orders. Money is cut to two significant digits, so a rule reads "$210", not
"$213.87".
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from bson import Decimal128

from app.database import collection
from app.segments.compile.operators import ANY_DATE
from app.settings import get_settings
from models.order import COUNTED
from models.values import now

FEWEST_BUYERS = 50
FEWEST_REGULARS = 30
REGULAR = 3
"""Orders that make a regular: two gaps between them."""

SAMPLED = 10_000
NEWEST_ORDERS = 20_000
LONGEST_MS = 20_000
LONGEST_DAYS = 3_650
QUINTILES = (0.2, 0.4, 0.6, 0.8)

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Quintiles:
    """The four values between the fifths of all buyers. `days` since the last order: the most recent fifth first."""

    days: tuple[int, ...]
    orders: tuple[int, ...]
    spent: tuple[Decimal, ...]


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """Days between the orders of a regular, on average: half come back within `usual`, four of five within `late`."""

    usual: int
    late: int
    regulars: int


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The shop at one moment. What is None cannot be said of so few."""

    moment: datetime
    currency: str
    customers: int
    buyers: int
    regulars: int
    revenue: Decimal
    birthdays: bool
    coupons: bool
    category: str | None
    quintiles: Quintiles | None
    gaps: Gaps | None
    basket: Decimal | None


async def gather_facts() -> Facts:
    """Read all of them. Raises Unavailable (through MongoDB's time limit) only when the database is far too slow."""
    settings = get_settings()
    moment = now()
    today = moment.astimezone(settings.zone).date()
    customers = collection("customers")
    total, buyers, regulars, birthday, (category, coupons) = await asyncio.gather(
        customers.count_documents({}, maxTimeMS=LONGEST_MS),
        customers.count_documents({"last_order_at": ANY_DATE}, maxTimeMS=LONGEST_MS),
        customers.count_documents({"order_count": {"$gte": REGULAR}}, maxTimeMS=LONGEST_MS),
        customers.find_one({"folded.birthday": {"$gt": 0}}, {"_id": 1}),
        _newest_orders(),
    )
    return Facts(
        moment=moment,
        currency=settings.currency,
        customers=total,
        buyers=buyers,
        regulars=regulars,
        revenue=await revenue({}) if buyers else Decimal(0),
        birthdays=birthday is not None,
        coupons=coupons,
        category=category,
        quintiles=await _quintiles(buyers, today) if buyers >= FEWEST_BUYERS else None,
        gaps=await _gaps(regulars) if regulars >= FEWEST_REGULARS else None,
        basket=await _basket(buyers) if buyers >= FEWEST_BUYERS else None,
    )


async def revenue(wanted: Mapping[str, Any]) -> Decimal:
    """What the customers that fit spent in all."""
    return (await count_and_revenue(wanted))[1]


async def count_and_revenue(wanted: Mapping[str, Any]) -> tuple[int, Decimal]:
    """How many customers fit, and what they spent in all, in one pass."""
    pipeline: list[Row] = [
        {"$match": dict(wanted)},
        {"$group": {"_id": None, "count": {"$sum": 1}, "spent": {"$sum": "$total_spent"}}},
    ]
    rows = await (await collection("customers").aggregate(pipeline, maxTimeMS=LONGEST_MS)).to_list()
    return (int(rows[0]["count"]), _decimal(rows[0]["spent"])) if rows else (0, Decimal(0))


async def _quintiles(buyers: int, today: date) -> Quintiles:
    zone = get_settings().zone
    dates = [await _at("last_order_at", -1, share, buyers) for share in QUINTILES]
    orders = [await _at("order_count", 1, share, buyers) for share in QUINTILES]
    spent = [await _at("total_spent", 1, share, buyers) for share in QUINTILES]
    return Quintiles(
        days=tuple(min(max((today - one.astimezone(zone).date()).days, 0), LONGEST_DAYS) for one in dates),
        orders=tuple(int(one) for one in orders),
        spent=tuple(short(_decimal(one)) for one in spent),
    )


async def _at(field: str, direction: int, share: float, buyers: int) -> Any:
    """The value at this share of the buyers, in the order of an index on the field."""
    known = {"last_order_at": ANY_DATE, "order_count": {"$gt": 0}, "total_spent": {"$gt": Decimal128("0")}}[field]
    rows = collection("customers").find({field: known}, {field: 1, "_id": 0}).sort(field, direction)
    place = int(share * buyers)
    found = await rows.skip(place).limit(1).max_time_ms(LONGEST_MS).to_list()
    if not found:  # fewer have spent than have ordered: orders in another currency, or for nothing
        found = await collection("customers").find({field: known}, {field: 1}).sort(field, -direction).to_list(1)
    return found[0][field] if found else Decimal128("0")


async def _gaps(regulars: int) -> Gaps:
    milliseconds = {"$subtract": ["$last_order_at", "$first_order_at"]}
    pipeline: list[Row] = [
        {"$match": {"order_count": {"$gte": REGULAR}, "last_order_at": ANY_DATE}},
        {"$project": {"_id": 0, "gap": {"$divide": [milliseconds, {"$subtract": ["$order_count", 1]}]}}},
        {"$sort": {"gap": 1}},
    ]
    usual, late = [
        (await (await collection("customers").aggregate([*pipeline, {"$skip": place}, {"$limit": 1}])).to_list())
        for place in (int(regulars * 0.5), int(regulars * 0.8))
    ]
    return Gaps(usual=_days(usual), late=_days(late), regulars=regulars)


def _days(rows: list[Row]) -> int:
    """At least one day."""
    return min(max(round(float(rows[0]["gap"]) / 86_400_000), 1), LONGEST_DAYS) if rows else 1


async def _basket(buyers: int) -> Decimal:
    """What the best fifth of average orders begins with."""
    pipeline: list[Row] = [{"$match": {"average_order_value": {"$gt": Decimal128("0")}}}]
    if buyers > SAMPLED:
        pipeline.append({"$sample": {"size": SAMPLED}})
    pipeline.append({"$project": {"_id": 0, "average_order_value": 1}})
    cursor = await collection("customers").aggregate(pipeline, maxTimeMS=LONGEST_MS)
    values = sorted([_decimal(row["average_order_value"]) async for row in cursor])
    return short(values[int(len(values) * 0.8)]) if values else Decimal(0)


async def _newest_orders() -> tuple[str | None, bool]:
    """The category in most of the newest orders, as the shop writes it, and whether any of them had a coupon."""
    pipeline: list[Row] = [
        {"$sort": {"placed_at": -1}},
        {"$limit": NEWEST_ORDERS},
        {"$match": {"status": {"$in": [status.value for status in COUNTED]}}},
        {
            "$facet": {
                "categories": [
                    {"$project": {"category": {"$setUnion": ["$items.category", []]}}},
                    {"$unwind": "$category"},
                    {"$match": {"category": {"$gt": ""}}},
                    {"$group": {"_id": "$category", "orders": {"$sum": 1}}},
                    {"$sort": {"orders": -1, "_id": 1}},
                    {"$limit": 1},
                ],
                "coupons": [{"$match": {"coupon": {"$gt": ""}}}, {"$limit": 1}, {"$project": {"_id": 1}}],
            }
        },
    ]
    (row,) = await (await collection("orders").aggregate(pipeline, maxTimeMS=LONGEST_MS)).to_list()
    best = row["categories"][0]["_id"].strip() if row["categories"] else None
    return best or None, bool(row["coupons"])


def short(amount: Decimal) -> Decimal:
    """Two significant digits, cut off."""
    if amount <= 0:
        return Decimal(0)
    step = Decimal(1).scaleb(amount.adjusted() - 1)
    return max((amount / step).to_integral_value(ROUND_DOWN) * step, Decimal(0)).quantize(min(step, Decimal(1)))


def _decimal(value: Any) -> Decimal:
    return value.to_decimal() if isinstance(value, Decimal128) else Decimal(str(value))
