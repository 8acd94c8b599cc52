"""Campaigns as members handle them: create, edit, delete, copy; sending and stopping are in `control`.

Everything of this room that a page, the API or the command line calls can be imported from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beanie import PydanticObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from app.audit import note
from app.auth.authorize import authorize
from app.campaigns.approval.needed import missing_approval
from app.campaigns.audience.reach import Estimate, estimate
from app.campaigns.life.approving import approve, decline, note_taken_back, withdraw
from app.campaigns.life.archive import archive, unarchive
from app.campaigns.life.control import cancel, finish, pause, resume, send
from app.campaigns.life.fields import NAME_CHARACTERS, CampaignInput, CampaignPatch, fields_of
from app.campaigns.life.listing import list_campaigns
from app.campaigns.life.lookup import get_campaign
from app.campaigns.life.plan import check_campaign
from app.campaigns.life.series import next_time
from app.campaigns.life.states import move
from app.campaigns.life.trying_again import retry
from app.campaigns.message.preview import preview_message
from app.campaigns.message.trial import TrialResult, test
from app.campaigns.record.progress import publish_hint
from app.database import collection, in_transaction
from app.errors import Conflict
from app.segments.catalogue import forget_catalogue
from app.segments.saved.holds import hold_segments
from app.validation import checked
from models.campaign import Campaign, CampaignState
from models.member import Member
from models.values import now

__all__ = [
    "Estimate",
    "TrialResult",
    "approve",
    "archive",
    "cancel",
    "create_campaign",
    "decline",
    "delete_campaign",
    "duplicate",
    "editable",
    "estimate",
    "finish",
    "get_campaign",
    "list_campaigns",
    "pause",
    "preview_message",
    "resume",
    "retry",
    "send",
    "test",
    "unarchive",
    "update_campaign",
    "withdraw",
]

DELETABLE = (CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.DONE, CampaignState.CANCELLED)


def editable(campaign: Campaign) -> bool:
    """Whether it can be changed: a draft, one that waits for its time, a series that is paused."""
    if campaign.state is CampaignState.PAUSED:
        return campaign.repeat is not None
    return campaign.state in (CampaignState.DRAFT, CampaignState.SCHEDULED)


async def create_campaign(member: Member, data: Mapping[str, Any]) -> Campaign:
    """A new draft. `data` has the fields of `CampaignInput`. Raises InvalidInput naming every wrong field."""
    await authorize(member, "campaigns.write")
    given = checked(CampaignInput, data)
    fields = given.model_dump()
    await check_campaign(fields)
    campaign = Campaign(**fields, repeat_from=given.scheduled_at if given.repeat else None, created_by=member.id)

    async def write(session: AsyncClientSession) -> None:
        await hold_segments([*given.segment_ids, *given.exclude_segment_ids], session)
        await campaign.insert(session=session)

    await in_transaction(write)
    forget_catalogue()
    await note(member, "campaign.create", id=campaign.id, name=campaign.name, after=fields)
    return campaign


async def update_campaign(member: Member, id: PydanticObjectId | str, data: Mapping[str, Any]) -> Campaign:
    """Change a draft or a scheduled campaign. A scheduled one whose `scheduled_at` is taken away is a draft again, and
    so is one that by this change needs a second person's approval. Any change ends an approval, asked for or given.

    Raises InvalidInput, NotFound, and Conflict when it is being sent or somebody else changed it meanwhile.
    """
    await authorize(member, "campaigns.write")
    campaign = await get_campaign(member, id)
    patch = checked(CampaignPatch, data)
    changes = patch.model_dump(include=patch.model_fields_set - {"version"})
    if not editable(campaign):
        raise Conflict(f"This campaign is {campaign.state}; only drafts and scheduled campaigns can be edited.")
    if patch.version is not None and patch.version != campaign.version:
        raise Conflict("Somebody else changed this campaign meanwhile; load it again.")
    whole = fields_of(campaign) | changes
    await check_campaign(whole)
    to = _state_after(campaign, changes)
    taken_back = campaign.approval is not None and whole != fields_of(campaign)
    if taken_back:
        changes["approval"] = None
    if to is CampaignState.SCHEDULED and await missing_approval(campaign.model_copy(update={**whole, **changes})):
        to = CampaignState.DRAFT
    if to is CampaignState.DRAFT:
        changes["pause_reason"] = None
    if {"repeat", "scheduled_at"} & set(changes):
        changes["repeat_from"] = _repeat_from(campaign, whole)

    async def write(session: AsyncClientSession) -> Campaign | None:
        chosen = [*changes.get("segment_ids", ()), *changes.get("exclude_segment_ids", ())]
        await hold_segments(chosen, session)
        return await move(campaign, to, session=session, **changes)

    moved = await in_transaction(write)
    if moved is None or moved.id is None:
        raise Conflict("Somebody else changed this campaign meanwhile; load it again.")
    await publish_hint(moved.id, at_once=True)
    forget_catalogue()
    if taken_back:
        await note_taken_back(member, campaign)
    if campaign.state is not CampaignState.DRAFT:  # a draft saves itself while it is written; sending notes all of it
        before, after = fields_of(campaign), fields_of(moved)
        await note(member, "campaign.update", id=moved.id, name=moved.name, before=before, after=after)
    return moved


async def delete_campaign(member: Member, id: PydanticObjectId | str) -> None:
    """Remove a campaign and its chunks. Its deliveries stay: they are part of the customers' history.

    Raises Conflict while it is being sent or paused.
    """
    await authorize(member, "campaigns.write")
    campaign = await get_campaign(member, id)
    deletable = {"_id": campaign.id, "state": {"$in": DELETABLE}}
    if not (await collection("campaigns").delete_one(deletable)).deleted_count:
        raise Conflict(f"This campaign is {campaign.state}; cancel it before you delete it.")
    await collection("chunks").delete_many({"campaign_id": campaign.id})
    forget_catalogue()
    before = {"name": campaign.name, "state": campaign.state}
    await note(member, "campaign.delete", id=campaign.id, name=campaign.name, before=before)


async def duplicate(member: Member, id: PydanticObjectId | str) -> Campaign:
    """A new draft with the same message, audience and pace, named `... (copy)`.

    The copy of a series begins at the next of its times; a series that is over is copied as a plain campaign.
    """
    await authorize(member, "campaigns.write")
    original = await get_campaign(member, id)
    fields = fields_of(original) | {"scheduled_at": None}
    if original.repeat is not None:
        fields["scheduled_at"] = next_time(original)
        if fields["scheduled_at"] is None:
            fields["repeat"] = None
        fields["repeat_from"] = original.repeat_from if fields["repeat"] else None
    # A standing campaign that was stopped has looked for newcomers; its copy stands again.
    fields["standing"] = original.standing or original.looked_at is not None
    suffix = " (copy)"
    fields["name"] = original.name[: NAME_CHARACTERS - len(suffix)] + suffix
    copy = await Campaign(**fields, created_by=member.id).insert()
    forget_catalogue()
    await note(member, "campaign.create", id=copy.id, name=copy.name, after={"copy_of": original.name})
    return copy


def _state_after(campaign: Campaign, changes: Mapping[str, Any]) -> CampaignState:
    """A scheduled campaign whose time is taken away is a draft again, and so is a paused series that repeats no more.

    Raises Conflict for a time that has passed.
    """
    if campaign.state is CampaignState.PAUSED and "repeat" in changes and changes["repeat"] is None:
        return CampaignState.DRAFT
    if campaign.state is not CampaignState.SCHEDULED or "scheduled_at" not in changes:
        return campaign.state
    at = changes["scheduled_at"]
    if at is None:
        return CampaignState.DRAFT
    if at <= now() and at != campaign.scheduled_at:
        raise Conflict("This campaign is scheduled; choose a time in the future, or none to make it a draft.")
    return campaign.state


def _repeat_from(campaign: Campaign, fields: Mapping[str, Any]) -> Any:
    """The time a series counts from: the one given last; saving the time it waits for changes nothing."""
    if not fields["repeat"]:
        return None
    same = fields["scheduled_at"] == campaign.scheduled_at
    return campaign.repeat_from if same and campaign.repeat_from else fields["scheduled_at"]
