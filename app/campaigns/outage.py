"""A mail server that cannot be used: the campaign waits and says why, and goes on when the server is back."""

from __future__ import annotations

import structlog
from bson import ObjectId

from app.campaigns import signals
from app.campaigns.progress import publish_hint
from app.database import collection
from models.campaign import CampaignState
from models.chunk import ChunkState

log = structlog.get_logger(__name__)


async def note_away(campaign_id: ObjectId, reason: str) -> None:
    """Let a running campaign show this reason."""
    changed = await collection("campaigns").update_one(
        {"_id": campaign_id, "state": CampaignState.RUNNING, "waiting_reason": {"$ne": reason}},
        {"$set": {"waiting_reason": reason}},
    )
    if changed.modified_count:
        log.warning("campaign waits", campaign=str(campaign_id), reason=reason)
    await publish_hint(campaign_id)


async def note_back(campaign_id: ObjectId) -> None:
    """The first success after an outage: take the reason away and let the chunks that waited go on at once."""
    await collection("campaigns").update_one({"_id": campaign_id}, {"$set": {"waiting_reason": None}})
    await collection("chunks").update_many(
        {"campaign_id": campaign_id, "state": ChunkState.WAITING, "attempts": {"$gt": 0}},
        {"$set": {"next_at": None, "attempts": 0}},
    )
    log.info("campaign goes on", campaign=str(campaign_id))
    await signals.wake()
