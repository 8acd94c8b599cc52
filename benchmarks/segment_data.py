"""A shop for the segment benchmark: customers with rollups and shadows, orders and deliveries, written as they are.

Skewed like real shops: few cities hold most people, a third never ordered, one in fifty orders more than ten times,
orders grow towards today, few categories make most of the sales.
"""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import Decimal128, ObjectId
from pymongo import MongoClient
from pymongo.database import Database

from models import order
from models.customer import shadows_of

Raw = dict[str, Any]

BATCH = 2_000
ORDERS_EACH = 3
CITIES = [f"{head}{tail}" for tail in ("pur", "bad", " Nagar", "ville", "ton") for head in (
    "Mumbai", "Pune", "Delhi", "Jai", "Hydera", "Green", "Clay", "Kings", "Win", "Nor", "Al", "Burling", "Hamil",
    "Ly", "Roch", "São ", "Zür", "Ma", "Ko", "Ri")]  # fmt: skip
CITIES[:6] = ["Mumbai", "Pune", "Delhi", "Bengaluru", "Navi Mumbai", "Jaipur"]
COUNTRIES = ["India", "United States", "Germany", "Brazil", "Japan", "France", "Kenya", "Spain"]
FIRST = ["Anna", "Ben", "Chitra", "Dev", "Élise", "Farid", "Grace", "Hiro", "Ines", "João", "Kiran", "Lena"]
LAST = ["Straße", "Patel", "Singh", "Müller", "Garcia", "Okafor", "Tanaka", "Dubois", "Silva", "Khan", "Iyer", "Novak"]
SOURCES = ["Organic", "Ads", "Referral", "Store", "Marketplace"]
TAGS = ["newsletter", "app", "wholesale", "VIP", "press", "beta"]
TAG_SHARES = [0.4, 0.25, 0.05, 0.02, 0.004, 0.01]
CATEGORIES = ["Shoes", "Shirts", "Bags", "Books", "Music", "Toys", "Garden", "Kitchen", "Sports", "Beauty", "Food",
              "Pets", "Phones", "Lamps", "Tools", "Games"]  # fmt: skip
CHANNELS = ["Web", "App", "Store", "Phone"]
COUPONS = [None] * 17 + ["SUMMER", "Welcome10", "FLASH"]
STATUSES = ["completed"] * 12 + ["paid"] * 5 + ["cancelled", "refunded", "pending"]
COUNTED = ("completed", "paid")
CENTS = 6174 << 49
"""The upper half of a Decimal128 with two decimals (IEEE 754, exponent -2 with bias 6176)."""

CAMPAIGNS = [ObjectId(f"7a00000000000000000000{n:02x}") for n in range(4)]
REACH = [0.5, 0.2, 0.1, 0.02]
"""The share of all customers each campaign went to."""


def money(cents: int) -> Decimal128:
    """An exact amount from cents."""
    return Decimal128.from_bid(struct.pack("<QQ", cents, CENTS))


def fill(url: str, size: int, today: datetime) -> None:
    """Write `size` customers, three times as many orders and about 0.8 times as many deliveries. No indexes."""
    with MongoClient[Raw](url) as client, ThreadPoolExecutor(1) as writer:
        target = client.get_default_database("cohort")
        campaigns = [{"_id": key, "name": f"Campaign {n}", "updated_at": today} for n, key in enumerate(CAMPAIGNS)]
        target["campaigns"].insert_many(campaigns)
        waiting: list[Future[Any]] = []
        for people, orders, deliveries in _batches(size, today):
            for job in waiting:
                job.result()
            waiting = [writer.submit(_insert, target, people, orders, deliveries)]
        for job in waiting:
            job.result()


def _insert(target: Database[Raw], people: list[Raw], orders: list[Raw], deliveries: list[Raw]) -> None:
    for name, rows in (("customers", people), ("orders", orders), ("deliveries", deliveries)):
        if rows:
            target[name].insert_many(rows, ordered=False)


def _batches(size: int, today: datetime) -> Iterator[tuple[list[Raw], list[Raw], list[Raw]]]:
    dice = random.Random(2027)
    city_weights = list(itertools.accumulate(1 / (n + 1) for n in range(len(CITIES))))
    category_weights = list(itertools.accumulate(1 / (n + 1) for n in range(len(CATEGORIES))))
    number = itertools.count(1)
    for start in range(0, size, BATCH):
        people, orders, deliveries = [], [], []
        for n in range(start, min(start + BATCH, size)):
            person = _person(n, dice, today, city_weights)
            own = [_order(next(number), person, dice, today, category_weights) for _ in range(_how_many(dice))]
            person.update(_rollups(own))
            people.append(person)
            orders += own
            deliveries += _deliveries(person, dice, today)
        dice.shuffle(orders)
        yield people, orders, deliveries


def _how_many(dice: random.Random) -> int:
    """A third has no order; the others have 1 + an exponential number with mean 3.5."""
    return 0 if dice.random() < 0.34 else 1 + int(dice.expovariate(1 / 3.9))


def _person(n: int, dice: random.Random, today: datetime, city_weights: list[float]) -> Raw:
    first, last = dice.choice(FIRST), dice.choice(LAST)
    birth = datetime(1945 + int(dice.triangular(0, 62, 42)), 1 + dice.randrange(12), 1 + dice.randrange(28), tzinfo=UTC)
    signed_up = today - timedelta(seconds=dice.randrange(4 * 365 * 86_400))
    raw: Raw = {
        "_id": ObjectId(f"650000000000000000{n:06x}"),
        "external_id": f"C{n}",
        "first_name": first,
        "last_name": last,
        "email": f"{first.lower()}.{n}@example.com" if dice.random() < 0.95 else None,
        "phone": f"+9198{n:08}" if dice.random() < 0.7 else None,
        "street": None,
        "city": dice.choices(CITIES, cum_weights=city_weights)[0] if dice.random() < 0.97 else None,
        "region": None,
        "postal_code": f"{dice.randrange(100_000, 999_999)}",
        "country": dice.choices(COUNTRIES, (60, 15, 8, 6, 4, 3, 2, 2))[0],
        "gender": dice.choice(("female", "male", None)),
        "birthday": birth if dice.random() < 0.6 else None,
        "source": dice.choice(SOURCES),
        "email_opt_in": dice.random() < 0.7,
        "sms_opt_in": dice.random() < 0.3,
        "tags": [tag for tag, share in zip(TAGS, TAG_SHARES, strict=True) if dice.random() < share],
        "attributes": {"shoe_size": dice.randrange(34, 48), "plan": dice.choice(("free", "pro", "Team"))},
        "signed_up_at": signed_up,
        "created_at": signed_up,
        "updated_at": signed_up,
        "rollup_version": 1,
    }
    return {**raw, **shadows_of(raw)}


def _order(number: int, person: Raw, dice: random.Random, today: datetime, category_weights: list[float]) -> Raw:
    placed = today - timedelta(milliseconds=int(dice.random() ** 1.6 * 3 * 365 * 86_400_000))
    cents = int(100 * dice.lognormvariate(4, 0.9)) + 1
    items = [
        {
            "product": f"{category} {dice.randrange(40)}",
            "category": category,
            "quantity": 1,
            "price": money(cents),
        }
        for category in dice.choices(CATEGORIES, cum_weights=category_weights, k=1 if dice.random() < 0.8 else 2)
    ]
    raw: Raw = {
        "_id": ObjectId(f"660000000000000000{number:06x}"),
        "number": f"A{number}",
        "customer_id": person["_id"],
        "status": dice.choice(STATUSES),
        "amount": money(cents),
        "currency": "USD",
        "items": items,
        "channel": dice.choices(CHANNELS, (60, 25, 12, 3))[0],
        "coupon": dice.choice(COUPONS),
        "placed_at": placed,
        "created_at": placed,
        "updated_at": placed,
    }
    return {**raw, **order.shadows_of(raw)}


def _rollups(orders: list[Raw]) -> Raw:
    counted = [row for row in orders if row["status"] in COUNTED]
    cents = sum(int.from_bytes(row["amount"].bid[:8], "little") for row in counted)
    moments = [row["placed_at"] for row in counted]
    return {
        "order_count": len(counted),
        "total_spent": money(cents),
        "average_order_value": money(round(cents / len(counted))) if counted else None,
        "first_order_at": min(moments, default=None),
        "last_order_at": max(moments, default=None),
    }


def _deliveries(person: Raw, dice: random.Random, today: datetime) -> list[Raw]:
    rows = []
    for n, (campaign, share) in enumerate(zip(CAMPAIGNS, REACH, strict=True)):
        if dice.random() >= share:
            continue
        sent = today - timedelta(days=20 * n + 3, seconds=dice.randrange(7_200))
        rows.append(
            {
                "_id": f"{campaign}:{person['_id']}",
                "campaign_id": campaign,
                "customer_id": person["_id"],
                "chunk": 0,
                "state": "delivered" if dice.random() < 0.95 else "failed",
                "channel": "email",
                "address": person["email"],
                "name": person["name"],
                "attempts": 1,
                "created_at": sent,
                "updated_at": sent,
                "sent_at": sent,
            }
        )
    return rows
