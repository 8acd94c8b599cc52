"""A rule as one compact MongoDB filter on `customers`.

Which index serves what (see `models.customer`):

- city equality or `in`, then total spent, last order, number of orders, with country and consent as part of the index:
  `folded.city, total_spent, last_order_at, ...`. Country likewise
- total spent with last order and number of orders, no city: `total_spent, last_order_at, order_count`
- tags `anyOf`/`allOf`: `tags_folded`. Anniversaries: `folded.birthday`. Last, first order, sign-up: an index each
- other text and custom attributes: one wildcard index with an entry for each value
- `beginsWith` is a range of the folded index; `contains` and `endsWith` read that index to the end, and of the
  customers only those who fit

What is negative (`!=`, `notIn`, `noneOf`, `doesNotContain`, `not`) excludes little, so it narrows nothing: beside other
conditions such a rule costs a pass over what they leave. Conditions of an `and` are written with equalities first and
ranges of one field joined, so one compound index can take them all; MongoDB does not intersect single-field indexes. An
`or` uses indexes only when every branch has one.

Conditions on orders and campaigns are resolved first, each into the ids of its customers:
`app.segments.compile.beyond` says how and at what cost. `app.segments.preview.counting` counts without ids where it
can.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.database import collection
from app.errors import InvalidInput
from app.segments.catalogue.fields import Catalogue
from app.segments.compile.beyond import resolve
from app.segments.compile.resolved import MOST_IDS, Ids, Resolved
from app.segments.rule.dates import clock_at
from app.segments.rule.nodes import Group


async def compile_rule(rule: Group, catalogue: Catalogue, *, now: datetime) -> dict[str, Any]:
    """The filter that selects exactly the rule's customers at this moment.

    Raises RuleError when segments refer to each other in a circle or to one that is gone, Unavailable when a condition
    on orders or campaigns takes too long, and InvalidInput when one filter cannot hold the answer: more than 1,200,000
    customers, of whom neither those within nor those without can be listed (`app.segments.preview.counting` has no such
    limit).
    """
    clock = clock_at(now, catalogue)
    resolved = await resolve(rule, catalogue, clock)
    return resolved.filter(rule) if resolved.fits() else await _listed(rule, resolved)


async def _listed(rule: Group, resolved: Resolved) -> dict[str, Any]:
    """The customers themselves, or all others, whichever are fewer."""
    customers = collection("customers")
    found = [
        row["_id"]
        for wanted in resolved.slices(rule)
        for row in await customers.find(wanted, {"_id": 1}, batch_size=100_000).to_list()
    ]
    inside = True
    if len(found) > MOST_IDS:
        known = set(found)
        found = [row["_id"] async for row in customers.find({}, {"_id": 1}) if row["_id"] not in known]
        inside = False
    if len(found) > MOST_IDS:
        raise InvalidInput.of("rule", f"divides more than {2 * MOST_IDS:,} customers by their orders or campaigns")
    return Ids(found, inside).filter()
