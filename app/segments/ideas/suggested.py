"""Suggested segments with their exact sizes, computed at most once an hour."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ExecutionTimeout

from app.auth.authorize import authorize
from app.auth.permissions import require
from app.database import database
from app.errors import Conflict, NotFound, Unavailable
from app.segments.compile import compile_rule
from app.segments.ideas.facts import Facts, count_and_revenue, gather_facts
from app.segments.ideas.rules import Draft, drafts
from app.segments.rule.canonical import rule_json
from app.segments.saved.current import read_rule
from app.segments.sentence import sentence
from app.segments.service import create_segment
from models.member import Member
from models.segment import Segment

KEPT_SECONDS = 3600.0
KEPT_SMALL_SECONDS = 60.0
SMALL = 1_000
"""A shop of fewer customers is computed in no time, and has perhaps just begun to import them."""

AT_ONCE = 2
"""Suggestions counted at the same time: the database has others to serve."""

MOST_NAMES = 50


@dataclass(frozen=True, kw_only=True)
class Idea:
    """One suggestion. Without a `rule` there is not enough data, and `missing` says what for.

    `share` (0 to 1) is what its customers spent of all that was ever spent; None where nothing was.
    """

    key: str
    name: str
    why: str
    formula: str
    rule: dict[str, Any] | None
    sentence: str
    size: int | None
    share: float | None
    missing: str | None


@dataclass(frozen=True, kw_only=True)
class Ideas:
    """All suggestions as of `computed_at`."""

    computed_at: datetime
    customers: int
    ideas: tuple[Idea, ...]
    took_ms: int


@dataclass
class _Kept:
    source: AsyncDatabase[dict[str, Any]]
    since: float
    ideas: dict[str, Ideas]


_kept: _Kept | None = None
_turns: dict[int, asyncio.Lock] = {}


async def suggested(member: Member, *, fresh: bool = False) -> Ideas:
    """The suggestions of this shop in the member's locale, at most an hour old (a minute in a small shop).

    `fresh` computes them now. Costs about twenty indexed counts and skips, and one pass over the customers for the
    shares: some 10 s at a million, never more than once at a time. Raises Unavailable when the database is too slow.
    """
    require(member, "segments.read")
    loop = asyncio.get_running_loop()
    asked = time.monotonic()
    for other in [key for key in _turns if key != id(loop)]:
        del _turns[other]
    async with _turns.setdefault(id(loop), asyncio.Lock()):
        kept = _still_good(asked if fresh else None)
        if member.locale not in kept.ideas:
            kept.ideas[member.locale] = await _compute(member.locale)
        return kept.ideas[member.locale]


def forget_ideas() -> None:
    """Compute anew at the next use."""
    global _kept
    _kept = None


def _still_good(since: float | None) -> _Kept:
    """What is kept of this database, if it is from `since` on, or recent enough; else a place for what will be."""
    global _kept
    source = database()
    if _kept is not None and _kept.source is source:
        small = any(found.customers < SMALL for found in _kept.ideas.values())
        recent = time.monotonic() - (KEPT_SMALL_SECONDS if small else KEPT_SECONDS)
        if _kept.since >= (recent if since is None else since):
            return _kept
    _kept = _Kept(source, time.monotonic(), {})
    return _kept


async def use_idea(member: Member, key: str) -> Segment:
    """Save a suggestion as a segment, under its name or the first free one after it ("Champions 2").

    Raises PermissionDenied, NotFound for an unknown key, and Conflict when there is not enough data for it.
    """
    await authorize(member, "segments.write")
    found = next((idea for idea in (await suggested(member)).ideas if idea.key == key), None)
    if found is None:
        raise NotFound("There is no such suggestion.")
    if found.rule is None:
        raise Conflict(f"There is not enough data for this segment yet. {found.missing}")
    for number in range(1, MOST_NAMES):
        name = found.name if number == 1 else f"{found.name} {number}"
        try:
            return await create_segment(member, name=name, rule=found.rule)
        except Conflict as problem:
            if not any(error.field == "name" for error in problem.errors):
                raise
    raise Conflict(f"There are {MOST_NAMES} segments of this name already. Rename or delete some of them.")


async def _compute(locale: str) -> Ideas:
    began = time.perf_counter()
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(draft: Draft, facts: Facts) -> Idea:
        async with gate:
            return await _counted(draft, facts, locale)

    try:
        facts = await gather_facts()
        ideas = await asyncio.gather(*(one(draft, facts) for draft in drafts(facts, locale=locale)))
    except ExecutionTimeout as problem:
        raise Unavailable("Looking through the customers took too long. Try again in a quieter moment.") from problem
    return Ideas(
        computed_at=facts.moment,
        customers=facts.customers,
        ideas=tuple(ideas),
        took_ms=round((time.perf_counter() - began) * 1000),
    )


async def _counted(draft: Draft, facts: Facts, locale: str) -> Idea:
    size: int | None = None
    share: float | None = None
    rule, said = draft.rule, ""
    if rule is not None:
        read, catalogue = await read_rule(rule)
        rule, said = rule_json(read), sentence(read, catalogue, locale=locale)
        size, spent = await count_and_revenue(await compile_rule(read, catalogue, now=facts.moment))
        share = float(spent / facts.revenue) if facts.revenue > Decimal(0) else None
    return Idea(
        key=draft.key,
        name=draft.name,
        why=draft.why,
        formula=draft.formula,
        rule=rule,
        sentence=said,
        size=size,
        share=share,
        missing=draft.missing,
    )
