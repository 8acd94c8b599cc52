"""A rule as one compact MongoDB filter on `customers`.

Which index serves what (see `models.customer`):

- city equality or `in`, then total spent, then last order: `folded.city, total_spent, last_order_at`. Country likewise
- total spent with last order and number of orders, no city: `total_spent, last_order_at, order_count`
- tags `anyOf`/`allOf`: `tags_folded`. Anniversaries: `folded.birthday`. Last, first order, sign-up: an index each
- `beginsWith` is a range of the folded index; `contains` and `endsWith` read that index, or every customer, to the end

What is negative (`!=`, `notIn`, `noneOf`, `doesNotContain`, `not`) excludes little, so it narrows nothing: such a rule
costs a pass over what the other conditions leave, or over all customers (about 1 s per million). Conditions of an `and`
are written with equalities first and ranges of one field joined, so one compound index can take them all; MongoDB does
not intersect single-field indexes. An `or` uses indexes only when every branch has one.

Conditions on orders and campaigns are resolved first, each into the ids of its customers: `app.segments.resolve` says
how and at what cost.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.segments.dates import clock_at
from app.segments.fields import Catalogue
from app.segments.filters import rule_filter
from app.segments.nodes import Group
from app.segments.resolve import resolve


async def compile_rule(rule: Group, catalogue: Catalogue, *, now: datetime) -> dict[str, Any]:
    """The filter that selects exactly the rule's customers at this moment.

    Raises RuleError when segments refer to each other in a circle or to one that is gone, and Unavailable when a
    condition on orders or campaigns takes too long.
    """
    clock = clock_at(now, catalogue)
    resolved = await resolve(rule, catalogue, clock)
    return rule_filter(rule, catalogue.fields, clock, resolved)
