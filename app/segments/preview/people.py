"""The people of a segment, page by page, each with why they are in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.errors import ExecutionTimeout

from app.auth.permissions import require
from app.customers.listing import search_filter
from app.customers.masking import sees_contact, shown_to
from app.database import collection
from app.paging import check_limit, cursor_after, rows_after
from app.segments.explain import Inquiry, facts_of_many
from app.segments.explain.evaluate import Evaluator
from app.segments.preview import BY_ID, LONGEST_MS
from app.segments.preview.counting import Counter, too_slow
from app.segments.rule.dates import clock_at
from app.segments.rule.references import referred
from app.segments.saved import get_segment
from app.segments.saved.current import read_rule
from models.customer import Customer
from models.member import Member
from models.values import now


@dataclass(frozen=True, kw_only=True)
class Person:
    """A customer of a segment and, as a clause, the shortest sufficient reason for that."""

    customer: Customer
    because: str


async def people_page(
    member: Member, segment_id: object, *, search: str = "", limit: int = 25, cursor: str | None = None
) -> tuple[list[Person], str | None]:
    """Who is in the segment now, oldest customers first, and the cursor of the next page, if there is one.

    `search` are beginnings of words of the name or email, or of the phone number. Raises PermissionDenied, NotFound,
    RuleError, InvalidInput for a wrong search, limit (1 to 200) or cursor, and Unavailable when it takes too long.
    """
    require(member, "customers.read")
    segment = await get_segment(member, segment_id)
    check_limit(limit)
    rule, catalogue = await read_rule(segment.rule)
    clock = clock_at(now(), catalogue)
    narrowed: list[dict[str, Any]] = [rows_after(cursor, BY_ID)] if cursor else []
    if searched := search_filter(member, search):
        narrowed.append(searched)
    rows: list[dict[str, Any]] = []
    try:
        for wanted in await Counter(rule, catalogue, clock, longest_ms=LONGEST_MS).filters():
            query = {"$and": [wanted, *narrowed]}
            found = collection("customers").find(query, max_time_ms=LONGEST_MS).sort("_id", 1)
            rows += await found.limit(limit + 1 - len(rows)).to_list()
            if len(rows) > limit:
                break
    except ExecutionTimeout as problem:
        raise too_slow(LONGEST_MS) from problem
    following = cursor_after(rows[limit - 1], BY_ID) if len(rows) > limit else None
    shown = rows[:limit]
    segments = await referred(rule, catalogue)
    ids: list[ObjectId] = [row["_id"] for row in shown]
    facts = await facts_of_many((rule, *segments.values()), ids, segments)
    people = []
    for row in shown:
        evaluator = Evaluator(row, catalogue, clock, facts[row["_id"]])
        inquiry = Inquiry(rule, evaluator, locale=member.locale, conceals=not sees_contact(member))
        customer = shown_to(member, Customer.model_validate(row))
        people.append(Person(customer=customer, because=inquiry.because()))
    return people, following
