"""What the first rule after a start would wait for, done before anybody asks."""

from __future__ import annotations

from app.auth.members import system_member
from app.segments.preview.at_a_glance import glimpse
from app.segments.preview.everybody import are_many, everybody

_ANY_RULE = {"combinator": "and", "rules": [{"field": "order_count", "operator": ">=", "value": 1}]}


async def get_ready() -> None:
    """Load the catalogue, walk over the customers and look at one rule, so that connections and pages are there.

    In a small shop the first rule is quick without, and nothing is done. Raises like `glimpse`.
    """
    if await are_many():
        await everybody()
        await glimpse(system_member(), _ANY_RULE)
