"""How large an audience is, judged from a random sample in time that does not grow with the shop.

`$sample` reads documents at random places of the collection, so it costs the same at a million customers as at a
hundred thousand; but a page that is not in memory costs fifty times one that is. So the sample is read in batches
until its time is up, and the margin follows from how many were read. Conditions on orders and campaigns are looked up
for the sampled customers alone, by the indexes on `customer_id`. The margin is Wilson's interval for a share (Wilson
1927) at 95 %: also right for shares near 0 and 1, and for customers drawn twice, as batches may.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

from bson import ObjectId
from pymongo.errors import ExecutionTimeout

from app.database import collection
from app.segments.catalogue.fields import Catalogue
from app.segments.compile.beyond import resolve
from app.segments.compile.filters import rule_filter
from app.segments.rule.dates import Clock
from app.segments.rule.nodes import Condition, Group, leaves

SAMPLED = 3_000
"""The most customers looked at when the rule is about them alone."""

SAMPLED_WITH_ORDERS = 1_000
"""The most customers looked at when their orders or deliveries have to be read too."""

FIRST_BATCH = 20
"""So few that pages on disk come in time too; how long they took says how many come next."""

STEEPEST = 6
"""How much larger than the last a batch may be."""

BUDGET_SECONDS = 0.05
"""For how long batches are begun. The first is always read to its end."""

RANDOM_SHARE = 20
"""MongoDB walks at random for less than a twentieth of a collection. Where the whole sample is more than that it reads
everybody once instead, which is quick in so small a shop, and never lost among what was deleted there.
"""

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
    """The size of the rule's audience out of `total` customers, from what can be read in `BUDGET_SECONDS`.

    Raises pymongo's ExecutionTimeout when its first step takes longer than `longest_ms`, RuleError like `compile_rule`.
    """
    sampler = _Sampler(rule, catalogue, clock, longest_ms)
    most = SAMPLED if sampler.own else SAMPLED_WITH_ORDERS
    if total <= most * RANDOM_SHARE:
        looked_at = min(most, total)
        found = await sampler.look(looked_at) if total else []
        return _estimate(len(found), looked_at, total, list(dict.fromkeys(found)))
    began = time.perf_counter()
    size = hits = 0
    people: dict[ObjectId, None] = {}
    batch = min(FIRST_BATCH, most)
    while batch > 0:
        started = time.perf_counter()
        try:
            found = await sampler.look(batch)
        except ExecutionTimeout:
            if not size:
                raise
            break  # what was read before is a sample too
        took = time.perf_counter() - started
        size, hits = size + batch, hits + len(found)
        people.update(dict.fromkeys(found))
        left = BUDGET_SECONDS - (time.perf_counter() - began)
        batch = min(int(batch * min(left / took, STEEPEST)), most - size)
        if batch < FIRST_BATCH // 2:
            break
    return _estimate(hits, size, total, list(people))


class _Sampler:
    """Draws customers at random and says which of them a rule selects."""

    def __init__(self, rule: Group, catalogue: Catalogue, clock: Clock, longest_ms: int) -> None:
        self._rule, self._catalogue, self._clock, self._longest_ms = rule, catalogue, clock, longest_ms
        self.own = all(isinstance(leaf, Condition) for leaf in leaves(rule))
        self._filter = rule_filter(rule, catalogue.fields, clock) if self.own else {}

    async def look(self, size: int) -> list[ObjectId]:
        """Ids of those of `size` random customers who fit, each as often as it was drawn."""
        drawn = await self._drawn(size)
        if self.own:
            return drawn
        resolved = await resolve(
            self._rule, self._catalogue, self._clock, among=list(set(drawn)), longest_ms=self._longest_ms
        )
        wanted = {"$and": [{"_id": {"$in": drawn}}, resolved.filter(self._rule)]}
        rows = collection("customers").find(wanted, {"_id": 1}, max_time_ms=self._longest_ms, batch_size=size + 1)
        fitting = {row["_id"] async for row in rows}
        return [id for id in drawn if id in fitting]

    async def _drawn(self, size: int) -> list[ObjectId]:
        pipeline: list[dict[str, Any]] = [{"$sample": {"size": size}}]
        if self._filter:
            pipeline.append({"$match": self._filter})
        pipeline.append({"$project": {"_id": 1}})
        cursor = await collection("customers").aggregate(pipeline, maxTimeMS=self._longest_ms, batchSize=size + 1)
        return [row["_id"] async for row in cursor]


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
