"""The one way a campaign's state changes: compare and swap on (state, version)."""

from __future__ import annotations

from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from app.campaigns.record.progress import publish_hint
from app.database import collection
from models.campaign import Campaign, CampaignState
from models.values import now


async def move(
    campaign: Campaign, to: CampaignState, *, session: AsyncClientSession | None = None, **changes: Any
) -> Campaign | None:
    """Swap the state if nobody changed the campaign since it was read; `changes` are written along.

    Returns the campaign as it is now, or None when it had moved on. Open pages are told, except inside a transaction
    (`session`), whose owner tells them once it is committed.
    """
    assert campaign.id is not None
    return await swap(campaign.id, campaign.state, campaign.version, to, session=session, **changes)


async def swap(
    id: ObjectId,
    state: CampaignState,
    version: int,
    to: CampaignState,
    *,
    session: AsyncClientSession | None = None,
    **changes: Any,
) -> Campaign | None:
    """`move` for who holds a raw document."""
    found = await collection("campaigns").find_one_and_update(
        {"_id": id, "state": state, "version": version},
        {"$set": {"state": to, "updated_at": now(), **changes}, "$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if found is None:
        return None
    if session is None:
        await publish_hint(PydanticObjectId(id), at_once=True)
    moved: Campaign = Campaign.model_validate(found)
    return moved
