"""Whether a campaign may go out without a second person, or by what was approved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from app.campaigns.approval.policy import approval_above
from app.campaigns.audience.reach import reachable_people
from app.campaigns.record.progress import counts_of
from app.segments.rule.references import stored_segments
from models.campaign import Campaign
from models.campaign_approval import Approval, ApprovalState

MARGIN_PERCENT = 10
LEAST_MARGIN = 10


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many people a campaign goes to now, and what stands for the rules that choose them."""

    people: int
    rules: str


def most_people(approved: int) -> int:
    """How many a campaign may go to that was approved for so many: a tenth more, at least ten.

    Segments live: people sign up, order, agree to email between the word and the sending, and a shop that grows by a
    tenth meanwhile sends what was meant. More than that is another campaign, and somebody should look again.
    """
    return approved + max(LEAST_MARGIN, approved * MARGIN_PERCENT // 100)


async def size_of(campaign: Campaign, *, newcomers: int = 0) -> Size:
    """Counted now: who can be reached; of a standing campaign that has begun at least whom it has and would add."""
    people = await reachable_people(campaign.segment_ids, campaign.exclude_segment_ids, campaign.channel)
    if campaign.standing and campaign.audience is not None:
        counts = await counts_of(campaign)
        people = max(people, counts.audience - counts.skipped - counts.held_out + newcomers)
    return Size(people=people, rules=await rules_of([*campaign.segment_ids, *campaign.exclude_segment_ids]))


async def missing_approval(campaign: Campaign, *, newcomers: int = 0) -> Size | None:
    """The size of a campaign that needs a second person's word and has none that covers it; None for all others.

    Nothing is counted while the workspace asks for no approval.
    """
    above = await approval_above()
    if not above:
        return None
    size = await size_of(campaign, newcomers=newcomers)
    return None if size.people <= above or covers(campaign.approval, size) else size


def covers(approval: Approval | None, size: Size) -> bool:
    """Whether this was approved: these rules, for about so many people."""
    if approval is None or approval.state is not ApprovalState.APPROVED:
        return False
    return approval.rules == size.rules and size.people <= most_people(approval.people)


async def rules_of(segment_ids: Sequence[ObjectId]) -> str:
    """A digest of the rules of these segments and of all that they refer to: another one when any rule is changed."""
    stored = await stored_segments()
    told: dict[str, Any] = {}

    def follow(key: str) -> None:
        if key in told or key not in stored:
            return
        told[key] = stored[key].rule
        for other in _referred(stored[key].rule):
            follow(other)

    for id in segment_ids:
        follow(str(id))
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def _referred(rule: Any) -> Iterator[str]:
    if isinstance(rule, Mapping):
        if rule.get("field") == "segment":
            yield str(rule.get("value"))
        for part in rule.values():
            yield from _referred(part)
    elif isinstance(rule, list):
        for part in rule:
            yield from _referred(part)
