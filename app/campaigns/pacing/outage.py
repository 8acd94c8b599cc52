"""A campaign that does not move for now: it says why, goes on by itself, and stops when that lasts too long."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from bson import ObjectId
from pymongo import ReturnDocument

from app.campaigns.life.states import swap
from app.campaigns.record import signals
from app.campaigns.record.progress import publish_hint
from app.database import collection
from models.campaign import CampaignState, Channel
from models.chunk import ChunkState
from models.values import now

KNOCKS = 20
"""Errors in a row, in connecting or signing in, after which a campaign is paused."""

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 30.0
"""An error is counted when so long has passed since the last counted one: 1 s, then twice as long each time, as one
channel object knocks. However many processes and chunks knock, a minute's outage counts 7 and twenty take 7 minutes.
"""

SETTING_OF = {Channel.SMS: "SMS_URL", Channel.WEBHOOK: "WEBHOOK_URL"}

log = structlog.get_logger(__name__)


async def note_away(campaign_id: ObjectId, reason: str) -> None:
    """The channel's server cannot be used: a running campaign says so, and pauses at the twentieth in a row."""
    running = {"_id": campaign_id, "state": CampaignState.RUNNING}
    before = await collection("campaigns").find_one_and_update(
        running, _counted(reason, now()), {"waiting_reason": 1}, return_document=ReturnDocument.BEFORE
    )
    if before is None:
        return
    if before.get("waiting_reason") != reason:
        log.warning("campaign waits", campaign=str(campaign_id), reason=reason)
    tired = await collection("campaigns").find_one(
        {**running, "away": {"$gte": KNOCKS}}, {"state": 1, "version": 1, "away": 1, "channel": 1}
    )
    if tired is None:
        await publish_hint(campaign_id)
        return
    words = _pause_words(reason, tired["away"], Channel(tired["channel"]))
    await swap(
        campaign_id, tired["state"], tired["version"], CampaignState.PAUSED, pause_reason=words, **_NOTHING, away=0
    )
    await _chunks_go_on(campaign_id)
    log.warning("campaign paused", campaign=str(campaign_id), reason=words)


async def note_back(campaign_id: ObjectId) -> None:
    """A message was taken: the outage is over, and the chunks that waited for its end go on at once.

    The reason goes too, unless it is a limit of the campaign's own that has no room yet.
    """
    moment = now()
    ours = {"_id": campaign_id, "$or": [{"waiting_until": None}, {"waiting_until": {"$lte": moment}}]}
    await collection("campaigns").update_one(ours, {"$set": _NOTHING})
    counted = await collection("campaigns").update_one(
        {"_id": campaign_id, "away": {"$gt": 0}}, {"$set": {"away": 0, "away_at": None}}
    )
    if counted.modified_count:
        await _chunks_go_on(campaign_id)
        log.info("campaign goes on", campaign=str(campaign_id))
        await signals.wake()


async def note_limit(campaign_id: ObjectId, reason: str, until: datetime) -> None:
    """A limit of the campaign's own is used up: a running campaign shows the reason until then."""
    changed = await collection("campaigns").update_one(
        {"_id": campaign_id, "state": CampaignState.RUNNING},
        {"$set": {"waiting_reason": reason, "waiting_until": until}},
    )
    if changed.modified_count:
        log.info("campaign waits", campaign=str(campaign_id), reason=reason, until=until.isoformat())
        await publish_hint(campaign_id)


async def _chunks_go_on(campaign_id: ObjectId) -> None:
    """Those that waited for the server are due at once."""
    await collection("chunks").update_many(
        {"campaign_id": campaign_id, "state": ChunkState.WAITING, "attempts": {"$gt": 0}},
        {"$set": {"next_at": None, "attempts": 0}},
    )


_NOTHING: dict[str, Any] = {"waiting_reason": None, "waiting_until": None}


def _counted(reason: str, moment: datetime) -> list[dict[str, Any]]:
    """The update that shows `reason` and counts one more, unless the last was counted a moment ago.

    The count begins anew when the campaign was started or resumed since.
    """
    begun = {"$lt": [{"$ifNull": ["$away_at", moment]}, {"$ifNull": ["$updated_at", moment]}]}
    unknown = {"$eq": [{"$ifNull": ["$away_at", None]}, None]}
    doubled = {"$multiply": [FIRST_SECONDS * 1000, {"$pow": [2, {"$subtract": [{"$min": ["$away", 30]}, 1]}]}]}
    # A knock comes when its pause is over, give or take the time the answer takes.
    pause = {"$multiply": [0.9, {"$min": [doubled, LONGEST_SECONDS * 1000]}]}
    due = {"$gte": [{"$subtract": [moment, "$away_at"]}, pause]}
    change = {
        "$switch": {
            "branches": [
                {"case": {"$or": [unknown, begun]}, "then": {"away": 1, "away_at": moment}},
                {"case": due, "then": {"away": {"$add": ["$away", 1]}, "away_at": moment}},
            ],
            "default": {"away": "$away", "away_at": "$away_at"},
        }
    }
    shown = {"waiting_reason": {"$literal": reason}, "waiting_until": None}
    return [{"$replaceWith": {"$mergeObjects": ["$$ROOT", shown, change]}}]


def _pause_words(reason: str, times: int, channel: Channel) -> str:
    signing_in = "sign-in" in reason or "535" in reason
    what = f"{times} failed sign-ins" if signing_in else f"{times} failed attempts to reach it"
    setting = SETTING_OF.get(channel, "SMTP_URL")
    words = reason if reason.endswith((".", "!", "?")) else f"{reason}."
    return f"Paused after {what}: {words} Check {setting}, then resume."
