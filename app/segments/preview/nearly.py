"""Who is nearly in: people who fail exactly one condition of a rule, nearest first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pymongo.errors import ExecutionTimeout

from app.auth.permissions import require
from app.customers.masking import all_shown_to
from app.errors import InvalidInput, Unavailable
from app.segments.catalogue.fields import Catalogue
from app.segments.compile.together import together
from app.segments.contact import leaf_shown, rule_of
from app.segments.preview.counting import Counter
from app.segments.preview.nearness import Gap, gap_of, told
from app.segments.rule.dates import Clock, clock_at
from app.segments.rule.nodes import Condition, Group, Leaf, Node
from app.segments.sentence import fragment
from models.customer import Customer
from models.member import Member
from models.values import now

AT_ONCE = 3
LONGEST_MS = 2_000
"""How long the people of one condition may be looked for."""

MOST_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class NearMiss:
    """`count` people meet every condition but the one at `path`, which `words` say.

    `sample` are some of them, those nearest to it first where it compares numbers, money or dates; `found` says for
    each what was found instead ("total spent $9,990").
    """

    path: str
    words: str
    count: int
    sample: list[Customer]
    found: list[str]


async def near_misses(member: Member, asked: object, *, most: int = 3) -> tuple[NearMiss, ...]:
    """For each condition that everybody in the audience has to meet: the people whom it alone keeps out.

    Those are the conditions joined by "and" at the top, also through groups of "and" within. What nobody misses, and
    what takes more than two seconds, is left out; the others come in the order of the rule, with `most` people each.

    Raises PermissionDenied, RuleError, and InvalidInput for a `most` outside 0 to 20.
    """
    require(member, "segments.read")
    require(member, "customers.read")
    if not 0 <= most <= MOST_SHOWN:
        raise InvalidInput.of("most", f"should be 0 to {MOST_SHOWN}")
    rule, catalogue = await rule_of(member, asked)
    clock = clock_at(now(), catalogue)
    turns = asyncio.Semaphore(AT_ONCE)

    async def miss(path: str, leaf: Leaf, others: Group) -> NearMiss | None:
        async with turns:
            try:
                return await _miss(path, leaf, others, catalogue, clock, most, member)
            except (ExecutionTimeout, Unavailable):
                return None

    found = await together(*(miss(*one) for one in required(rule)))
    return tuple(one for one in found if one is not None)


def required(rule: Group) -> Iterator[tuple[str, Leaf, Group]]:
    """Each condition that the rule requires: its path, itself, and the rule without it."""
    leaves = list(_required(rule, "", ()))
    for path, place, leaf in leaves:
        yield path, leaf, _without(rule, place)


def _required(node: Group, path: str, place: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...], Leaf]]:
    if node.negated or (node.combinator == "or" and len(node.rules) > 1):
        return
    for index, child in enumerate(node.rules):
        here = f"{path}.rules[{index}]".removeprefix(".")
        if isinstance(child, Group):
            yield from _required(child, here, (*place, index))
        else:
            yield here, (*place, index), child


def _without(group: Group, place: tuple[int, ...]) -> Group:
    index, *rest = place
    rules: list[Node] = list(group.rules)
    child = rules[index]
    if isinstance(child, Group):
        inner = _without(child, tuple(rest))
        # A group without rules holds for everybody, which is what remains of a group of one.
        rules[index : index + 1] = [inner] if inner.rules else []
    else:
        del rules[index]
    return replace(group, combinator="and", rules=tuple(rules))


async def _miss(
    path: str, leaf: Leaf, others: Group, catalogue: Catalogue, clock: Clock, most: int, member: Member
) -> NearMiss | None:
    missed = replace(others, rules=(*others.rules, replace(leaf, negated=not leaf.negated)))
    counter = Counter(missed, catalogue, clock, longest_ms=LONGEST_MS)
    count = await counter.count()
    if not count:
        return None
    # Of an audience in several slices the first is enough for a few people.
    wanted = (await counter.filters())[0]
    gap = gap_of(leaf, catalogue, clock) if isinstance(leaf, Condition) else None
    people = await (_nearest(wanted, gap, most) if gap else _any(wanted, most))
    if gap and len(people) < most:
        known = [person.id for person in people]
        people += await _any({"$and": [wanted, {"_id": {"$nin": known}}]}, most - len(people))
    shown = all_shown_to(member, people)
    return NearMiss(
        path=path,
        words=fragment(leaf_shown(member, leaf), catalogue, locale=member.locale),
        count=count,
        sample=shown,
        found=[await told(leaf, person, catalogue, clock, member.locale) for person in shown],
    )


async def _nearest(wanted: dict[str, Any], gap: Gap, most: int) -> list[Customer]:
    """Those just below the wanted range and those just above, by how far they are from it."""
    found: list[tuple[float, Customer]] = []
    for side in gap.sides():
        rows = _find({"$and": [wanted, side.wanted]}).sort(side.order).limit(most)
        found += [(gap.distance(person), person) for person in await rows.to_list()] if most else []
    return [person for _, person in sorted(found, key=lambda pair: pair[0])[:most]]


async def _any(wanted: dict[str, Any], most: int) -> list[Customer]:
    return list(await _find(wanted).limit(most).to_list()) if most else []


def _find(wanted: dict[str, Any]) -> Any:
    return Customer.find(wanted, max_time_ms=LONGEST_MS)
