"""Freezing a campaign's audience into chunks."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import structlog
from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from app.campaigns.approval.holding import held, note_held
from app.campaigns.audience.reach import audience_filter
from app.campaigns.life.states import swap
from app.campaigns.record import signals
from app.campaigns.sending.leases import LEASE_SECONDS
from app.campaigns.sending.owners import new_owner
from app.campaigns.sending.packing import CHUNK_SIZE, chunks_of, sizes_of
from app.campaigns.sending.people import ids_of
from app.database import collection
from app.errors import InvalidInput
from models.campaign import CampaignState
from models.values import now

BATCH = 20 * CHUNK_SIZE

log = structlog.get_logger(__name__)


async def prepare(campaign_id: ObjectId) -> None:
    """Freeze who is in the segments now into chunks and start the campaign.

    Delivery guarantee: may run any number of times; each run begins by removing the chunks of the one before, and only
    the one that holds the lease starts the campaign. A segment that cannot be used any more pauses it with the reason;
    what needs a second person's word and has none is a draft again that waits for it.
    """
    owner = new_owner()
    campaign = await _take(campaign_id, owner)
    if campaign is None:
        return
    try:
        approval = await held(campaign)
        if approval is not None:
            if await _leave(campaign, CampaignState.DRAFT, approval=approval):
                await note_held(campaign, approval)
            return
        wanted = await audience_filter(campaign["segment_ids"], campaign["exclude_segment_ids"])
        audience = await _freeze(campaign_id, owner, wanted)
    except InvalidInput as problem:
        reason = f"The audience cannot be found any more: {problem.detail}"
        await _leave(campaign, CampaignState.PAUSED, pause_reason=reason)
        return
    except BaseException:
        with contextlib.suppress(PyMongoError):
            await collection("campaigns").update_one(
                {"_id": campaign_id, "lease_owner": owner}, {"$set": {"lease_until": None}}
            )
        raise
    if audience is None:
        return
    moment = now()
    if await _leave(campaign, CampaignState.RUNNING, audience=audience, started_at=moment):
        log.info("campaign started", campaign=str(campaign_id), audience=audience)
        await signals.wake()


async def _take(campaign_id: ObjectId, owner: str) -> dict[str, Any] | None:
    moment = now()
    return await collection("campaigns").find_one_and_update(
        {"_id": campaign_id, "state": CampaignState.PREPARING, "lease_until": {"$not": {"$gt": moment}}},
        {"$set": {"lease_owner": owner, "lease_until": moment + timedelta(seconds=LEASE_SECONDS)}},
        return_document=ReturnDocument.AFTER,
    )


async def _freeze(campaign_id: ObjectId, owner: str, wanted: dict[str, Any]) -> int | None:
    """Write the chunks, some 300,000 ids a second. None when the lease or the campaign went elsewhere."""
    await collection("chunks").delete_many({"campaign_id": campaign_id})
    audience, numbered = 0, 0
    left: list[bytes] = []

    async def write(ids: list[bytes], *, last: bool) -> bool:
        nonlocal numbered
        if not await _renew(campaign_id, owner):
            return False
        sizes = sizes_of(len(ids), size=CHUNK_SIZE, last=last)
        if chunks := list(chunks_of(campaign_id, numbered, ids, sizes)):
            await collection("chunks").insert_many(chunks, ordered=False)
            numbered += len(chunks)
        return True

    async with contextlib.aclosing(ids_of(wanted, batch=BATCH)) as batches:
        async for ids in batches:
            # How the last ones are divided is known once there are no more.
            whole = len(left) // CHUNK_SIZE * CHUNK_SIZE
            if not await write(left[:whole], last=False):
                return None
            audience += len(ids)
            left = left[whole:] + ids
    return audience if await write(left, last=True) else None


async def _renew(campaign_id: ObjectId, owner: str) -> bool:
    mine = {"_id": campaign_id, "state": CampaignState.PREPARING, "lease_owner": owner}
    until = now() + timedelta(seconds=LEASE_SECONDS)
    return (await collection("campaigns").update_one(mine, {"$set": {"lease_until": until}})).matched_count == 1


async def _leave(campaign: dict[str, Any], to: CampaignState, **changes: Any) -> bool:
    free = {"lease_owner": None, "lease_until": None}
    moved = await swap(campaign["_id"], CampaignState.PREPARING, campaign["version"], to, **free, **changes)
    return moved is not None
