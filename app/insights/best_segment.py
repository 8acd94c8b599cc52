"""Which of a campaign's segments ordered most, where that can be told.

Membership is computed as of today, so it is told only for rules that ordering does not change: not for "has not ordered
for 90 days", which every buyer leaves. Cost: two counts for each of at most five segments, bounded in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bson import ObjectId
from pymongo.errors import ExecutionTimeout

from app.database import collection
from app.errors import CohortError
from app.insights.facts import share
from app.segments.catalogue.fields import Catalogue
from app.segments.compile import compile_rule
from app.segments.rule.nodes import Condition, Group, leaves
from app.segments.saved.current import read_rule
from models.campaign import Campaign
from models.segment import Segment
from models.values import now

MOST_SEGMENTS = 5
MOST_BUYERS = 20_000
LEAST_MEMBERS = 20
MOST_MS = 2_000


@dataclass(frozen=True, kw_only=True)
class Best:
    """A segment and the share of it, in percent, who got the campaign and ordered."""

    name: str
    share: Decimal


async def best_segment(campaign: Campaign, buyers: Sequence[ObjectId]) -> Best | None:
    """The segment with the largest share of buyers; None with fewer than two, or when one of them cannot be judged."""
    if not 2 <= len(campaign.segment_ids) <= MOST_SEGMENTS or len(buyers) > MOST_BUYERS:
        return None
    found: list[Best] = []
    for segment in await Segment.find({"_id": {"$in": campaign.segment_ids}}).to_list():
        try:
            best = await _judge(segment, buyers)
        except (CohortError, ExecutionTimeout):
            best = None
        if best is None:
            return None
        found.append(best)
    found.sort(key=lambda one: (-one.share, one.name))
    return found[0] if len(found) > 1 and found[0].share > found[1].share else None


async def _judge(segment: Segment, buyers: Sequence[ObjectId]) -> Best | None:
    rule, catalogue = await read_rule(segment.rule)
    if not _untouched_by_orders(rule, catalogue):
        return None
    wanted = await compile_rule(rule, catalogue, now=now())
    members = await _count(wanted)
    if members < LEAST_MEMBERS:
        return None
    bought = await _count({"$and": [{"_id": {"$in": list(buyers)}}, wanted]})
    return Best(name=segment.name[:60], share=share(bought, members))


def _untouched_by_orders(rule: Group, catalogue: Catalogue) -> bool:
    return all(isinstance(leaf, Condition) and catalogue.fields[leaf.field].group != "Orders" for leaf in leaves(rule))


async def _count(wanted: dict[str, Any]) -> int:
    return int(await collection("customers").count_documents(wanted, maxTimeMS=MOST_MS))
