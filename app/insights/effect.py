"""What people did after a campaign: who ordered, of those written to and of those held out by lot.

Cost: the orders of two weeks by (status, placed_at, customer_id, amount, currency), from the index alone (about 40,000
at three million orders in three years), then the deliveries of those buyers by key, 5,000 at a time. The size of the
audience does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import sqrt
from typing import Any

from bson import Decimal128, ObjectId

from app.campaigns.sending.ledger import TALLIED, delivery_id
from app.database import collection
from app.settings import get_settings
from models.campaign import Campaign
from models.order import COUNTED

WINDOW_DAYS = 14
BATCH = 5_000
MOST_MS = 5_000
LEAST_EXPECTED = 5
"""Buyers that would be expected in each group without any effect; with fewer the test does not hold."""
Z_95 = 1.96


@dataclass(frozen=True, kw_only=True)
class Effect:
    """`buyers` got the message and ordered within `days`, `orders` and `revenue` are theirs. `tried_buyers` also
    takes in those it failed for, as a fair comparison with `held_buyers` needs.
    """

    days: int
    buyers: tuple[ObjectId, ...]
    orders: int
    revenue: Decimal
    tried_buyers: int
    held_buyers: int


@dataclass(frozen=True, kw_only=True)
class Lift:
    """Shares (0..1) who ordered, written to and held out; `sure` when chance alone does that less than 5 % of times.

    Two-proportion z-test with pooled variance (Fleiss, Statistical Methods for Rates and Proportions, 2.3).
    """

    tried: float
    held: float
    sure: bool


async def effect_of(campaign: Campaign, moment: datetime) -> Effect:
    """What happened since the campaign started, for at most two weeks."""
    assert campaign.started_at is not None
    assert campaign.id is not None
    until = min(moment, campaign.started_at + timedelta(days=WINDOW_DAYS))
    bought = await _bought(campaign.started_at, until)
    outcomes = await _outcomes(campaign.id, list(bought))
    got = [id for id, outcome in outcomes.items() if outcome == "sent"]
    return Effect(
        days=max(1, (until - campaign.started_at).days),
        buyers=tuple(got),
        orders=sum(bought[id]["orders"] for id in got),
        revenue=sum((_money(bought[id]["amount"]) for id in got), Decimal(0)),
        tried_buyers=sum(1 for outcome in outcomes.values() if outcome in ("sent", "failed", "unknown")),
        held_buyers=sum(1 for outcome in outcomes.values() if outcome == "held_out"),
    )


def lift_of(tried_buyers: int, tried: int, held_buyers: int, held: int) -> Lift | None:
    """The comparison, or None when the groups are too small to say anything."""
    if not tried or not held:
        return None
    pooled = (tried_buyers + held_buyers) / (tried + held)
    if pooled * min(tried, held) < LEAST_EXPECTED or pooled >= 1:
        return None
    error = sqrt(pooled * (1 - pooled) * (1 / tried + 1 / held))
    one, other = tried_buyers / tried, held_buyers / held
    return Lift(tried=one, held=other, sure=abs(one - other) / error > Z_95)


async def _bought(start: datetime, end: datetime) -> dict[ObjectId, Mapping[str, Any]]:
    """Orders and revenue of the window by customer."""
    ours = {"$cond": [{"$eq": ["$currency", get_settings().currency]}, "$amount", 0]}
    stages: list[dict[str, Any]] = [
        {
            "$match": {
                "status": {"$in": [str(status) for status in COUNTED]},
                "placed_at": {"$gte": start, "$lt": end},
            }
        },
        {"$group": {"_id": "$customer_id", "orders": {"$sum": 1}, "amount": {"$sum": ours}}},
    ]
    cursor = await collection("orders").aggregate(stages, maxTimeMS=MOST_MS)
    return {row["_id"]: row async for row in cursor}


async def _outcomes(campaign_id: ObjectId, customers: Sequence[ObjectId]) -> dict[ObjectId, str]:
    """What became of the message of each, for those who were in the audience."""
    found: dict[ObjectId, str] = {}
    for batch in _batches([delivery_id(campaign_id, customer) for customer in customers]):
        rows = collection("deliveries").find({"_id": {"$in": batch}}, {"customer_id": 1, "state": 1})
        found.update({row["customer_id"]: TALLIED.get(row["state"], "pending") async for row in rows})
    return found


def _batches(keys: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(keys), BATCH):
        yield keys[at : at + BATCH]


def _money(value: Decimal128 | int) -> Decimal:
    return value.to_decimal() if isinstance(value, Decimal128) else Decimal(value)
