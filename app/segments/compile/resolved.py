"""The customers of conditions that look beyond the customer's own document, as parts of a filter."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from bson import ObjectId

from app.segments.catalogue.fields import Catalogue
from app.segments.compile.filters import rule_filter
from app.segments.compile.operators import Filter
from app.segments.rule.dates import Clock
from app.segments.rule.nodes import Condition, Group, Leaf, Node, SegmentCondition, leaves

MOST_IDS = 600_000
"""Ids that fit into one filter: about 20 bytes each of the 16 MB a MongoDB command may have."""


@dataclass(frozen=True)
class Ids:
    """These customers, or all others."""

    ids: list[ObjectId]
    inside: bool

    def filter(self) -> Filter:
        """As a filter on `customers`."""
        return {"_id": {"$in" if self.inside else "$nin": self.ids}}


@dataclass(frozen=True)
class Slice:
    """Customers whose id is at least `low` and below `high`; None is no bound."""

    low: ObjectId | None
    high: ObjectId | None

    def filter(self) -> Filter:
        """As a filter on `customers`."""
        bounds = {"$gte": self.low, "$lt": self.high}
        known = {key: value for key, value in bounds.items() if value is not None}
        return {"_id": known} if known else {}

    def part(self, ids: Ids) -> Ids:
        """Those of sorted ids that lie in here."""
        low = 0 if self.low is None else bisect_left(ids.ids, self.low)
        high = len(ids.ids) if self.high is None else bisect_left(ids.ids, self.high)
        return Ids(ids.ids[low:high], ids.inside)


@dataclass
class Resolved:
    """`ids` and `filters` of conditions, before their negation; `rules` are those of the segments referred to."""

    rules: Mapping[str, Group]
    catalogue: Catalogue
    clock: Clock
    ids: dict[Leaf, Ids] = field(default_factory=dict)
    filters: dict[Leaf, Filter] = field(default_factory=dict)

    def beyond(self, rule: Group) -> list[Leaf]:
        """The conditions on orders and campaigns, also those within segments that are referred to; each once."""
        found: dict[Leaf, None] = {}
        seen: set[str] = set()

        def visit(group: Group) -> None:
            for leaf in leaves(group):
                if isinstance(leaf, SegmentCondition):
                    if leaf.value not in seen:
                        seen.add(leaf.value)
                        visit(self.rules[leaf.value])
                elif not isinstance(leaf, Condition):
                    found[leaf] = None

        visit(rule)
        return list(found)

    def own(self, rule: Group) -> Iterator[Node]:
        """The parts of the rule that everybody has to meet and that ask for the customer's own fields alone."""
        if rule.negated or (rule.combinator == "or" and len(rule.rules) > 1):
            if all(self._is_own(leaf) for leaf in leaves(rule)):
                yield rule
            return
        for part in rule.rules:
            if isinstance(part, Group):
                yield from self.own(part)
            elif self._is_own(part):
                yield part

    def filter(self, rule: Group) -> Filter:
        """The one filter of the rule."""
        return self._filter(rule, {leaf: ids.filter() for leaf, ids in self.ids.items()})

    def fits(self) -> bool:
        """Whether one filter can hold all the ids."""
        return sum(len(ids.ids) for ids in self.ids.values()) <= MOST_IDS

    def slices(self, rule: Group) -> Iterator[Filter]:
        """Filters that select the rule's customers one stretch of ids after the other, each one small enough."""
        for ids in self.ids.values():
            ids.ids.sort()
        everything = sorted(id for ids in self.ids.values() for id in ids.ids)
        cuts = [None, *dict.fromkeys(everything[MOST_IDS::MOST_IDS]), None]
        for low, high in pairwise(cuts):
            stretch = Slice(low, high)
            inner = self._filter(rule, {leaf: stretch.part(ids).filter() for leaf, ids in self.ids.items()})
            yield {"$and": [stretch.filter(), inner]}

    def _is_own(self, leaf: Leaf) -> bool:
        return isinstance(leaf, Condition) or leaf in self.filters

    def _filter(self, rule: Group, beyond: Mapping[Leaf, Filter]) -> Filter:
        known: dict[Leaf, Filter] = {**self.filters, **beyond}

        def spell(group: Group) -> Filter:
            for leaf in leaves(group):
                if isinstance(leaf, SegmentCondition) and leaf not in known:
                    inside = spell(self.rules[leaf.value])
                    known[leaf] = inside if leaf.operator == "in" else {"$nor": [inside]}
            return rule_filter(group, self.catalogue.fields, self.clock, known)

        return spell(rule)
