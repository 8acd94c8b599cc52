"""Stops a campaign that receiving servers keep refusing, before it ruins the sender's name."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from beanie import PydanticObjectId
from bson import ObjectId

from app.campaigns.life.states import move
from app.campaigns.record.progress import counts_of
from app.database import collection
from models.campaign import Campaign, CampaignState, Channel
from models.delivery import DeliveryState as State

SHARE = 0.05
"""Hard failures among attempts that are too many; mailbox providers act on far less."""

PRETENDED_SHARE = 0.25
"""The simulated vendor refuses a tenth of everything unless told otherwise."""

MINIMUM = 200
"""Attempts before a share means anything."""

NEWEST = 2_000
"""How many of the newest outcomes of each kind are looked at for one domain's share."""

SECONDS_BETWEEN = 0.1
SPARING = 5
"""A look is followed by a pause so many times as long, so that looking is a sixth of what a chunk does at most."""

POLICY = re.compile(r"\b5\.7\.\d+")
"""Enhanced status codes that say "we do not want this mail from you" (RFC 3463, X.7.X: security or policy)."""

log = structlog.get_logger(__name__)

_next_look: dict[ObjectId, float] = {}


@dataclass(frozen=True, kw_only=True)
class Refused:
    """`failed` of `attempts` were refused for good, by everybody or by one `domain`."""

    failed: int
    attempts: int
    domain: str = ""

    def too_many(self, share: float) -> bool:
        """Whether that is more than `share` of enough attempts."""
        return self.attempts >= MINIMUM and self.failed > share * self.attempts


async def consider(campaign_id: ObjectId, words: str) -> None:
    """Pause the campaign when more than 5 % of at least 200 attempts since its start or resume failed for good.

    That share is looked at for all, and for each domain among the newest outcomes: one provider that has had enough may
    be few of all. Looks at most ten times a second for each campaign; `words` are the last answer, for the reason.
    """
    moment = time.monotonic()
    if moment < _next_look.get(campaign_id, 0.0):
        return
    if len(_next_look) > 1_000:
        _next_look.clear()
    _next_look[campaign_id] = moment + SECONDS_BETWEEN
    await _look(campaign_id, words)
    _next_look[campaign_id] = moment + max(SECONDS_BETWEEN, SPARING * (time.monotonic() - moment))


async def _look(campaign_id: ObjectId, words: str) -> None:
    campaign = await Campaign.get(PydanticObjectId(campaign_id))
    if campaign is None or campaign.state is not CampaignState.RUNNING:
        return
    share = PRETENDED_SHARE if campaign.channel is Channel.SIMULATOR else SHARE
    counts = await counts_of(campaign)
    failed = counts.failed - campaign.breaker_failed
    refused = Refused(failed=failed, attempts=counts.sent - campaign.breaker_sent + failed)
    if not refused.too_many(share):
        worst = await _worst_domain(campaign, share)
        if worst is None:
            return
        refused = worst
    reason = _reason(refused, words, await _policy_share(campaign, refused.domain))
    # Whoever comes second finds another version, so a campaign is paused once and a resumed one not at all.
    if await move(campaign, CampaignState.PAUSED, pause_reason=reason, waiting_reason=None, waiting_until=None):
        log.warning("campaign paused", campaign=str(campaign_id), reason=reason)


async def _worst_domain(campaign: Campaign, share: float) -> Refused | None:
    """The domain that refuses the largest share, when that is too large."""
    failed, since_failed = await _newest(campaign, [State.FAILED])
    if not failed:
        return None
    sent, since_sent = await _newest(campaign, [State.SENT, State.DELIVERED])
    begun = max(since_failed, since_sent, campaign.updated_at)
    refusals = _by_domain(failed, begun)
    taken = _by_domain(sent, begun)
    found = [
        Refused(failed=count, attempts=count + taken[domain], domain=domain)
        for domain, count in refusals.items()
        if domain
    ]
    bad = [one for one in found if one.too_many(share)]
    return max(bad, key=lambda one: one.failed / one.attempts, default=None)


async def _newest(campaign: Campaign, states: Sequence[State]) -> tuple[list[dict[str, Any]], datetime]:
    """The newest outcomes of a campaign, and the time from which on they are complete. A few milliseconds."""
    rows: list[dict[str, Any]] = []
    complete = campaign.created_at
    for state in states:
        found = collection("deliveries").find(
            {"campaign_id": campaign.id, "state": state}, {"domain": 1, "updated_at": 1, "_id": 0, "reason": 1}
        )
        page = await found.sort("updated_at", -1).limit(NEWEST).to_list(NEWEST)
        if len(page) == NEWEST:
            complete = max(complete, page[-1]["updated_at"])
        rows += page
    return rows, complete


def _by_domain(rows: Sequence[dict[str, Any]], begun: datetime) -> Counter[str]:
    return Counter(row.get("domain") or "" for row in rows if row["updated_at"] >= begun)


async def _policy_share(campaign: Campaign, domain: str) -> float:
    """How many of the newest refusals were for reasons of policy, 0 to 1."""
    rows, _ = await _newest(campaign, [State.FAILED])
    own = [row.get("reason") or "" for row in rows if not domain or row.get("domain") == domain]
    return sum(1 for reason in own if POLICY.search(reason)) / len(own) if own else 0.0


def _reason(refused: Refused, words: str, policy: float) -> str:
    whom = f" to {refused.domain}" if refused.domain else ""
    share = refused.failed / refused.attempts
    what = f"{refused.failed:,} of {refused.attempts:,} messages{whom} ({share:.0%}) were refused for good"
    last = f"The last answer was: {words}"
    if policy <= 0.5:
        return f"Paused because {what}. {last}"
    return (
        f"Paused because {what}, most for reasons of policy (5.7): the receiving side takes this mail for unwanted or "
        f"does not trust its sender. Check SPF, DKIM and DMARC of the sender's domain and who is in the segments, then "
        f"resume. {last}"
    )
