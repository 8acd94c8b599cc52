"""Who a rule selects at a glance: some of the people and about how many, while somebody is still typing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from pymongo.errors import ExecutionTimeout

from app.auth.permissions import require
from app.customers.masking import all_shown_to
from app.errors import Unavailable
from app.segments.catalogue.fields import Catalogue
from app.segments.compile.filters import rule_filter
from app.segments.compile.together import together
from app.segments.contact import rule_of, rule_shown
from app.segments.preview.counting import Counter
from app.segments.preview.estimating import Estimate, estimate
from app.segments.preview.everybody import about_everybody
from app.segments.preview.sampling import check_sample
from app.segments.rule.dates import Clock, clock_at
from app.segments.rule.nodes import Condition, Group, leaves
from app.segments.sentence import sentence
from models.customer import Customer
from models.member import Member
from models.values import now

EXACT_MS = 40
"""How long the exact count and the first people may take before the estimate is shown instead."""

GUARD_SECONDS = 0.06
"""As long for a count of several steps as for one of a single step, and a little for the way there and back."""

ESTIMATED_MS = 3_000
"""How long the first customers of the sample may take, which a disk that was idle has to find."""

FEW = 1_000
"""So few customers that their orders can be looked up in that time."""

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Glimpse:
    """About `estimate` of `total` customers fit, `margin` more or less with 95 % certainty; `exact` if it is a count.

    `sample` are some of the people: fewer than asked for when there are no more, or no more were found in time.
    """

    estimate: int
    margin: int
    exact: bool
    sample: list[Customer]
    sentence: str
    total: int
    took_ms: int


async def glimpse(member: Member, asked: object, *, sample: int = 20) -> Glimpse:
    """Some of the customers that a rule (JSON) or a saved segment selects and about how many, while an exact count is
    awaited.

    A count, the first people and a random sample are read at the same time; what has not come after 60 ms is given
    up, and the sample stands in for it, as large as the time allowed. At a million customers that took 27 to 77 ms; the
    first rules after a start of MongoDB take longer, since it reads from the disk then (`benchmarks/segments.py`).

    Raises PermissionDenied, RuleError, InvalidInput for a sample outside 0 to 50, and Unavailable when not even the
    first of the sample can be read within three seconds.
    """
    require(member, "segments.read")
    check_sample(sample)
    began = time.perf_counter()
    rule, catalogue = await rule_of(member, asked)
    clock = clock_at(now(), catalogue)
    total = await about_everybody()
    try:
        exact, first, about = await together(
            _in_time(_exact, rule, catalogue, clock, sample),
            _in_time(_first, rule, catalogue, clock, sample),
            estimate(rule, catalogue, clock, total=total, longest_ms=ESTIMATED_MS),
        )
    except ExecutionTimeout as problem:
        raise Unavailable("The database is too busy to look at this audience now.") from problem
    count, people = exact or (None, None)
    people = first if people is None else people
    if people is None:
        people = await Customer.find({"_id": {"$in": list(about.found[:sample])}}).to_list() if sample else []
    return Glimpse(
        estimate=_size(count, about, len(people), total),
        margin=about.margin if count is None else 0,
        exact=count is not None or about.margin == 0,
        sample=all_shown_to(member, people),
        sentence=sentence(rule_shown(member, rule), catalogue, locale=member.locale),
        total=max(total, count or 0),
        took_ms=round((time.perf_counter() - began) * 1000),
    )


async def _exact(
    rule: Group, catalogue: Catalogue, clock: Clock, sample: int
) -> tuple[int, list[Customer] | None] | None:
    """The count. Where the rule has conditions on orders or campaigns: only if it is about few people, with those."""
    counter = Counter(rule, catalogue, clock, longest_ms=EXACT_MS)
    return (await counter.count(), None) if _is_own(rule) else await counter.look_if_few(FEW, sample)


async def _first(rule: Group, catalogue: Catalogue, clock: Clock, sample: int) -> list[Customer] | None:
    """The first people of a rule about the customers' own fields; of others the random sample knows some."""
    if not sample:
        return []
    if not _is_own(rule):
        return None
    wanted = rule_filter(rule, catalogue.fields, clock)
    return list(await Customer.find(wanted, max_time_ms=EXACT_MS).limit(sample).to_list())


async def _in_time(
    look: Callable[[Group, Catalogue, Clock, int], Coroutine[Any, Any, Result | None]],
    rule: Group,
    catalogue: Catalogue,
    clock: Clock,
    sample: int,
) -> Result | None:
    try:
        async with asyncio.timeout(GUARD_SECONDS):
            return await look(rule, catalogue, clock, sample)
    except (TimeoutError, ExecutionTimeout, Unavailable):
        return None


def _is_own(rule: Group) -> bool:
    """Whether the rule asks for the customers' own fields alone."""
    return all(isinstance(leaf, Condition) for leaf in leaves(rule))


def _size(count: int | None, about: Estimate, seen: int, total: int) -> int:
    """The count, else the estimate, which is never less than the people seen."""
    return count if count is not None else min(max(about.count, seen), max(total, seen))
