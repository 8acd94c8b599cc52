"""Putting campaigns away: they leave the list, and everything of them stays."""

from __future__ import annotations

from datetime import datetime

from beanie import PydanticObjectId

from app.audit import note
from app.auth.authorize import authorize
from app.campaigns.life.lookup import get_campaign
from app.database import collection
from app.errors import Conflict
from models.campaign import Campaign, CampaignState
from models.member import Member
from models.values import now

ARCHIVABLE = (CampaignState.DRAFT, CampaignState.DONE, CampaignState.CANCELLED)


async def archive(member: Member, id: PydanticObjectId | str) -> Campaign:
    """Put a campaign away; again changes nothing. Raises Conflict while it is scheduled, being sent or paused."""
    await authorize(member, "campaigns.write")
    campaign = await get_campaign(member, id)
    if campaign.archived_at is not None:
        return campaign
    archived = await _set(campaign, now())
    await note(member, "campaign.archive", id=campaign.id, name=campaign.name)
    return archived


async def unarchive(member: Member, id: PydanticObjectId | str) -> Campaign:
    """Bring a campaign back into the list; again changes nothing."""
    await authorize(member, "campaigns.write")
    campaign = await get_campaign(member, id)
    if campaign.archived_at is None:
        return campaign
    back = await _set(campaign, None)
    await note(member, "campaign.unarchive", id=campaign.id, name=campaign.name)
    return back


async def _set(campaign: Campaign, at: datetime | None) -> Campaign:
    # Not a new version: it changes nothing that somebody may be editing.
    wanted = {"_id": campaign.id, **({"state": {"$in": ARCHIVABLE}} if at else {})}
    if not (await collection("campaigns").update_one(wanted, {"$set": {"archived_at": at}})).matched_count:
        raise Conflict(
            f"This campaign is {campaign.state}; only drafts and campaigns that are done or cancelled can be archived."
        )
    changed: Campaign = campaign.model_copy(update={"archived_at": at})
    return changed
