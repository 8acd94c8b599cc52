"""Conditions that look beyond the customer's own document, each resolved into a filter on `customers`.

Orders are grouped by customer and the fitting customers' ids become an `$in`. Where having no order fits too (`count <
3`, `sum = 0`), the ids of those who do not fit become a `$nin`, so absence is exact. A count or sum without `where` and
`window` is the rollup on the customer and needs no pass over orders. Otherwise the index `status, placed_at,
customer_id, amount` covers status, window and grouping; a `where` on items, channel or coupon reads the orders
themselves. Measured with 100,000 customers and 250,000 orders on two busy cores, count and sample included: who ordered
in 90 days 0.3 s, sum over a year 0.9 s, two orders of a category 1.3 s. Both steps grow with the orders in the window
and the ids found.

Text of orders has no folded shadow and is compared by patterns that ignore case, so ß and SS differ there.
Deliveries are found by `campaign_id, ...`; `any` campaign is a pass over the deliveries. Segments are written out in
place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo.errors import ExecutionTimeout

from app.database import collection
from app.errors import InvalidInput, Unavailable
from app.segments.comparing import compares
from app.segments.dates import Clock
from app.segments.evaluate import OUTCOMES, names_status
from app.segments.fields import Catalogue, Field, FieldType
from app.segments.filters import all_of, rule_filter
from app.segments.nodes import (
    CampaignCondition,
    Condition,
    Group,
    Leaf,
    OrdersCondition,
    SegmentCondition,
    Window,
    leaves,
)
from app.segments.operators import ANY_DATE, ANY_NUMBER, Filter, condition_filter
from app.segments.references import referred
from models.order import COUNTED

MOST_IDS = 600_000
"""Ids that fit into one filter: about 20 bytes each of the 16 MB a MongoDB command may have."""

LONGEST_MS = 20_000
ROLLUPS = {"count": "order_count", "sum": "total_spent"}


async def resolve(rule: Group, catalogue: Catalogue, clock: Clock) -> dict[Leaf, Filter]:
    """A filter for each condition of the tree that is not about the customer's own fields, before its negation."""
    rules = await referred(rule, catalogue)
    resolved: dict[Leaf, Filter] = {}
    await _resolve(rule, catalogue, clock, rules, resolved)
    return resolved


async def _resolve(
    rule: Group, catalogue: Catalogue, clock: Clock, rules: Mapping[str, Group], resolved: dict[Leaf, Filter]
) -> None:
    for leaf in leaves(rule):
        if leaf in resolved:
            continue
        if isinstance(leaf, OrdersCondition):
            resolved[leaf] = await _orders(leaf, catalogue, clock)
        elif isinstance(leaf, CampaignCondition):
            resolved[leaf] = await _campaign(leaf, clock)
        elif isinstance(leaf, SegmentCondition):
            await _resolve(rules[leaf.value], catalogue, clock, rules, resolved)
            inside = rule_filter(rules[leaf.value], catalogue.fields, clock, resolved)
            resolved[leaf] = inside if leaf.operator == "in" else {"$nor": [inside]}


async def _orders(leaf: OrdersCondition, catalogue: Catalogue, clock: Clock) -> Filter:
    none_fits = leaf.measure in ("count", "sum") and compares(leaf.operator, [0], leaf.value)
    test = _measure_filter(leaf, clock)
    if leaf.where is None and leaf.window is None and leaf.measure in ROLLUPS:
        path = ROLLUPS[leaf.measure]
        return {"$or": [{path: test}, {path: {"$not": ANY_NUMBER}}]} if none_fits else {path: test}
    amount = {"count": {"$sum": 1}}.get(leaf.measure, {f"${leaf.measure}": "$amount"})
    found = {"measure": test}
    pipeline = [
        {"$match": _which_orders(leaf, catalogue, clock)},
        {"$group": {"_id": "$customer_id", "measure": amount}},
        {"$match": {"$nor": [found]} if none_fits else {"$and": [found, {"measure": ANY_NUMBER}]}},
        {"$project": {"_id": 1}},
    ]
    return await _members(await _ids("orders", pipeline), inside=not none_fits)


def _measure_filter(leaf: OrdersCondition, clock: Clock) -> Any:
    kind = FieldType.NUMBER if leaf.measure == "count" else FieldType.MONEY
    field = Field(name="measure", label="", type=kind, path="measure")
    condition = Condition(field="measure", operator=leaf.operator, value=leaf.value)
    return condition_filter(condition, field, clock)["measure"]


def _which_orders(leaf: OrdersCondition, catalogue: Catalogue, clock: Clock) -> Filter:
    parts: list[Filter] = []
    if not names_status(leaf):
        parts.append({"status": {"$in": [status.value for status in COUNTED]}})
    if leaf.window is not None:
        parts.append(_in_window("placed_at", leaf.window, clock))
    if leaf.where is not None:
        parts.append(rule_filter(leaf.where, catalogue.order_fields, clock))
    return all_of(parts)


def _in_window(path: str, window: Window, clock: Clock) -> Filter:
    field = Field(name=path, label="", type=FieldType.DATE, path=path)
    return condition_filter(Condition(field=path, operator=window.operator, value=window.value), field, clock)


async def _campaign(leaf: CampaignCondition, clock: Clock) -> Filter:
    path = OUTCOMES[leaf.operator]
    parts: list[Filter] = [] if leaf.value == "any" else [{"campaign_id": ObjectId(leaf.value)}]
    parts.append(_in_window(path, leaf.window, clock) if leaf.window else {path: ANY_DATE})
    pipeline = [{"$match": all_of(parts)}, {"$group": {"_id": "$customer_id"}}]
    return await _members(await _ids("deliveries", pipeline), inside=True)


async def _ids(name: str, pipeline: list[dict[str, Any]]) -> list[Any]:
    try:
        cursor = await collection(name).aggregate(pipeline, maxTimeMS=LONGEST_MS, batchSize=50_000)
        return [row["_id"] async for row in cursor]
    except ExecutionTimeout as problem:
        raise Unavailable(f"Looking through the {name} took more than {LONGEST_MS // 1000} seconds.") from problem


async def _members(ids: list[Any], *, inside: bool) -> Filter:
    """Those customers, or all others; the shorter list of the two when one would not fit into a filter."""
    if len(ids) > MOST_IDS:
        known = set(ids)
        ids = [row["_id"] async for row in collection("customers").find({}, {"_id": 1}) if row["_id"] not in known]
        inside = not inside
        if len(ids) > MOST_IDS:
            raise InvalidInput.of(
                "rule", f"a condition on orders or campaigns divides more than {2 * MOST_IDS:,} customers"
            )
    return {"_id": {"$in" if inside else "$nin": ids}}
