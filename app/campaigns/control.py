"""Send, pause, resume, cancel, retry: each a compare and swap on the campaign, then a word to the workers."""

from __future__ import annotations

from typing import Any, Literal

from beanie import PydanticObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from app.auth.permissions import require
from app.campaigns import signals
from app.campaigns.audience import Estimate, estimate
from app.campaigns.lookup import get_campaign
from app.campaigns.progress import counts_of, publish_hint
from app.campaigns.rendering import check_message
from app.campaigns.states import move
from app.channels.ways_out import check_available
from app.database import collection, in_transaction
from app.errors import Conflict, InvalidInput
from models.campaign import Campaign, CampaignState
from models.chunk import ChunkState
from models.member import Member
from models.values import now

State = CampaignState


async def send(member: Member, id: PydanticObjectId | str) -> Campaign:
    """Launch a draft now, or at its `scheduled_at`; a scheduled one waits already.

    Raises InvalidInput naming the field that is missing or wrong, and Conflict when it is no draft any more or nobody
    in its segments can be reached.
    """
    require(member, "campaigns.send")
    campaign = await get_campaign(member, id)
    if campaign.state is not State.DRAFT:
        raise Conflict(_not_a_draft(campaign))
    await _check_ready(member, campaign)
    to = State.PREPARING
    if campaign.scheduled_at is not None:
        if campaign.scheduled_at <= now():
            raise InvalidInput.of("scheduled_at", "is in the past; choose a later time, or none to send now")
        to = State.SCHEDULED
    return await _moved(campaign, to, launched_by=member.id, breaker_sent=0, breaker_failed=0)


async def pause(member: Member, id: PydanticObjectId | str) -> Campaign:
    """Stop sending within one micro-batch; nothing is lost. Raises Conflict unless it is being sent."""
    require(member, "campaigns.send")
    campaign = await get_campaign(member, id)
    if campaign.state not in (State.PREPARING, State.RUNNING):
        raise Conflict(f"This campaign is {campaign.state}; only one that is being sent can be paused.")
    return await _moved(
        campaign, State.PAUSED, waiting_reason=None, pause_reason=f"Paused by {member.name or member.email}"
    )


async def resume(member: Member, id: PydanticObjectId | str) -> Campaign:
    """Go on where a paused campaign stopped. Raises Conflict unless it is paused."""
    require(member, "campaigns.send")
    campaign = await get_campaign(member, id)
    if campaign.state is not State.PAUSED:
        raise Conflict(f"This campaign is {campaign.state}; only a paused one can be resumed.")
    counts = await counts_of(campaign)
    await collection("chunks").update_many(
        {"campaign_id": campaign.id, "state": ChunkState.WAITING}, {"$set": {"enqueued_at": None}}
    )
    to = State.PREPARING if campaign.audience is None else State.RUNNING
    return await _moved(
        campaign, to, pause_reason=None, breaker_sent=counts.sent, breaker_failed=counts.failed, lease_until=None
    )


async def cancel(member: Member, id: PydanticObjectId | str) -> Campaign:
    """Stop for good within one micro-batch; who was not written to counts as skipped. Raises Conflict when it ended."""
    require(member, "campaigns.send")
    campaign = await get_campaign(member, id)
    if campaign.state not in (State.SCHEDULED, State.PREPARING, State.RUNNING, State.PAUSED):
        raise Conflict(f"This campaign is {campaign.state}; there is nothing to cancel.")
    return await _moved(campaign, State.CANCELLED, waiting_reason=None, pause_reason=None)


async def retry(member: Member, id: PydanticObjectId | str, what: Literal["failed", "unknown"] = "failed") -> Campaign:
    """Try the failed deliveries of a finished campaign again, or the unknown ones, which may then arrive twice.

    Consent and suppression are checked again. Raises Conflict unless the campaign is done and has such deliveries.
    """
    require(member, "campaigns.send")
    if what not in ("failed", "unknown"):
        raise InvalidInput.of("what", "should be failed or unknown")
    campaign = await get_campaign(member, id)
    if campaign.state is not State.DONE:
        raise Conflict(f"This campaign is {campaign.state}; messages can be tried again when it is done.")
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
        await collection("chunks").update_many(wanted, {"$set": reopened}, session=session)
        return swapped.matched_count == 1

    if not await in_transaction(reopen):
        raise Conflict("This campaign changed meanwhile; load it again.")
    assert campaign.id is not None
    await publish_hint(campaign.id, at_once=True)
    await signals.wake()
    return await get_campaign(member, campaign.id)


async def _moved(campaign: Campaign, to: CampaignState, **changes: Any) -> Campaign:
    moved = await move(campaign, to, **changes)
    if moved is None:
        raise Conflict("This campaign changed meanwhile; load it again.")
    await signals.wake()
    return moved


async def _check_ready(member: Member, campaign: Campaign) -> None:
    check_available(campaign.channel)
    for field, value, message in (
        ("subject", campaign.subject, "write a subject before sending"),
        ("body", campaign.body, "write a message before sending"),
        ("segment_ids", campaign.segment_ids, "choose at least one segment to send to"),
    ):
        if not (value.strip() if isinstance(value, str) else value):
            raise InvalidInput.of(field, message)
    check_message(campaign.subject, campaign.body)
    reach = await estimate(member, campaign.segment_ids, campaign.exclude_segment_ids, campaign.channel)
    if not reach.reachable:
        raise Conflict(_nobody(reach))


def _nobody(reach: Estimate) -> str:
    if not reach.audience:
        return "Nobody is in these segments, so there is nobody to send to."
    reasons = "; ".join(f"{count:,}: {why[0].lower()}{why[1:]}" for why, count in reach.skipped.items())
    people = "The one person" if reach.audience == 1 else f"None of the {reach.audience:,} people"
    end = "cannot be reached" if reach.audience == 1 else "can be reached"
    return f"{people} in these segments {end} ({reasons})."


def _not_a_draft(campaign: Campaign) -> str:
    if campaign.state is State.SCHEDULED and campaign.scheduled_at is not None:
        return f"This campaign is already scheduled for {campaign.scheduled_at:%Y-%m-%d %H:%M} UTC."
    return f"This campaign is {campaign.state}; only a draft can be sent. Duplicate it to send it again."
