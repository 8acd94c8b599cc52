"""What each condition of a rule costs: how many customers it selects alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from pymongo.errors import ExecutionTimeout

from app.auth.permissions import require
from app.errors import Unavailable
from app.segments.contact import rule_of
from app.segments.preview.counting import count_rule
from app.segments.preview.estimating import estimate
from app.segments.preview.everybody import everybody
from app.segments.rule.dates import clock_at
from app.segments.rule.nodes import Group, Leaf, Node
from models.member import Member
from models.values import now

AT_ONCE = 3
COUNTED_MS = 1_000
"""How long one condition may be counted before its size is estimated instead."""

ESTIMATED_MS = 500
LONGEST_SECONDS = 5.0


async def condition_counts(member: Member, asked: object) -> dict[str, int]:
    """The path of every condition to the number of customers whom it alone selects, its own negation applied.

    A condition that takes more than a second gets an estimate, and is left out when that fails too or when the whole
    rule has taken five seconds. Equal conditions are counted once, three at a time.

    Raises PermissionDenied and RuleError.
    """
    require(member, "segments.read")
    rule, catalogue = await rule_of(member, asked)
    clock = clock_at(now(), catalogue)
    total = await everybody()
    places: dict[Leaf, list[str]] = {}
    for path, leaf in placed_leaves(rule):
        places.setdefault(leaf, []).append(path)
    turns = asyncio.Semaphore(AT_ONCE)
    counts: dict[str, int] = {}

    async def count(leaf: Leaf) -> None:
        alone = Group(rules=(leaf,))
        async with turns:
            try:
                found = await count_rule(alone, catalogue, clock, longest_ms=COUNTED_MS)
            except (ExecutionTimeout, Unavailable):
                try:
                    found = (await estimate(alone, catalogue, clock, total=total, longest_ms=ESTIMATED_MS)).count
                except (ExecutionTimeout, Unavailable):
                    return
        counts.update(dict.fromkeys(places[leaf], found))

    jobs = [asyncio.ensure_future(count(leaf)) for leaf in places]
    try:
        done, _ = await asyncio.wait(jobs, timeout=LONGEST_SECONDS) if jobs else (set(), set())
        for job in done:
            job.result()
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
    return {path: counts[path] for path, _ in placed_leaves(rule) if path in counts}


def placed_leaves(node: Node, path: str = "") -> Iterator[tuple[str, Leaf]]:
    """Every condition with its path in the rule (`rules[0].rules[1]`), in reading order."""
    if not isinstance(node, Group):
        yield path, node
        return
    for index, rule in enumerate(node.rules):
        yield from placed_leaves(rule, f"{path}.rules[{index}]".removeprefix("."))
