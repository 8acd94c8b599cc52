"""How large an audience is, judged from a random sample in time that does not grow with the shop.

`$sample` reads documents at random places of the collection, so it costs the same at a million customers as at a
hundred thousand. Conditions on orders and campaigns are looked up for the sampled customers alone, by the indexes on
`customer_id`. The margin is Wilson's interval for a share (Wilson 1927) at 95 %: also right for shares near 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

from bson import ObjectId

from app.database import collection
from app.segments.catalogue.fields import Catalogue
from app.segments.compile.beyond import resolve
from app.segments.compile.filters import rule_filter
from app.segments.rule.dates import Clock
from app.segments.rule.nodes import Condition, Group, leaves

SAMPLED = 3_000
"""Customers looked at when the rule is about them alone."""

SAMPLED_WITH_ORDERS = 1_000
"""Customers looked at when their orders or deliveries have to be read too."""

Z = 1.959964
"""The standard normal quantile for 95 %."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """About `count` customers, `margin` more or less in 19 of 20 cases; `found` are the ids of some of them.

    The margin is 0 only when all customers were looked at.
    """

    count: int
    margin: int
    found: tuple[ObjectId, ...]


async def estimate(rule: Group, catalogue: Catalogue, clock: Clock, *, total: int, longest_ms: int) -> Estimate:
    """The size of the rule's audience out of `total` customers.

    Raises pymongo's ExecutionTimeout when a step takes longer than `longest_ms`, RuleError like `compile_rule`.
    """
    if all(isinstance(leaf, Condition) for leaf in leaves(rule)):
        size = min(SAMPLED, total)
        found = await _sampled(size, rule_filter(rule, catalogue.fields, clock), longest_ms)
        return _estimate(len(found), size, total, found)
    among = await _sampled(min(SAMPLED_WITH_ORDERS, total), {}, longest_ms)
    resolved = await resolve(rule, catalogue, clock, among=among, longest_ms=longest_ms)
    wanted = {"$and": [{"_id": {"$in": among}}, resolved.filter(rule)]}
    rows = collection("customers").find(wanted, {"_id": 1}, max_time_ms=longest_ms, batch_size=len(among) + 1)
    found = [row["_id"] async for row in rows]
    return _estimate(len(found), len(among), total, found)


async def _sampled(size: int, wanted: dict[str, Any], longest_ms: int) -> list[ObjectId]:
    """Ids of those of `size` random customers who fit, each once."""
    if size == 0:
        return []
    pipeline = [{"$sample": {"size": size}}, {"$match": wanted}, {"$project": {"_id": 1}}]
    cursor = await collection("customers").aggregate(pipeline, maxTimeMS=longest_ms, batchSize=size + 1)
    return list(dict.fromkeys([row["_id"] async for row in cursor]))


def _estimate(hits: int, size: int, total: int, found: list[ObjectId]) -> Estimate:
    low, high = _wilson(hits, size)
    count = round(total * hits / size) if size else 0
    margin = max(ceil(total * high) - count, count - int(total * low), 1)
    return Estimate(count=count, margin=margin if size < total else 0, found=tuple(found))


def _wilson(hits: int, size: int) -> tuple[float, float]:
    """The share's bounds."""
    if size == 0:
        return 0.0, 0.0
    share, extra = hits / size, Z * Z / size
    middle = (share + extra / 2) / (1 + extra)
    width = Z * sqrt(share * (1 - share) / size + extra / size / 4) / (1 + extra)
    return max(0.0, middle - width), min(1.0, middle + width)
