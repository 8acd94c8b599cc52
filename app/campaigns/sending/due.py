"""What is to be done now, derived from MongoDB alone: losing every message in the queue costs a tick."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.campaigns.life.series import due_series
from app.campaigns.life.standing import due_standing
from app.campaigns.life.states import swap
from app.campaigns.sending.finalize import UNDONE
from app.campaigns.sending.leases import lapsed_chunks
from app.campaigns.sending.owners import surely_dead
from app.database import collection
from models.campaign import CampaignState as State
from models.chunk import ChunkState
from models.values import now

AHEAD = 64
"""Chunks of one campaign on the queue or in hand at most: 64,000 people, some seconds of work for many workers."""

AHEAD_WAITING = 2
"""While the mail server is away, so many chunks knock."""

ENQUEUE_AGAIN_SECONDS = 15.0
"""After which a message that led to nothing is taken for lost."""

_LIVE = [State.SCHEDULED, State.PREPARING, State.RUNNING, State.FINISHING]
_FIELDS = {
    "state": 1,
    "version": 1,
    "scheduled_at": 1,
    "throttle_per_second": 1,
    "waiting_reason": 1,
    "waiting_until": 1,
    "repeat": 1,
    "standing": 1,
    "lease_owner": 1,
    "lease_until": 1,
}


@dataclass(frozen=True)
class Work:
    """A message to put on the queue: an actor and the id it takes."""

    actor: str
    id: str


async def due_work() -> list[Work]:
    """Start what is scheduled, let go of dead leases, and name everything that should be on the queue now.

    The chunks named are marked as enqueued, so the next call leaves them out for a while.
    """
    await due_series(now())
    work = [Work("campaign.add_newcomers", str(id)) for id in await due_standing(now())]
    live = {"$or": [{"state": {"$in": _LIVE}}, {"state": State.CANCELLED, "finished_at": None}]}
    async for campaign in collection("campaigns").find(live, _FIELDS):
        work += await _work_of(campaign, now())
    return work


async def forget_enqueued() -> None:
    """Take every message for lost: the queue has come up empty."""
    await collection("chunks").update_many(
        {"state": ChunkState.WAITING, "enqueued_at": {"$ne": None}}, {"$set": {"enqueued_at": None}}
    )


async def _work_of(campaign: Mapping[str, Any], moment: datetime) -> list[Work]:
    id = campaign["_id"]
    state = campaign["state"]
    if state == State.SCHEDULED:
        due = campaign.get("scheduled_at")
        if campaign.get("repeat"):
            return []
        if due is None or due > moment or not await swap(id, State.SCHEDULED, campaign["version"], State.PREPARING):
            return []
        return [Work("campaign.prepare", str(id))]
    if state == State.PREPARING:
        until = campaign.get("lease_until")
        if until is not None and until > moment:
            if not surely_dead(campaign.get("lease_owner")):
                return []
            await collection("campaigns").update_one(
                {"_id": id, "lease_owner": campaign["lease_owner"]}, {"$set": {"lease_until": None}}
            )
        return [Work("campaign.prepare", str(id))]
    if state == State.FINISHING:
        return [Work("campaign.finalize", str(id))]
    if state == State.CANCELLED:
        return await _settling(campaign, moment)
    return await _chunks(campaign, moment)


async def _chunks(campaign: Mapping[str, Any], moment: datetime) -> list[Work]:
    """The next chunks of a running campaign, or its end."""
    id = campaign["_id"]
    lost = moment - timedelta(seconds=ENQUEUE_AGAIN_SECONDS)
    lapsed = await lapsed_chunks(id, moment)
    undone = {"campaign_id": id, "state": {"$in": UNDONE}}
    if not lapsed and await collection("chunks").find_one(undone, {"_id": 1}) is None:
        return [] if campaign.get("standing") else [Work("campaign.finalize", str(id))]
    busy = {
        "campaign_id": id,
        "$or": [
            {"state": ChunkState.LEASED},
            {"state": ChunkState.WAITING, "enqueued_at": {"$gt": lost}},
        ],
    }
    room = _room(campaign, moment) - await collection("chunks").count_documents(busy)
    ids: list[str] = []
    if room > 0:
        ready = {
            "campaign_id": id,
            "state": ChunkState.WAITING,
            "next_at": {"$not": {"$gt": moment}},
            "enqueued_at": {"$not": {"$gt": lost}},
        }
        found = collection("chunks").find(ready, {"_id": 1}).sort("n", 1).limit(room)
        ids = [row["_id"] async for row in found]
        await collection("chunks").update_many(
            {"_id": {"$in": ids}, "state": ChunkState.WAITING}, {"$set": {"enqueued_at": moment}}
        )
    return [Work("campaign.send_chunk", chunk) for chunk in (*lapsed, *ids)]


async def _settling(campaign: Mapping[str, Any], moment: datetime) -> list[Work]:
    """A cancelled campaign: chunks that were begun are settled, the others stay as they are."""
    id = campaign["_id"]
    begun = {"campaign_id": id, "state": ChunkState.WAITING, "touched": True}
    await collection("chunks").update_many(begun, {"$set": {"next_at": None}})
    ids = [row["_id"] async for row in collection("chunks").find(begun, {"_id": 1})]
    ids += await lapsed_chunks(id, moment)
    return [Work("campaign.send_chunk", chunk) for chunk in ids] or [Work("campaign.finalize", str(id))]


def _room(campaign: Mapping[str, Any], moment: datetime) -> int:
    """How many chunks are useful at once: a throttle keeps few hands busy, an absent mail server fewer, and none is
    while a limit of the campaign's own is used up.
    """
    if campaign.get("waiting_reason"):
        until = campaign.get("waiting_until")
        return 0 if until is not None and until > moment else AHEAD_WAITING
    rate = campaign.get("throttle_per_second")
    # A hand waits for tokens and for the database most of the time.
    return min(AHEAD, 2 + math.ceil(rate / 50)) if rate else AHEAD
