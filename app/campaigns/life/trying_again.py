"""Trying again, by hand, what failed or what nobody knows the end of."""

from __future__ import annotations

from typing import Literal

from beanie import PydanticObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from app.audit import note
from app.auth.authorize import authorize
from app.campaigns.life.lookup import get_campaign
from app.campaigns.record import signals
from app.campaigns.record.progress import counts_of, publish_hint
from app.database import collection, in_transaction
from app.errors import Conflict, InvalidInput
from models.campaign import Campaign
from models.campaign import CampaignState as State
from models.chunk import ChunkState
from models.member import Member
from models.values import now


async def retry(member: Member, id: PydanticObjectId | str, what: Literal["failed", "unknown"] = "failed") -> Campaign:
    """Try the failed deliveries of a finished campaign again, or the unknown ones, which may then arrive twice.

    Consent and suppression are checked again. Raises Conflict unless the campaign is done and has such deliveries: one
    that is being sent tries again by itself, and a cancelled one was stopped for good by somebody who meant it.
    """
    await authorize(member, "campaigns.send")
    if what not in ("failed", "unknown"):
        raise InvalidInput.of("what", "should be failed or unknown")
    campaign = await get_campaign(member, id)
    if campaign.state is not State.DONE:
        raise Conflict(_not_done(campaign))
    mine = {"campaign_id": campaign.id, "state": what}
    numbers = [
        row["_id"]
        async for row in await collection("deliveries").aggregate([{"$match": mine}, {"$group": {"_id": "$chunk"}}])
    ]
    if not numbers:
        raise Conflict(f"No message of this campaign is {what}.")
    counts = await counts_of(campaign)
    wanted = {"campaign_id": campaign.id, "n": {"$in": numbers}, "state": ChunkState.DONE}
    reopened = {"state": ChunkState.WAITING, "retry": what, "next_at": None, "enqueued_at": None}

    async def reopen(session: AsyncClientSession) -> bool:
        swapped = await collection("campaigns").update_one(
            {"_id": campaign.id, "state": State.DONE, "version": campaign.version},
            {
                "$set": {
                    "state": State.RUNNING,
                    "updated_at": now(),
                    "finished_at": None,
                    "breaker_sent": counts.sent,
                    "breaker_failed": counts.failed,
                },
                "$inc": {"version": 1},
            },
            session=session,
        )
        if swapped.matched_count:
            await collection("chunks").update_many(wanted, {"$set": reopened}, session=session)
        return swapped.matched_count == 1

    if not await in_transaction(reopen):
        raise Conflict("This campaign changed meanwhile; load it again.")
    assert campaign.id is not None
    await publish_hint(campaign.id, at_once=True)
    await signals.wake()
    after = {"state": State.RUNNING, "again": what}
    before = {"state": campaign.state}
    await note(member, "campaign.retry", id=campaign.id, name=campaign.name, before=before, after=after)
    return await get_campaign(member, campaign.id)


def _not_done(campaign: Campaign) -> str:
    if campaign.state is State.CANCELLED:
        return "This campaign was cancelled, which is for good. Duplicate it to send it again."
    return f"This campaign is {campaign.state}; messages can be tried again when it is done."
