"""What needs a person: failed and unknown deliveries, campaigns that wait, approvals, imports with refused rows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from app.auth.permissions import allowed, require
from app.campaigns.record.progress import counts_of_many
from models.campaign import Campaign, CampaignState
from models.campaign_approval import ApprovalState
from models.import_job import ImportJob, ImportStatus
from models.member import Member

MOST_CAMPAIGNS = 20
MOST_IMPORTS = 5
MOST = 6
APPROVABLE = (CampaignState.DRAFT.value, CampaignState.PAUSED.value)


@dataclass(frozen=True, kw_only=True)
class Matter:
    """One thing to look at: what kind, how many it concerns, of what, why, and the page where to act."""

    kind: Literal["failed", "unknown", "paused", "waiting", "approval", "declined", "rejects", "import"]
    name: str
    href: str
    at: datetime
    count: int = 0
    reason: str | None = None


async def matters(member: Member, *, since: datetime) -> list[Matter]:
    """What happened since then and needs somebody, newest first, six at most."""
    require(member, "campaigns.read")
    found = await asyncio.gather(_of_campaigns(since), _of_approvals(member), _of_imports(member, since))
    return sorted((matter for part in found for matter in part), key=lambda matter: matter.at, reverse=True)[:MOST]


async def _of_campaigns(since: datetime) -> list[Matter]:
    query = {"updated_at": {"$gte": since}, "state": {"$nin": [CampaignState.DRAFT, CampaignState.SCHEDULED]}}
    campaigns = await Campaign.find(query).sort("-updated_at").limit(MOST_CAMPAIGNS).to_list()
    counts = await counts_of_many(campaigns)
    found: list[Matter] = []
    for campaign in campaigns:
        assert campaign.id is not None
        href, at, name = f"/campaigns/{campaign.id}", campaign.updated_at, campaign.name
        if campaign.approval is not None and campaign.approval.waits:
            continue
        if campaign.state is CampaignState.PAUSED and campaign.pause_reason:
            found.append(Matter(kind="paused", name=name, href=href, at=at, reason=campaign.pause_reason))
        elif campaign.state is CampaignState.RUNNING and campaign.waiting_reason:
            found.append(Matter(kind="waiting", name=name, href=href, at=at, reason=campaign.waiting_reason))
        elif campaign.state is CampaignState.DONE:
            mine = counts[campaign.id]
            if mine.failed:
                found.append(Matter(kind="failed", name=name, href=href, at=at, count=mine.failed))
            if mine.unknown:
                reason = "It cannot be told whether these were accepted; decide on the campaign's page."
                found.append(Matter(kind="unknown", name=name, href=href, at=at, count=mine.unknown, reason=reason))
    return found


async def _of_approvals(member: Member) -> list[Matter]:
    """What this member may approve, and what somebody declined of what the member asked for."""
    wanted: list[dict[str, Any]] = [{"approval.state": ApprovalState.DECLINED, "approval.requested_by": member.id}]
    if allowed(member, "campaigns.approve"):
        wanted.append({"approval.state": ApprovalState.WAITING, "approval.requested_by": {"$ne": member.id}})
    query = {"archived_at": None, "state": {"$in": APPROVABLE}, "$or": wanted}
    found: list[Matter] = []
    for campaign in await Campaign.find(query).sort("-updated_at").limit(MOST_CAMPAIGNS).to_list():
        href, name, approval = f"/campaigns/{campaign.id}", campaign.name, campaign.approval
        if approval is None:
            continue
        if approval.waits:
            people = f"{approval.people:,} people would get it."
            found.append(Matter(kind="approval", name=name, href=href, at=approval.requested_at, reason=people))
        else:
            at = approval.decided_at or campaign.updated_at
            found.append(Matter(kind="declined", name=name, href=href, at=at, reason=approval.reason))
    return found


async def _of_imports(member: Member, since: datetime) -> list[Matter]:
    if not allowed(member, "imports.run"):
        return []
    trouble = {"$or": [{"rejected": {"$gt": 0}}, {"status": ImportStatus.FAILED}], "created_at": {"$gte": since}}
    jobs = await ImportJob.find(trouble).sort("-created_at").limit(MOST_IMPORTS).to_list()
    found = []
    for job in jobs:
        href, at = f"/imports/{job.id}", job.finished_at or job.created_at
        if job.status is ImportStatus.FAILED:
            found.append(Matter(kind="import", name=job.filename, href=href, at=at, reason=job.error))
        elif job.rejected and job.finished:
            found.append(Matter(kind="rejects", name=job.filename, href=href, at=at, count=job.rejected))
    return found
