"""Who a rule selects, now: a count, some of the people, and pages of them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from pymongo.errors import ExecutionTimeout

from app.auth.permissions import require
from app.database import collection
from app.errors import InvalidInput, Unavailable
from app.paging import Sort, check_limit, cursor_after, rows_after
from app.segments.compile import compile_rule
from app.segments.current import read_rule
from app.segments.fields import Catalogue
from app.segments.nodes import Group
from app.segments.saved import get_segment
from app.segments.sentence import sentence
from models.customer import Customer
from models.member import Member
from models.values import now

LONGEST_MS = 20_000
MOST_SAMPLED = 50
BY_ID = Sort("_id", (("_id", 1),))


@dataclass(frozen=True, kw_only=True)
class Preview:
    """`count` of `total` customers fit; `sample` are some of them, in no particular order."""

    count: int
    sample: list[Customer]
    sentence: str
    took_ms: int
    total: int


async def preview(member: Member, raw_rule: object, *, sample: int = 5) -> Preview:
    """Count and sample the customers that a rule (JSON) selects; the two run at the same time.

    Raises PermissionDenied, RuleError, InvalidInput for a sample outside 0 to 50, and Unavailable when MongoDB takes
    more than 20 seconds.
    """
    require(member, "segments.read")
    if not 0 <= sample <= MOST_SAMPLED:
        raise InvalidInput.of("sample", f"should be 0 to {MOST_SAMPLED}")
    began = time.perf_counter()
    rule, catalogue = await read_rule(raw_rule)
    wanted = await compile_rule(rule, catalogue, now=now())
    count, people, total = await asyncio.gather(
        _count(wanted), _some(wanted, sample), collection("customers").estimated_document_count()
    )
    return Preview(
        count=count,
        sample=people,
        sentence=sentence(rule, catalogue, locale=member.locale),
        took_ms=round((time.perf_counter() - began) * 1000),
        # The estimate is the collection's own tally, which an unclean stop can leave a little behind.
        total=max(count, total) if wanted else count,
    )


async def count_members(rule: Group, catalogue: Catalogue, *, longest_ms: int = LONGEST_MS) -> int:
    """Exactly how many customers the rule selects now. Raises Unavailable when that takes too long."""
    return await _count(await compile_rule(rule, catalogue, now=now()), longest_ms)


async def member_page(
    member: Member, segment_id: object, *, limit: int = 50, cursor: str | None = None
) -> tuple[list[Customer], str | None]:
    """Customers of a segment, oldest first, and the cursor of the next page, if there is one.

    Raises NotFound for an unknown segment and InvalidInput for a wrong limit (1 to 200) or cursor.
    """
    require(member, "customers.read")
    segment = await get_segment(member, segment_id)
    check_limit(limit)
    rule, catalogue = await read_rule(segment.rule)
    wanted = await compile_rule(rule, catalogue, now=now())
    if cursor:
        wanted = {"$and": [wanted, rows_after(cursor, BY_ID)]}
    try:
        found = await Customer.find(wanted, max_time_ms=LONGEST_MS).sort("+_id").limit(limit + 1).to_list()
    except ExecutionTimeout as problem:
        raise _too_slow() from problem
    more = len(found) > limit
    return found[:limit], cursor_after({"_id": found[limit - 1].id}, BY_ID) if more else None


async def _count(wanted: dict[str, Any], longest_ms: int = LONGEST_MS) -> int:
    try:
        return await collection("customers").count_documents(wanted, maxTimeMS=longest_ms)
    except ExecutionTimeout as problem:
        raise _too_slow() from problem


async def _some(wanted: dict[str, Any], limit: int) -> list[Customer]:
    if limit == 0:
        return []
    try:
        return await Customer.find(wanted, max_time_ms=LONGEST_MS).limit(limit).to_list()
    except ExecutionTimeout as problem:
        raise _too_slow() from problem


def _too_slow() -> Unavailable:
    return Unavailable(f"Counting this audience took more than {LONGEST_MS // 1000} seconds. Try a narrower rule.")
