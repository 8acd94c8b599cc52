"""A crowd of awkward customers with orders and deliveries, and the clocks at whose boundaries their dates lie.

Made from a seed, so that thousands of rules meet the same stored data and a failure can be repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from bson import Decimal128, Int64, ObjectId

from app.segments.catalogue import Catalogue
from app.segments.rule.dates import moved
from models.customer import shadows_of as customer_shadows
from models.order import COUNTED, OrderStatus
from models.order import shadows_of as order_shadows
from tests.segments.strategies import CATALOGUE, PRODUCTS, WORDS

MOMENTS = (
    ("Asia/Kolkata", "2027-02-25T20:00:00"),  # the next day already; a week without 29 February lies ahead
    ("America/New_York", "2027-03-14T06:30:00"),  # half an hour before the clocks skip an hour
    ("Europe/Berlin", "2026-10-25T00:30:00"),  # a day of 25 hours
    ("America/Sao_Paulo", "2018-11-04T03:30:00"),  # the clocks skipped midnight
    ("Asia/Beirut", "2027-03-27T22:30:00"),  # likewise, ahead of Greenwich
    ("America/Havana", "2026-11-01T05:30:00"),  # midnight comes twice
    ("Pacific/Apia", "2011-12-30T12:00:00"),  # the day before was left out
    ("Pacific/Kiritimati", "2028-02-28T10:30:00"),  # 29 February, while Greenwich is a day behind
    ("Asia/Kathmandu", "2027-12-31T18:14:59"),  # a second before a new year
    ("UTC", "2027-02-28T23:59:59"),
)
"""Zone and moment in UTC of each clock."""

CAMPAIGNS = tuple(f"{number:024x}" for number in (1, 2, 3))
SEGMENTS = tuple(f"{number:024x}" for number in (101, 102, 103))


@dataclass(frozen=True)
class Shop:
    """A catalogue in one zone, a moment, and the days around it at which something changes."""

    catalogue: Catalogue = field(repr=False)
    now: datetime
    days: tuple[date, ...] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.catalogue.timezone} at {self.now}"

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.catalogue.timezone)).date()


@cache
def shops() -> tuple[Shop, ...]:
    """One shop for each clock."""
    return tuple(_shop(zone, datetime.fromisoformat(text).replace(tzinfo=UTC)) for zone, text in MOMENTS)


def _shop(zone: str, now: datetime) -> Shop:
    today = now.astimezone(ZoneInfo(zone)).date()
    near = [today + timedelta(step) for step in (-91, -90, -31, -30, -8, -7, -2, -1, 0, 1, 2, 7, 30, 90)]
    starts = [today.replace(day=1), today.replace(month=1, day=1), moved(today.replace(day=1), 1, "month")]
    weeks = [today - timedelta(today.weekday()), today + timedelta(7 - today.weekday())]
    months = [moved(today, step, "month") for step in (-12, -3, -1, 1, 3, 12)]
    catalogue = replace(
        CATALOGUE,
        timezone=zone,
        campaigns={key: f"Campaign {key[-1]}" for key in CAMPAIGNS},
        segments={key: f"Segment {key[-1]}" for key in SEGMENTS},
    )
    return Shop(catalogue, now, tuple(sorted({*near, *starts, *weeks, *months})))


STORED_SEGMENTS: Mapping[str, dict[str, Any]] = {
    SEGMENTS[0]: {
        "combinator": "or",
        "rules": [
            {"field": "city", "operator": "in", "value": ["Mumbai", "Straße"]},
            {"field": "tags", "operator": "noneOf", "value": ["$where", "fish"]},
        ],
    },
    SEGMENTS[1]: {
        "combinator": "and",
        "not": True,
        "rules": [
            {"field": "segment", "operator": "in", "value": SEGMENTS[0]},
            {"field": "last_order_at", "operator": "inLast", "value": {"amount": 90, "unit": "day"}},
        ],
    },
    SEGMENTS[2]: {
        "combinator": "and",
        "rules": [
            {"field": "orders", "measure": "sum", "operator": "<", "value": 250},
            {"field": "segment", "operator": "notIn", "value": SEGMENTS[1]},
            {"field": "campaign", "operator": "opened", "value": "any", "not": True},
        ],
    },
}
"""Rules of the saved segments, by id: one that refers to none, one to the first, one to the second."""


@dataclass
class Crowd:
    """Raw documents as they lie in MongoDB."""

    customers: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)


def crowd(seed: int, size: int) -> Crowd:
    """`size` customers, about two orders and two deliveries for each, and deliveries to customers who were deleted."""
    chance = Random(seed)
    made = Crowd()
    for _ in range(size):
        key = _object_id(chance)
        orders = [_order(chance, key) for _ in range(chance.choice((0, 0, 1, 2, 3, 6)))]
        made.customers.append(_customer(chance, key, orders))
        made.orders.extend(orders)
        reached = chance.sample(CAMPAIGNS, chance.choice((0, 0, 1, 2, 3)))
        made.deliveries.extend(_delivery(chance, key, campaign) for campaign in reached)
    gone = [_object_id(chance) for _ in range(size // 20)]
    made.deliveries.extend(_delivery(chance, key, CAMPAIGNS[0]) for key in gone)
    return made


AMOUNTS = ("0", "-0", "0.01", "99.95", "100", "1E+2", "100.0001", "1500", "-25.50", "99999999999999.9999", "0E-10")
NOT_AMOUNTS: Sequence[Any] = (None, "100", True, {}, float("nan"), Decimal128("NaN"))
NUMBERS: Sequence[Any] = (-1, 0, 1, 2, 3, 3.5, 42, 42.5, -0.0, 1e308, -1e15, Int64(2**53 + 1), Decimal128("42.0"))
NOT_DAYS: Sequence[Any] = (None, "", "2027-02-26", 42, 3.5, True, {"$gt": ""})
ODD: Sequence[Any] = (
    None,
    "",
    " ",
    "x",
    "42",
    42,
    3.5,
    True,
    False,
    float("nan"),
    [],
    ["x", "é"],
    {"$gt": ""},
    [[]],
)


def _moment(chance: Random) -> datetime:
    """Mostly within a millisecond of a local midnight that matters to one of the shops."""
    shop = chance.choice(shops())
    day = chance.choice(shop.days)
    begins = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(shop.catalogue.timezone)).astimezone(UTC)
    shift = chance.choice((timedelta(0), -timedelta(milliseconds=1), timedelta(milliseconds=1), timedelta(hours=5)))
    return begins + shift


def _birthday(chance: Random) -> datetime:
    today = chance.choice(shops()).today
    days = [moved(today + timedelta(step), -12 * chance.choice((18, 30, 31, 65)), "month") for step in (-1, 0, 1, 7)]
    day = chance.choice(
        [*days, date(2000, 2, 29), date(1996, 2, 29), date(2001, 2, 28), date(2001, 3, 1), date(1990, 12, 31)]
    )
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _attributes(chance: Random) -> dict[str, Any]:
    day = chance.choice(chance.choice(shops()).days)
    likely: dict[str, Sequence[Any]] = {
        "size": (*NUMBERS, [1, 42], [3.5, "x"]),
        "nick": (*WORDS, list(WORDS[:3])),
        "vip": (True, False, [True, False]),
        "renewal": (str(day), f"{day}T10:00:00Z", _moment(chance), [str(day), "2027-01-01"], "!soon"),
        "hobbies": (chance.sample(WORDS, 3), []),
    }
    found = {
        key: chance.choice(likely[key] if chance.random() < 0.8 else ODD) for key in likely if chance.random() < 0.7
    }
    return found | ({"$where": "x", "a.b": 1, "": 2} if chance.random() < 0.1 else {})


def _customer(chance: Random, key: ObjectId, orders: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    texts = (
        "first_name",
        "last_name",
        "email",
        "phone",
        "city",
        "region",
        "postal_code",
        "country",
        "gender",
        "source",
    )
    whole: dict[str, Any] = {
        **{key: chance.choice(("", None, " ", *WORDS)) for key in texts},
        "birthday": chance.choice((None, _birthday(chance), _birthday(chance))),
        "signed_up_at": _moment(chance),
        "first_order_at": chance.choice((None, _moment(chance))),
        "last_order_at": chance.choice((None, _moment(chance))),
        "tags": chance.sample(WORDS, chance.choice((0, 1, 3))),
        "attributes": _attributes(chance),
        "email_opt_in": chance.random() < 0.5,
        "sms_opt_in": chance.random() < 0.5,
        "average_order_value": chance.choice((None, Decimal128(Decimal(chance.choice(AMOUNTS))))),
    }
    raw = {name: value for name, value in whole.items() if chance.random() < 0.85}
    if raw.get("email"):
        raw["email"] += str(key)  # no two customers share one
    raw |= {"_id": key, **_rollups(chance, orders)}
    if chance.random() < 0.15:
        raw[chance.choice(("first_order_at", "last_order_at", "signed_up_at", "birthday"))] = chance.choice(NOT_DAYS)
        raw["average_order_value"] = chance.choice((*NOT_AMOUNTS, Decimal128("Infinity")))
        raw[chance.choice(("email_opt_in", "sms_opt_in"))] = chance.choice(("yes", None, 1))
        raw[chance.choice(("city", "country", "gender"))] = chance.choice((42, None, True, {"$ne": 1}))
    return {**raw, **customer_shadows(raw)}


def _rollups(chance: Random, orders: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Number and sum of the orders that count. Without any there may be nothing, or something that is no number."""
    counted = [order["amount"] for order in orders if order["status"] in COUNTED]
    if counted or chance.random() < 0.3:
        amounts = [amount.to_decimal() for amount in counted if isinstance(amount, Decimal128)]
        return {"order_count": len(counted), "total_spent": Decimal128(sum(amounts, Decimal(0)))}
    odd = {"order_count": chance.choice(NOT_AMOUNTS), "total_spent": chance.choice(NOT_AMOUNTS)}
    return {name: value for name, value in odd.items() if chance.random() < 0.5}


def _order(chance: Random, customer_id: ObjectId) -> dict[str, Any]:
    items = [
        {"product": chance.choice(PRODUCTS), "category": chance.choice(PRODUCTS)}
        for _ in range(chance.choice((0, 1, 1, 2)))
    ]
    raw: dict[str, Any] = {
        "_id": _object_id(chance),
        "customer_id": customer_id,
        "status": chance.choice([status.value for status in OrderStatus]),
        "amount": Decimal128(Decimal(chance.choice(("50", "99.95", "100", "200", *AMOUNTS)))),
        "items": items,
        "channel": chance.choice(("web", "Web ", "store", "", None)),
        "coupon": chance.choice(("SUMMER", "summer", "(x|y)*", "", None)),
        "placed_at": _moment(chance),
    }
    if chance.random() < 0.05:
        key = chance.choice(("amount", "placed_at", "status"))
        raw[key] = None if key == "amount" else chance.choice((None, "x", 42))
    return {**raw, **order_shadows(raw)}


def _delivery(chance: Random, customer_id: ObjectId, campaign: str) -> dict[str, Any]:
    times = {name: _moment(chance) for name in ("sent_at", "opened_at", "clicked_at", "converted_at")}
    return {
        "_id": f"{campaign}:{customer_id}",
        "campaign_id": ObjectId(campaign),
        "customer_id": customer_id,
        **{name: chance.choice((moment, moment, None)) for name, moment in times.items() if chance.random() < 0.8},
    }


def _object_id(chance: Random) -> ObjectId:
    return ObjectId(chance.randbytes(12))
