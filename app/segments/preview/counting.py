"""Exactly how many customers a rule selects, by the cheapest way that is known to be exact.

- A condition on orders alone is counted in the orders: no id leaves MongoDB.
- A single negative is everybody without those of its positive: `tags noneOf` is a walk of the tags' index and not of
  all customers.
- A rule on the customer's own fields that one compound index covers is counted within that index. MongoDB's planner
  tries indexes on the first hundred documents only and often prefers a narrow one whose customers it then has to read;
  with the hint, three rollup conditions take a twelfth of the time.
- Everything else is counted by the filter of `compile_rule`, in slices of ids where these do not fit into one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pymongo.errors import ExecutionTimeout, OperationFailure

from app.database import collection, database
from app.errors import Unavailable
from app.segments.catalogue.fields import Catalogue
from app.segments.compile.beyond import BAD_HINT, few, is_rollup, orders_pipeline, prepared, resolve
from app.segments.compile.operators import Filter
from app.segments.compile.resolved import Resolved
from app.segments.compile.together import together
from app.segments.preview.covering import covering_index
from app.segments.preview.everybody import everybody
from app.segments.rule.dates import Clock
from app.segments.rule.nodes import Group, Leaf, Node, OrdersCondition
from models.customer import Customer

PLACES = frozenset({"folded.city", "folded.country"})
"""Fields that begin an index and have few different values."""

MOST_PLACES = 2_000
_A_FEW = 500


class Counter:
    """One rule at one moment: its count, and filters that select its customers.

    Conditions on orders and campaigns are resolved once, when first needed. Every method raises RuleError like
    `compile_rule`, and Unavailable when a step takes longer than `longest_ms`.
    """

    def __init__(self, rule: Group, catalogue: Catalogue, clock: Clock, *, longest_ms: int) -> None:
        self.rule = rule
        self.catalogue = catalogue
        self.clock = clock
        self.longest_ms = longest_ms
        self._resolved: Resolved | None = None

    async def resolved(self) -> Resolved:
        """The conditions that look beyond the customer."""
        if self._resolved is None:
            self._resolved = await resolve(self.rule, self.catalogue, self.clock, longest_ms=self.longest_ms)
        return self._resolved

    async def filters(self) -> list[Filter]:
        """Filters whose customers together are the rule's, in the order of their ids when there are several."""
        resolved = await self.resolved()
        return [resolved.filter(self.rule)] if resolved.fits() else list(resolved.slices(self.rule))

    async def count(self) -> int:
        """How many customers the rule selects."""
        return (await self.look(0))[0]

    async def look(self, sample: int) -> tuple[int, list[Customer]]:
        """How many customers the rule selects, and `sample` of them."""
        try:
            leaf, negated = _only_condition(self.rule)
            if isinstance(leaf, OrdersCondition) and not is_rollup(leaf):
                return await self._look_in_orders(leaf, negated, sample)
            wanted = await self.filters()
            count, people = await together(self._count_all(wanted), self._people(wanted, sample))
            return count, people
        except ExecutionTimeout as problem:
            raise too_slow(self.longest_ms) from problem

    async def look_if_few(self, most: int, sample: int) -> tuple[int, list[Customer]] | None:
        """The same, but only if the conditions on the customers' own fields leave at most so many; else None."""
        known = await prepared(self.rule, self.catalogue, self.clock)
        among = await few(self.rule, known, most=most, longest_ms=self.longest_ms)
        if among is None:
            return None
        resolved = await resolve(self.rule, self.catalogue, self.clock, among=among, longest_ms=self.longest_ms)
        wanted = {"$and": [{"_id": {"$in": list(among)}}, resolved.filter(self.rule)]}
        count, people = await together(self._run(wanted, {}), self._people([wanted], sample))
        return count, people

    async def _look_in_orders(self, leaf: OrdersCondition, negated: bool, sample: int) -> tuple[int, list[Customer]]:
        pipeline, inside = orders_pipeline(leaf, self.catalogue, self.clock)
        # The last stage leaves out what is not needed here: nothing is sent but a number and a few ids.
        pipeline = pipeline[:-1]
        if sample and inside != negated:
            found = {"count": {"$sum": 1}, "some": {"$firstN": {"input": "$_id", "n": sample}}}
            pipeline = [*pipeline, {"$group": {"_id": None, **found}}]
        else:
            pipeline = [*pipeline, {"$count": "count"}]
        cursor = await collection("orders").aggregate(pipeline, maxTimeMS=self.longest_ms)
        rows = await cursor.to_list()
        row: dict[str, Any] = {"count": 0, "some": [], **(rows[0] if rows else {})}
        if inside != negated:
            return row["count"], await self._people([{"_id": {"$in": row["some"]}}], sample)
        count = await everybody() - row["count"]
        return count, await self._people_among_few(min(sample, count))

    async def _people_among_few(self, sample: int) -> list[Customer]:
        """Some of an audience that is most of the customers: looked for among a few of them first."""
        if not sample:
            return []
        some = await collection("customers").find({}, {"_id": 1}, limit=_A_FEW).to_list()
        among = [row["_id"] for row in some]
        resolved = await resolve(self.rule, self.catalogue, self.clock, among=among, longest_ms=self.longest_ms)
        people = await self._people([{"$and": [{"_id": {"$in": among}}, resolved.filter(self.rule)]}], sample)
        return people if len(people) == sample else await self._people(await self.filters(), sample)

    async def _people(self, filters: list[Filter], sample: int) -> list[Customer]:
        people: list[Customer] = []
        for wanted in filters:
            if len(people) < sample:
                rows = Customer.find(wanted, max_time_ms=self.longest_ms).limit(sample - len(people))
                people += await rows.to_list()
        return people

    async def _count_all(self, filters: list[Filter]) -> int:
        return sum([await self._count(wanted) for wanted in filters])

    async def _count(self, wanted: Filter) -> int:
        if not wanted:
            return await everybody()
        opposite = positive_of(wanted)
        if opposite is not None:
            return await everybody() - await self._count(opposite)
        wanted = await self._by_values(wanted)
        index = covering_index(wanted)
        if index is not None:
            try:
                return await self._run(wanted, {"hint": index})
            except OperationFailure as problem:
                if problem.code != BAD_HINT:
                    raise
        return await self._run(wanted, {})

    async def _by_values(self, wanted: Filter) -> Filter:
        """A pattern on a place as the list of places that it fits.

        MongoDB finds the distinct values of an index's first field by jumping from one to the next, so a few hundred
        places are looked at instead of a million customers.
        """
        if len(wanted) != 1:
            return wanted
        ((path, test),) = wanted.items()
        if path not in PLACES or not isinstance(test, dict) or test.keys() != {"$regex"}:
            return wanted
        pipeline: list[dict[str, Any]] = [{"$group": {"_id": f"${path}"}}, {"$match": {"_id": test}}]
        cursor = await collection("customers").aggregate(
            [*pipeline, {"$limit": MOST_PLACES + 1}], maxTimeMS=self.longest_ms
        )
        values = [row["_id"] for row in await cursor.to_list()]
        return wanted if len(values) > MOST_PLACES else {path: {"$in": values}}

    async def _run(self, wanted: Filter, options: dict[str, Any]) -> int:
        command = {"count": "customers", "query": wanted, "maxTimeMS": self.longest_ms, **options}
        return int((await database().command(command))["n"])


async def count_rule(rule: Group, catalogue: Catalogue, clock: Clock, *, longest_ms: int) -> int:
    """How many customers the rule selects at this moment. Raises like `Counter`."""
    return await Counter(rule, catalogue, clock, longest_ms=longest_ms).count()


def too_slow(longest_ms: int) -> Unavailable:
    """The error for a count that takes too long."""
    return Unavailable(f"Counting this audience took more than {longest_ms / 1000:g} seconds. Try a narrower rule.")


def positive_of(wanted: Filter) -> Filter | None:
    """The filter of exactly the others, if this one is a single negative."""
    if len(wanted) != 1:
        return None
    ((path, test),) = wanted.items()
    if path == "$nor" and len(test) == 1:
        return dict(test[0])
    if path.startswith("$") or not isinstance(test, dict) or len(test) != 1:
        return None
    ((operator, value),) = test.items()
    if operator == "$ne":
        return {path: value}
    if operator == "$nin":
        return {path: {"$in": value}}
    return {path: value} if operator == "$not" else None


def _only_condition(rule: Group) -> tuple[Leaf | None, bool]:
    """The one condition of a rule that has no other, without its negation, and whether it is negated in the end."""
    node: Node = rule
    negated = False
    for node in _inwards(rule):
        negated ^= node.negated
    return (None, negated) if isinstance(node, Group) else (replace(node, negated=False), negated)


def _inwards(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Group) and len(node.rules) == 1:
        yield from _inwards(node.rules[0])
