"""Segments that a rule refers to, directly or through other segments: each once, never in a circle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from app.database import collection
from app.errors import RuleError
from app.segments.catalogue.fields import Catalogue
from app.segments.rule.nodes import Group, SegmentCondition, leaves
from app.segments.rule.parse import parse_rule

MOST_CONDITIONS = 500
"""Conditions a rule may have once the segments it refers to are written out."""


@dataclass(frozen=True)
class Stored:
    """A saved segment: its name and its rule as JSON."""

    name: str
    rule: Any


async def referred(rule: Group, catalogue: Catalogue) -> dict[str, Group]:
    """The rules of all segments the rule leads to, by id, read from the database unless there are none."""
    if not any(isinstance(leaf, SegmentCondition) for leaf in leaves(rule)):
        return {}
    return follow(rule, catalogue, await stored_segments())


async def stored_segments(session: AsyncClientSession | None = None) -> dict[str, Stored]:
    """Every saved segment by id; with `session`, as its transaction sees them."""
    rows = collection("segments").find({}, {"name": 1, "rule": 1}, session=session)
    return {str(row["_id"]): Stored(row.get("name", ""), row.get("rule")) async for row in rows}


def follow(
    rule: Group, catalogue: Catalogue, stored: Mapping[str, Stored], *, start: tuple[str, ...] = ()
) -> dict[str, Group]:
    """The rules of all segments the rule leads to, by id. `start` is the id of the segment the rule belongs to, if any.

    Raises RuleError for a circle (naming the chain), a segment that is gone, one whose rule cannot be used, and for
    more than 500 conditions in total.
    """
    fresh = replace(catalogue, segments={key: segment.name for key, segment in stored.items()})
    groups: dict[str, Group] = {}
    sizes: dict[str, int] = {}

    def visit(group: Group, chain: tuple[str, ...]) -> int:
        size = 0
        for leaf in leaves(group):
            size += 1
            if isinstance(leaf, SegmentCondition):
                size += enter(leaf.value, chain)
        if size > MOST_CONDITIONS:
            raise _refused(f"has more than {MOST_CONDITIONS} conditions with the segments it refers to")
        return size

    def enter(key: str, chain: tuple[str, ...]) -> int:
        if key in chain:
            names = [stored[step].name for step in (*chain[chain.index(key) :], key)]
            raise _refused(f"segments refer to each other in a circle: {' → '.join(names)}")
        if key not in stored:
            raise _refused("refers to a segment that was deleted")
        if key not in sizes:
            groups[key] = _parsed(stored[key], fresh)
            sizes[key] = visit(groups[key], (*chain, key))
        return sizes[key]

    visit(rule, start)
    return groups


def _parsed(segment: Stored, catalogue: Catalogue) -> Group:
    try:
        return parse_rule(segment.rule, catalogue)
    except RuleError as problem:
        raise _refused(f'refers to the segment "{segment.name}", which cannot be used: {problem.detail}') from problem


def _refused(message: str) -> RuleError:
    error = RuleError.of("rule", message)
    return RuleError(error.detail, errors=error.errors)
