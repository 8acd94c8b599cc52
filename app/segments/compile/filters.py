"""A tree of conditions as one filter: groups, negation, and joining what one index can serve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.segments.catalogue.fields import Field
from app.segments.compile.operators import Filter, condition_filter
from app.segments.rule.dates import Clock
from app.segments.rule.nodes import Condition, Group, Leaf, Node

RANGE = frozenset({"$gt", "$gte", "$lt", "$lte"})


def rule_filter(
    node: Node, fields: Mapping[str, Field], clock: Clock, resolved: Mapping[Leaf, Filter] | None = None
) -> Filter:
    """The filter of a tree whose conditions on orders, campaigns and segments are already `resolved`. No I/O."""
    if isinstance(node, Group):
        parts = [rule_filter(rule, fields, clock, resolved) for rule in node.rules]
        spelled = _any_of(parts) if node.combinator == "or" else all_of(parts)
    elif isinstance(node, Condition):
        spelled = condition_filter(node, fields[node.field], clock)
    else:
        spelled = (resolved or {})[node]
    return {"$nor": [spelled]} if node.negated else spelled


def _any_of(parts: list[Filter]) -> Filter:
    if len(parts) < 2:
        return parts[0] if parts else {}
    return {"$or": parts}


def all_of(parts: Iterable[Filter]) -> Filter:
    """One filter for all of these, equalities first, joined where they do not get in each other's way."""
    merged: Filter = {}
    others: list[Filter] = []
    for key, wanted in sorted(_clauses(parts), key=lambda clause: _cost(*clause)):
        have = merged.setdefault(key, wanted)
        if have is wanted:
            continue
        if _is_range(have) and _is_range(wanted) and not have.keys() & wanted.keys():
            merged[key] = {**have, **wanted}
        else:
            others.append({key: wanted})
    return {**merged, "$and": others} if others else merged


def _clauses(parts: Iterable[Filter]) -> Iterable[tuple[str, Any]]:
    for part in parts:
        for key, wanted in part.items():
            if key == "$and":
                yield from _clauses(wanted)
            else:
                yield key, wanted


def _is_range(wanted: Any) -> bool:
    return isinstance(wanted, dict) and wanted.keys() <= RANGE


def _cost(key: str, wanted: Any) -> int:
    """How little a clause narrows: equality, then lists, ranges, patterns, alternatives, negations."""
    if key in ("$nor", "$or"):
        return 5 if key == "$nor" else 4
    if not isinstance(wanted, dict):
        return 0
    if wanted.keys() & {"$in", "$all"}:
        return 1
    return 2 if _is_range(wanted) else 3 if "$regex" in wanted else 5
