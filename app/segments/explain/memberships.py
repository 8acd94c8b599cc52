"""The segments one customer is in and is not in, each of the others with the reason.

The customer, their orders and their deliveries are read once, then every rule is evaluated in memory: a shop with
hundreds of segments costs as many database reads as one with two.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bson import ObjectId

from app.auth.permissions import require
from app.customers.masking import sees_contact
from app.database import collection
from app.errors import RuleError
from app.paging import Sort, check_limit, cursor_after, rows_after
from app.segments.catalogue import load_catalogue
from app.segments.catalogue.fields import Catalogue
from app.segments.explain import Inquiry, facts_for, raw_customer
from app.segments.explain.evaluate import Evaluator
from app.segments.explain.facts import Facts
from app.segments.rule.dates import Clock, clock_at
from app.segments.rule.nodes import Group, OrdersCondition, Window
from app.segments.rule.parse import parse_rule
from app.segments.rule.references import Stored, follow, stored_segments
from models.member import Member
from models.values import now

AT_ONCE = 20
"""Segments that are evaluated before others on the event loop get their turn."""

BY_NAME = Sort("name", (("name_folded", 1), ("_id", 1)))


@dataclass(frozen=True, kw_only=True)
class Membership:
    """A segment and whether the customer is in it. `because` is a clause; `inside` is None for a rule out of order."""

    id: str
    name: str
    inside: bool | None
    because: str


class _Remembering(Evaluator):
    """Measures the customer's orders once for all segments that ask for the same measure of the same orders."""

    def __init__(self, customer: Mapping[str, Any], catalogue: Catalogue, clock: Clock, facts: Facts) -> None:
        super().__init__(customer, catalogue, clock, facts)
        self._measures: dict[tuple[str, Group | None, Window | None], int | Decimal | None] = {}

    def measured(self, leaf: OrdersCondition) -> int | Decimal | None:
        """As the evaluator measures it."""
        key = (leaf.measure, leaf.where, leaf.window)
        if key not in self._measures:
            self._measures[key] = super().measured(leaf)
        return self._measures[key]


async def segments_of_customer(
    member: Member, customer_id: object, *, limit: int = 200, cursor: str | None = None
) -> tuple[list[Membership], str | None]:
    """The shop's segments by name, each with whether the customer is in it now, and the cursor of the next page.

    Raises PermissionDenied, NotFound for the customer, and InvalidInput for a wrong limit (1 to 200) or cursor.
    """
    require(member, "segments.read")
    require(member, "customers.read")
    check_limit(limit)
    query = rows_after(cursor, BY_NAME) if cursor else {}
    wanted = collection("segments").find(query, {"name": 1, "name_folded": 1}).sort(list(BY_NAME.keys))
    rows = await wanted.limit(limit + 1).to_list()
    following = cursor_after(rows[limit - 1], BY_NAME) if len(rows) > limit else None
    ids = [str(row["_id"]) for row in rows[:limit]]
    return await memberships(member, customer_id, ids), following


async def memberships(member: Member, customer_id: object, segment_ids: Sequence[str]) -> list[Membership]:
    """Whether the customer is in these segments, in their order; one that was deleted meanwhile is left out."""
    customer = await raw_customer(customer_id)
    stored = await stored_segments()
    catalogue = replace(await load_catalogue(), segments={key: segment.name for key, segment in stored.items()})
    asked = [key for key in segment_ids if key in stored]
    rules, needed = _read(asked, stored, catalogue)
    facts = await facts_for(tuple(needed.values()), ObjectId(customer["_id"]), needed)
    evaluator = _Remembering(customer, catalogue, clock_at(now(), catalogue), facts)
    found = []
    for index, key in enumerate(asked):
        if index % AT_ONCE == 0:
            await asyncio.sleep(0)
        rule = rules[key]
        if isinstance(rule, str):
            found.append(Membership(id=key, name=stored[key].name, inside=None, because=rule))
            continue
        inquiry = Inquiry(rule, evaluator, locale=member.locale, conceals=not sees_contact(member))
        found.append(Membership(id=key, name=stored[key].name, inside=inquiry.inside, because=inquiry.because()))
    return found


def _read(
    keys: Sequence[str], stored: dict[str, Stored], catalogue: Catalogue
) -> tuple[dict[str, Group | str], dict[str, Group]]:
    """The rules of these segments, or what is wrong with one; and all rules that they lead to, themselves included."""
    rules: dict[str, Group | str] = {}
    needed: dict[str, Group] = {}
    for key in keys:
        try:
            rule = parse_rule(stored[key].rule, catalogue)
            needed |= {**follow(rule, catalogue, stored, start=(key,)), key: rule}
            rules[key] = rule
        except RuleError as problem:
            rules[key] = f"its rule cannot be used: {problem.detail}"
    return rules, needed
