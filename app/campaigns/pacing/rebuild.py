"""Redis has lost what a limit remembered, or never knew it: the ledger says how much of it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

from app.campaigns.pacing.script import PREFIX, moment_now
from app.campaigns.record.signals import signals
from app.campaigns.sending.leases import claimed_of
from app.database import collection
from models.delivery import DeliveryState as State

SETTLE_SECONDS = 1.5
"""So long nobody goes after a loss: what was allowed before has then reached the ledger."""

_TRIED = [
    State.SENDING,
    State.SENT,
    State.DELIVERED,
    State.BOUNCED,
    State.COMPLAINED,
    State.UNKNOWN,
    State.FAILED,
    State.DEFERRED,
]


async def fill_in(campaign: Mapping[str, Any], limits: Sequence[dict[str, Any]]) -> float:
    """Put the ledger's count into `limits` as their `seed`, or return the seconds to wait before asking again.

    Whoever asks at the same time fills in the same; the script takes the first.
    """
    id = campaign["_id"]
    if await _begun(id):
        wait = await _settling(id)
        if wait > 0:
            return wait
    for limit in limits:
        if limit["kind"] == "day":
            since, slot = datetime.fromtimestamp(limit["begun"], UTC), 3_600.0
        else:
            since, slot = datetime.fromtimestamp(moment_now(), UTC) - timedelta(seconds=limit["seconds"]), limit["slot"]
        limit["seed"] = sorted([*await handed_over(id, since, slot), *await in_hand(id, since)])
    return 0.0


async def _begun(campaign_id: ObjectId) -> bool:
    """Whether anything was ever handed over, so that there is something to have been lost."""
    mine, claimed = {"campaign_id": campaign_id}, {"campaign_id": campaign_id, "sending.at": {"$exists": True}}
    return bool(
        await collection("deliveries").find_one(mine, {"_id": 1}) or await collection("chunks").find_one(claimed, {})
    )


async def handed_over(campaign_id: ObjectId, since: datetime, slot: float) -> list[tuple[float, int]]:
    """What the ledger knows of a campaign's hand-overs since then: (latest time, count) of each slot of seconds.

    Everything that was offered counts, whatever came of it. One indexed read, about 1 s for a million.
    """
    tried = {
        "campaign_id": campaign_id,
        "state": {"$in": _TRIED},
        "updated_at": {"$gte": since},
        "attempts": {"$gt": 0},
    }
    moments = {"at": {"$ifNull": ["$sent_at", "$updated_at"]}}
    number = {"$floor": {"$divide": [{"$toLong": "$at"}, slot * 1000]}}
    rows = await collection("deliveries").aggregate(
        [
            {"$match": tried},
            {"$project": moments},
            {"$match": {"at": {"$gte": since}}},
            {"$group": {"_id": number, "at": {"$max": "$at"}, "count": {"$sum": 1}}},
        ]
    )
    return [(row["at"].timestamp(), row["count"]) async for row in rows]


async def in_hand(campaign_id: ObjectId, since: datetime) -> list[tuple[float, int]]:
    """What is being handed over and not yet in the ledger: (time, count) for each chunk."""
    found: list[tuple[float, int]] = []
    claimed = {"campaign_id": campaign_id, "sending.at": {"$gte": since}}
    async for chunk in collection("chunks").find(claimed, {"sending": 1, "customer_ids": 1}):
        at, ids = chunk["sending"]["at"], claimed_of(chunk.get("customer_ids") or (), chunk["sending"])
        noted = {"_id": {"$in": [f"{campaign_id}:{id}" for id in ids]}, "updated_at": {"$gte": at}}
        count = len(ids) - await collection("deliveries").count_documents(noted)
        if count > 0:
            found.append((at.timestamp(), count))
    return found


async def _settling(campaign_id: Any) -> float:
    """Seconds until what was allowed before the loss is in the ledger, from when the first asker noticed."""
    moment = moment_now()
    over = await signals().set(f"{PREFIX}:{campaign_id}:lost", moment + SETTLE_SECONDS, nx=True, ex=30, get=True)
    return SETTLE_SECONDS if over is None else float(over) - moment
