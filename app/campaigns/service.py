"""Campaigns as members handle them: create, edit, list, delete; sending and stopping are in `control`.

Everything of this room that a page, the API or the command line calls can be imported from here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from beanie import PydanticObjectId
from pymongo import DESCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from app.auth.permissions import require
from app.campaigns.audience import Estimate, estimate, segments_of
from app.campaigns.control import cancel, pause, resume, retry, send
from app.campaigns.fields import NAME_CHARACTERS, CampaignInput, CampaignPatch
from app.campaigns.lookup import get_campaign
from app.campaigns.preview import preview_message
from app.campaigns.progress import publish_hint
from app.campaigns.rendering import check_message
from app.campaigns.states import move
from app.campaigns.trial import TrialResult, test
from app.database import collection, in_transaction
from app.errors import Conflict
from app.paging import Sort, check_limit, cursor_after, rows_after
from app.segments.catalogue import forget_catalogue
from app.segments.saved.holds import hold_segments
from app.validation import checked
from models.campaign import Campaign, CampaignState
from models.member import Member
from models.values import now

__all__ = [
    "Estimate",
    "TrialResult",
    "cancel",
    "create_campaign",
    "delete_campaign",
    "duplicate",
    "estimate",
    "get_campaign",
    "list_campaigns",
    "pause",
    "preview_message",
    "resume",
    "retry",
    "send",
    "test",
    "update_campaign",
]

EDITABLE = (CampaignState.DRAFT, CampaignState.SCHEDULED)
DELETABLE = (*EDITABLE, CampaignState.DONE, CampaignState.CANCELLED)
NEWEST = Sort("updated", (("updated_at", DESCENDING), ("_id", DESCENDING)))


async def create_campaign(member: Member, data: Mapping[str, Any]) -> Campaign:
    """A new draft. `data` has the fields of `CampaignInput`. Raises InvalidInput naming every wrong field."""
    require(member, "campaigns.write")
    given = checked(CampaignInput, data)
    await _check(given)
    campaign = Campaign(**given.model_dump(), created_by=member.id)

    async def write(session: AsyncClientSession) -> None:
        await hold_segments([*given.segment_ids, *given.exclude_segment_ids], session)
        await campaign.insert(session=session)

    await in_transaction(write)
    forget_catalogue()
    return campaign


async def update_campaign(member: Member, id: PydanticObjectId | str, data: Mapping[str, Any]) -> Campaign:
    """Change a draft or a scheduled campaign. A scheduled one whose `scheduled_at` is taken away is a draft again.

    Raises InvalidInput, NotFound, and Conflict when it is being sent or somebody else changed it meanwhile.
    """
    require(member, "campaigns.write")
    campaign = await get_campaign(member, id)
    patch = checked(CampaignPatch, data)
    changes = patch.model_dump(include=patch.model_fields_set - {"version"})
    if campaign.state not in EDITABLE:
        raise Conflict(f"This campaign is {campaign.state}; only drafts and scheduled campaigns can be edited.")
    if patch.version is not None and patch.version != campaign.version:
        raise Conflict("Somebody else changed this campaign meanwhile; load it again.")
    await _check(CampaignInput.model_construct(**(_input_of(campaign) | changes)))
    to = campaign.state
    if campaign.state is CampaignState.SCHEDULED and "scheduled_at" in changes:
        if changes["scheduled_at"] is None:
            to = CampaignState.DRAFT
        elif changes["scheduled_at"] <= now():
            raise Conflict("This campaign is scheduled; choose a time in the future, or none to make it a draft.")

    async def write(session: AsyncClientSession) -> Campaign | None:
        chosen = [*changes.get("segment_ids", ()), *changes.get("exclude_segment_ids", ())]
        await hold_segments(chosen, session)
        return await move(campaign, to, session=session, **changes)

    moved = await in_transaction(write)
    if moved is None or moved.id is None:
        raise Conflict("Somebody else changed this campaign meanwhile; load it again.")
    await publish_hint(moved.id, at_once=True)
    forget_catalogue()
    return moved


async def delete_campaign(member: Member, id: PydanticObjectId | str) -> None:
    """Remove a campaign and its chunks. Its deliveries stay: they are part of the customers' history.

    Raises Conflict while it is being sent or paused.
    """
    require(member, "campaigns.write")
    campaign = await get_campaign(member, id)
    deletable = {"_id": campaign.id, "state": {"$in": DELETABLE}}
    if not (await collection("campaigns").delete_one(deletable)).deleted_count:
        raise Conflict(f"This campaign is {campaign.state}; cancel it before you delete it.")
    await collection("chunks").delete_many({"campaign_id": campaign.id})
    forget_catalogue()


async def list_campaigns(
    member: Member,
    *,
    state: CampaignState | str | None = None,
    search: str = "",
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[Campaign], str | None]:
    """One page of 1 to 200 campaigns, the latest changed first, and the cursor of the next. Raises InvalidInput."""
    require(member, "campaigns.read")
    conditions: list[dict[str, Any]] = []
    if state is not None:
        conditions.append({"state": str(state)})
    if search.strip():
        conditions.append({"name": {"$regex": re.escape(search.strip()[:NAME_CHARACTERS]), "$options": "i"}})
    if cursor:
        conditions.append(rows_after(cursor, NEWEST))
    query = {"$and": conditions} if conditions else {}
    rows = await collection("campaigns").find(query).sort(list(NEWEST.keys)).limit(check_limit(limit) + 1).to_list()
    following = cursor_after(rows[limit - 1], NEWEST) if len(rows) > limit else None
    return [Campaign.model_validate(row) for row in rows[:limit]], following


async def duplicate(member: Member, id: PydanticObjectId | str) -> Campaign:
    """A new draft with the same message, audience and pace, named `... (copy)`."""
    require(member, "campaigns.write")
    original = await get_campaign(member, id)
    fields = _input_of(original) | {"scheduled_at": None}
    suffix = " (copy)"
    fields["name"] = original.name[: NAME_CHARACTERS - len(suffix)] + suffix
    copy = await Campaign(**fields, created_by=member.id).insert()
    forget_catalogue()
    return copy


async def _check(given: CampaignInput) -> None:
    """What one field alone does not show: the message can be filled in, the segments exist."""
    check_message(given.subject, given.body)
    await segments_of("segment_ids", given.segment_ids)
    await segments_of("exclude_segment_ids", given.exclude_segment_ids)


def _input_of(campaign: Campaign) -> dict[str, Any]:
    fields: dict[str, Any] = campaign.model_dump(include=set(CampaignInput.model_fields))
    return fields
