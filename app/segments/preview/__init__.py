"""Who a rule selects, now: a count, some of the people, and pages of them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from pymongo.errors import ExecutionTimeout

from app.auth.permissions import require
from app.customers.masking import all_shown_to
from app.paging import Sort, check_limit, cursor_after, rows_after
from app.segments.catalogue.fields import Catalogue
from app.segments.contact import rule_of, rule_shown
from app.segments.preview.at_a_glance import Glimpse, glimpse
from app.segments.preview.costs import condition_counts
from app.segments.preview.counting import Counter, count_rule, too_slow
from app.segments.preview.everybody import everybody
from app.segments.preview.nearly import NearMiss, near_misses
from app.segments.preview.ready import get_ready
from app.segments.preview.sampling import check_sample
from app.segments.rule.dates import clock_at
from app.segments.rule.nodes import Group
from app.segments.saved import get_segment
from app.segments.saved.current import read_rule
from app.segments.sentence import sentence
from models.customer import Customer
from models.member import Member
from models.values import now

__all__ = [
    "Glimpse",
    "NearMiss",
    "Preview",
    "condition_counts",
    "count_members",
    "get_ready",
    "glimpse",
    "member_page",
    "near_misses",
    "preview",
]

LONGEST_MS = 20_000
BY_ID = Sort("_id", (("_id", 1),))


@dataclass(frozen=True, kw_only=True)
class Preview:
    """`count` of `total` customers fit; `sample` are some of them, in no particular order."""

    count: int
    sample: list[Customer]
    sentence: str
    took_ms: int
    total: int


async def preview(member: Member, asked: object, *, sample: int = 5) -> Preview:
    """Count and sample the customers that a rule (JSON) or a saved segment selects; the two run at the same time.

    Cancelling the task ends the work in MongoDB too: the driver closes the connections it waits on, and MongoDB stops
    reading for a client that is gone.

    Raises PermissionDenied, RuleError, InvalidInput for a sample outside 0 to 50, and Unavailable when MongoDB takes
    more than 20 seconds.
    """
    require(member, "segments.read")
    check_sample(sample)
    began = time.perf_counter()
    rule, catalogue = await rule_of(member, asked)
    counter = Counter(rule, catalogue, clock_at(now(), catalogue), longest_ms=LONGEST_MS)
    total = await everybody()
    count, people = await counter.look(sample)
    return Preview(
        count=count,
        sample=all_shown_to(member, people),
        sentence=sentence(rule_shown(member, rule), catalogue, locale=member.locale),
        took_ms=round((time.perf_counter() - began) * 1000),
        # Somebody may have come between the two.
        total=max(count, total),
    )


async def count_members(rule: Group, catalogue: Catalogue, *, longest_ms: int = LONGEST_MS) -> int:
    """Exactly how many customers the rule selects now. Raises Unavailable when that takes too long."""
    return await count_rule(rule, catalogue, clock_at(now(), catalogue), longest_ms=longest_ms)


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
    after = [rows_after(cursor, BY_ID)] if cursor else []
    found: list[Customer] = []
    try:
        for wanted in await Counter(rule, catalogue, clock_at(now(), catalogue), longest_ms=LONGEST_MS).filters():
            query = {"$and": [wanted, *after]} if after else wanted
            rows = Customer.find(query, max_time_ms=LONGEST_MS).sort("+_id").limit(limit + 1 - len(found))
            found += await rows.to_list()
            if len(found) > limit:
                break
    except ExecutionTimeout as problem:
        raise too_slow(LONGEST_MS) from problem
    more = len(found) > limit
    following = cursor_after({"_id": found[limit - 1].id}, BY_ID) if more else None
    return all_shown_to(member, found[:limit]), following
