"""Campaigns that stand: who enters their segments later gets the message too, once."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError, PyMongoError

from app.campaigns.approval.holding import REASON, held, note_held
from app.campaigns.audience.reach import audience_filter
from app.campaigns.life.states import swap
from app.campaigns.record import signals
from app.campaigns.record.progress import publish_hint
from app.campaigns.sending.ledger import delivery_id
from app.campaigns.sending.owners import new_owner, surely_dead
from app.campaigns.sending.packing import CHUNK_SIZE, chunks_of, sizes_of
from app.database import collection, in_transaction
from app.errors import InvalidInput
from models.campaign import CampaignState
from models.values import now

LOOK_SECONDS = 60.0
PEOPLE_PER_SECOND = 2_000
"""A look costs some seconds of the database for a million people, so a large audience is looked at less often."""

SLICE = 5_000
LEASE_SECONDS = 60.0
UNBEGUN_CHUNKS = 20
"""While more of the first audience than this has not been begun, newcomers can wait."""

_STANDING = {"state": CampaignState.RUNNING, "standing": True}

log = structlog.get_logger(__name__)


class _Elsewhere(Exception):
    """Somebody else adds people, or the campaign does not run any more."""


class _TooMany(Exception):
    """So many newcomers need a second person's word."""

    def __init__(self, approval: dict[str, Any]) -> None:
        super().__init__()
        self.approval = approval


async def due_standing(moment: datetime) -> list[ObjectId]:
    """The standing campaigns that have not looked for newcomers for a minute, or longer if they are large.

    One indexed read of the running campaigns.
    """
    fields = {"looked_at": 1, "audience": 1, "lease_owner": 1, "lease_until": 1}
    due: list[ObjectId] = []
    async for row in collection("campaigns").find(_STANDING, fields):
        until, pause = row.get("lease_until"), LOOK_SECONDS + (row.get("audience") or 0) / PEOPLE_PER_SECOND
        if row.get("looked_at") and row["looked_at"] > moment - timedelta(seconds=pause):
            continue
        if until is None or until <= moment or surely_dead(row.get("lease_owner")):
            due.append(row["_id"])
    return due


async def add_newcomers(campaign_id: ObjectId) -> int:
    """Freeze everybody who is in the segments now and never was in this campaign into further chunks. How many.

    Delivery guarantee: nobody is added twice, however often and at however many places this runs: whoever is frozen
    has a chunk, and chunk numbers are read before anybody is looked for, so of two that add at once the later one
    finds its number taken and stops. A segment that cannot be used any more pauses the campaign with the reason.
    """
    owner = new_owner()
    campaign = await _take(campaign_id, owner)
    if campaign is None:
        return 0
    added = 0
    try:
        unbegun = {"campaign_id": campaign_id, "touched": False, "state": "waiting"}
        if await collection("chunks").count_documents(unbegun, limit=UNBEGUN_CHUNKS + 1) <= UNBEGUN_CHUNKS:
            added = await _look(campaign, owner)
    except _Elsewhere:
        return added
    except _TooMany as problem:
        await _hold(campaign, problem.approval)
        return added
    except InvalidInput as problem:
        reason = f"The audience cannot be found any more: {problem.detail}"
        await swap(
            campaign_id,
            CampaignState.RUNNING,
            campaign["version"],
            CampaignState.PAUSED,
            pause_reason=reason,
            waiting_reason=None,
            lease_owner=None,
            lease_until=None,
            looked_at=now(),
        )
        return added
    except BaseException:
        with contextlib.suppress(PyMongoError):
            await _leave(campaign_id, owner)
        raise
    await _leave(campaign_id, owner, looked_at=now())
    if added:
        log.info("newcomers", campaign=str(campaign_id), people=added)
        await publish_hint(campaign_id, at_once=True)
        await signals.wake()
    return added


async def _hold(campaign: dict[str, Any], approval: dict[str, Any]) -> None:
    """Pause it until somebody has approved that it grows further; who is in it already had been approved."""
    free: dict[str, Any] = {"waiting_reason": None, "lease_owner": None, "lease_until": None, "looked_at": now()}
    moved = await swap(
        campaign["_id"],
        CampaignState.RUNNING,
        campaign["version"],
        CampaignState.PAUSED,
        approval=approval,
        pause_reason=REASON,
        **free,
    )
    if moved is not None:
        await note_held(campaign, approval)


async def _take(campaign_id: ObjectId, owner: str) -> dict[str, Any] | None:
    moment = now()
    row = await collection("campaigns").find_one({"_id": campaign_id, **_STANDING}, {"lease_owner": 1})
    if row is None:
        return None
    free: dict[str, Any] = {"lease_until": {"$not": {"$gt": moment}}}
    if surely_dead(row.get("lease_owner")):
        free = {"lease_owner": row["lease_owner"]}
    return await collection("campaigns").find_one_and_update(
        {"_id": campaign_id, **_STANDING, **free},
        {"$set": {"lease_owner": owner, "lease_until": moment + timedelta(seconds=LEASE_SECONDS)}},
        return_document=ReturnDocument.AFTER,
    )


async def _leave(campaign_id: ObjectId, owner: str, **changes: Any) -> None:
    free = {"lease_owner": None, "lease_until": None}
    await collection("campaigns").update_one({"_id": campaign_id, "lease_owner": owner}, {"$set": free | changes})


async def _look(campaign: dict[str, Any], owner: str) -> int:
    """Walk through the audience of now in slices and append those who are new."""
    id = campaign["_id"]
    number = await collection("chunks").count_documents({"campaign_id": id})  # they are numbered without gaps
    wanted = await audience_filter(campaign["segment_ids"], campaign["exclude_segment_ids"])
    found = collection("customers").find(wanted, {"_id": 1}, batch_size=SLICE, allow_disk_use=True).sort("_id", 1)
    added = 0
    slice: list[ObjectId] = []
    new: list[ObjectId] = []

    async def append(*, all: bool) -> None:
        nonlocal number, added, new
        take = new if all else new[: len(new) // CHUNK_SIZE * CHUNK_SIZE]
        if take:
            if (approval := await held(campaign, newcomers=len(new))) is not None:
                raise _TooMany(approval)
            number = await _append(id, owner, number, take, last=all)
            added, new = added + len(take), new[len(take) :]

    async for row in found:
        slice.append(row["_id"])
        if len(slice) == SLICE:
            new += await _never_frozen(id, slice)
            slice = []
            await _renew(id, owner)
            await append(all=False)
    if slice:
        new += await _never_frozen(id, slice)
    await append(all=True)
    return added


async def _never_frozen(campaign_id: ObjectId, ids: Sequence[ObjectId]) -> list[ObjectId]:
    """Those of `ids`, which ascend, without a delivery and in no chunk. Whoever was dealt with has a delivery, so the
    chunks, which have no index on people, are asked about the few that are left.
    """
    keys = {delivery_id(campaign_id, id): id for id in ids}
    # A range of the index is several times faster than as many keys looked up one by one.
    between = {"_id": {"$gte": delivery_id(campaign_id, ids[0]), "$lte": delivery_id(campaign_id, ids[-1])}}
    async for row in collection("deliveries").find(between, {"_id": 1}, batch_size=SLICE):
        keys.pop(row["_id"], None)
    if not keys:
        return []
    left = dict.fromkeys(keys.values())
    waiting = {"campaign_id": campaign_id, "customer_ids": {"$in": list(left)}}
    async for chunk in collection("chunks").find(waiting, {"customer_ids": 1}):
        for id in chunk["customer_ids"]:
            left.pop(id, None)
    return list(left)


async def _renew(campaign_id: ObjectId, owner: str) -> None:
    until = now() + timedelta(seconds=LEASE_SECONDS)
    mine = {"_id": campaign_id, **_STANDING, "lease_owner": owner}
    if not (await collection("campaigns").update_one(mine, {"$set": {"lease_until": until}})).matched_count:
        raise _Elsewhere


async def _append(campaign_id: ObjectId, owner: str, number: int, ids: Sequence[ObjectId], *, last: bool) -> int:
    """Write chunks from this number on and let the audience grow by as many, both or none. The next number."""
    sizes = sizes_of(len(ids), size=CHUNK_SIZE, last=last)
    chunks = list(chunks_of(campaign_id, number, [id.binary for id in ids], sizes))

    async def write(session: AsyncClientSession) -> None:
        grown = await collection("campaigns").update_one(
            {"_id": campaign_id, **_STANDING, "lease_owner": owner},
            {
                "$set": {"lease_until": now() + timedelta(seconds=LEASE_SECONDS), "updated_at": now()},
                "$inc": {"audience": len(ids)},
            },
            session=session,
        )
        if not grown.matched_count:
            raise _Elsewhere
        await collection("chunks").insert_many(chunks, session=session)

    try:
        await in_transaction(write)
    except BulkWriteError as problem:
        if any(error.get("code") == 11000 for error in problem.details.get("writeErrors", [])):
            raise _Elsewhere from problem
        raise
    return number + len(chunks)
