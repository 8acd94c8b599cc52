"""Conditions that look beyond the customer's own document, each resolved into the customers it selects.

Orders are grouped by customer into the ids of those who fit. Where having no order fits too (`count < 3`, `sum = 0`),
the ids are those of the others, so absence is exact. A count or sum without `where` and `window` is the rollup on the
customer and needs no orders. Two phases, because a `$lookup` from 100,000 customers who fit takes 17 times as long as
their ids in a filter (7.4 s and 0.43 s).

Which index serves what (see `models.order`), all of them covering, so that no order is read:

- status, window and grouping: `status, placed_at, customer_id, amount`
- `category`, `coupon` or `product` equal or in a list, then status and window: `folded.category, status, placed_at,
  customer_id, amount`, and the like for coupon and product
- channel and amount are compared in the orders that status and window leave

Where the other conditions of the rule leave few customers (50,000, and fewer than a third of the orders in question),
only theirs are looked at, by `customer_id, placed_at, status, amount`. Deliveries are found by `campaign_id, ...`;
`any` campaign is a pass over the deliveries.

Cost grows with the orders in the window: grouping them takes 2.5 times as long as walking over them in the index, and
adding up amounts up to twice that, because they are exact decimals. `benchmarks/segments.py` measures it beside
pipelines written by hand. Segments are written out in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bson import ObjectId
from pymongo.errors import ExecutionTimeout, OperationFailure

from app.database import collection
from app.errors import Unavailable
from app.segments.catalogue.fields import Catalogue, Field, FieldType
from app.segments.compile.filters import all_of, rule_filter
from app.segments.compile.operators import ANY_DATE, ANY_NUMBER, Filter, condition_filter
from app.segments.compile.resolved import Ids, Resolved
from app.segments.compile.together import together
from app.segments.explain.comparing import compares
from app.segments.explain.evaluate import OUTCOMES, names_status
from app.segments.rule.dates import Clock
from app.segments.rule.nodes import CampaignCondition, Condition, Group, Leaf, OrdersCondition, Window
from app.segments.rule.references import referred
from models.order import COUNTED

FEW = 50_000
"""So few customers that their orders may be found faster by customer than by status and window."""

FEW_MS = 1_500
"""How long it may take to find out whether they are few."""

SO_FEW = 3_000
"""So few that nothing else is quicker."""

ORDERS_A_CUSTOMER = 3
"""Reading the orders of one customer takes as long as walking over three to four orders in an index."""

LONGEST_MS = 20_000
BY_CUSTOMER = {
    "orders": {"customer_id": 1, "placed_at": -1, "status": 1, "amount": 1, "currency": 1},
    "deliveries": {"customer_id": 1, "updated_at": -1},
}
"""The indexes that find what belongs to a list of customers. MongoDB's planner does not always see that."""

BAD_HINT = 2
"""BadValue: the index of the hint is not there, because it is still being built or somebody dropped it."""

ROLLUPS = {"count": "order_count", "sum": "total_spent"}

Pipeline = list[dict[str, Any]]


async def resolve(
    rule: Group,
    catalogue: Catalogue,
    clock: Clock,
    *,
    among: Sequence[ObjectId] | None = None,
    longest_ms: int = LONGEST_MS,
) -> Resolved:
    """The customers of each condition of the tree that is not about the customer's own fields, before its negation.

    With `among` only these customers are looked at, and the answer holds for them alone. Raises Unavailable when one
    of the conditions takes more than `longest_ms`.
    """
    resolved = await prepared(rule, catalogue, clock)
    beyond = [leaf for leaf in resolved.beyond(rule) if leaf not in resolved.filters]
    if not beyond:
        return resolved
    if among is None:
        among = await few(rule, resolved, most=FEW, longest_ms=min(FEW_MS, longest_ms))
    found = await together(*(_customers(leaf, catalogue, clock, among, longest_ms) for leaf in beyond))
    resolved.ids.update(zip(beyond, found, strict=True))
    return resolved


async def prepared(rule: Group, catalogue: Catalogue, clock: Clock) -> Resolved:
    """What is known before any order is read: the rules of segments, and conditions that the rollups answer."""
    resolved = Resolved(await referred(rule, catalogue), catalogue, clock)
    for leaf in resolved.beyond(rule):
        if isinstance(leaf, OrdersCondition) and (rollup := _rollup(leaf, clock)) is not None:
            resolved.filters[leaf] = rollup
    return resolved


async def few(rule: Group, resolved: Resolved, *, most: int, longest_ms: int) -> Sequence[ObjectId] | None:
    """The customers who meet the rule's conditions on their own fields, if they are few and quickly found."""
    wanted = all_of(
        rule_filter(part, resolved.catalogue.fields, resolved.clock, resolved.filters) for part in resolved.own(rule)
    )
    if not wanted:
        return None
    rows = collection("customers").find(wanted, {"_id": 1}, limit=most + 1, batch_size=most + 1, max_time_ms=longest_ms)
    try:
        found = [row["_id"] for row in await rows.to_list()]
    except ExecutionTimeout:
        return None
    return found if len(found) <= most else None


async def _customers(
    leaf: Leaf, catalogue: Catalogue, clock: Clock, among: Sequence[ObjectId] | None, longest_ms: int
) -> Ids:
    if isinstance(leaf, OrdersCondition):
        if among is not None and await _fewer_orders(_which_orders(leaf, catalogue, clock), len(among), longest_ms):
            among = None
        name, (pipeline, inside) = "orders", orders_pipeline(leaf, catalogue, clock, among)
    elif isinstance(leaf, CampaignCondition):
        name, pipeline, inside = "deliveries", _deliveries_pipeline(leaf, clock, among), True
    else:
        raise TypeError(f"{leaf!r} is resolved otherwise")
    return Ids(await _ids(name, pipeline, longest_ms, by_customer=among is not None), inside)


async def _fewer_orders(wanted: Filter, customers: int, longest_ms: int) -> bool:
    """Whether going over all the orders is quicker than looking up those of so many customers."""
    if customers < SO_FEW:
        return False
    most = ORDERS_A_CUSTOMER * customers
    try:
        return await collection("orders").count_documents(wanted, limit=most, maxTimeMS=min(FEW_MS, longest_ms)) < most
    except ExecutionTimeout:
        return False


def orders_pipeline(
    leaf: OrdersCondition, catalogue: Catalogue, clock: Clock, among: Sequence[ObjectId] | None = None
) -> tuple[Pipeline, bool]:
    """Stages over `orders` that yield the `_id` of customers, and whether those are who fits, or all who do not."""
    none_fits = _none_fits(leaf)
    amount = {"count": {"$sum": 1}}.get(leaf.measure, {f"${leaf.measure}": "$amount"})
    found = {"measure": _measure_filter(leaf, clock)}
    parts = [_which_orders(leaf, catalogue, clock)]
    if among is not None:
        parts.append({"customer_id": {"$in": list(among)}})
    grouped = {"_id": "$customer_id", "measure": amount}
    fits: Pipeline = [{"$match": {"$nor": [found]} if none_fits else {"$and": [found, {"measure": ANY_NUMBER}]}}]
    if _any_order_decides(leaf):
        grouped, fits = {"_id": "$customer_id"}, []
    return [{"$match": all_of(parts)}, {"$group": grouped}, *fits, {"$project": {"_id": 1}}], not none_fits


def _any_order_decides(leaf: OrdersCondition) -> bool:
    """Whether the first order settles it (`count = 0`, `count >= 1`), so that there is nothing to add up."""
    if leaf.measure != "count":
        return False
    if isinstance(leaf.value, tuple):
        return leaf.value == (0, 0)
    least = {"=": (0,), "!=": (0,), "<": (1,), ">=": (1,), "<=": (0,), ">": (0,)}
    return leaf.value in least[leaf.operator]


def is_rollup(leaf: OrdersCondition) -> bool:
    """Whether the condition is answered by a figure on the customer."""
    return leaf.where is None and leaf.window is None and leaf.measure in ROLLUPS


def _rollup(leaf: OrdersCondition, clock: Clock) -> Filter | None:
    if not is_rollup(leaf):
        return None
    path, test = ROLLUPS[leaf.measure], _measure_filter(leaf, clock)
    if _none_fits(leaf):
        return {"$or": [{path: test}, {path: {"$not": ANY_NUMBER}}]}
    # MongoDB says of a missing figure that it differs, and here it counts as 0.
    return {path: {**test, **ANY_NUMBER} if leaf.operator == "!=" else test}


def _none_fits(leaf: OrdersCondition) -> bool:
    return leaf.measure in ("count", "sum") and compares(leaf.operator, [0], leaf.value)


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


def _deliveries_pipeline(leaf: CampaignCondition, clock: Clock, among: Sequence[ObjectId] | None) -> Pipeline:
    path = OUTCOMES[leaf.operator]
    parts: list[Filter] = [] if leaf.value == "any" else [{"campaign_id": ObjectId(leaf.value)}]
    parts.append(_in_window(path, leaf.window, clock) if leaf.window else {path: ANY_DATE})
    if among is not None:
        parts.append({"customer_id": {"$in": list(among)}})
    if leaf.value == "any":
        return [{"$match": all_of(parts)}, {"$group": {"_id": "$customer_id"}}]
    # A campaign has at most one delivery to each customer, so there is nothing to group.
    return [{"$match": all_of(parts)}, {"$project": {"_id": "$customer_id"}}]


async def _ids(name: str, pipeline: Pipeline, longest_ms: int, *, by_customer: bool) -> list[ObjectId]:
    options: dict[str, Any] = {"maxTimeMS": longest_ms, "batchSize": 100_000}
    try:
        if by_customer:
            try:
                cursor = await collection(name).aggregate(pipeline, hint=BY_CUSTOMER[name], **options)
                return [row["_id"] for row in await cursor.to_list()]
            except OperationFailure as problem:
                if problem.code != BAD_HINT:
                    raise
        cursor = await collection(name).aggregate(pipeline, **options)
        return [row["_id"] for row in await cursor.to_list()]
    except ExecutionTimeout as problem:
        raise Unavailable(f"Looking through the {name} took more than {longest_ms / 1000:g} seconds.") from problem
