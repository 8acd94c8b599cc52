"""Send, pause, resume, finish, cancel: each a compare and swap on the campaign, then a word to the workers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beanie import PydanticObjectId

from app.audit import note
from app.auth.authorize import authorize
from app.campaigns.approval.needed import Size, missing_approval
from app.campaigns.audience.kinds import kind_of
from app.campaigns.audience.reach import Estimate, estimate, is_reachable
from app.campaigns.life.fields import fields_of
from app.campaigns.life.lookup import get_campaign
from app.campaigns.life.plan import check_campaign
from app.campaigns.life.series import next_time
from app.campaigns.life.states import move
from app.campaigns.record import signals
from app.campaigns.record.progress import counts_of
from app.campaigns.sending.finalize import finalize
from app.channels.ways_out import check_available
from app.database import collection
from app.errors import Conflict, InvalidInput
from models.campaign import Campaign, CampaignState
from models.campaign_approval import Approval
from models.chunk import ChunkState
from models.member import Member
from models.values import now

State = CampaignState
WAITS = "This campaign waits for a second person's approval. Any change takes the request back."
AS_NEW: dict[str, Any] = {"archived_at": None, "breaker_sent": 0, "breaker_failed": 0}
"""What a campaign begins with."""


async def send(member: Member, id: PydanticObjectId | str) -> Campaign:
    """Launch a draft now, or at its `scheduled_at`; one with `repeat` becomes a series. A scheduled one waits already.

    Where the workspace asks for a second person it stays a draft whose `approval` waits for one, and goes out as asked
    once `approving.approve` was called. Raises InvalidInput naming the field that is missing or wrong, and Conflict
    when it is no draft any more, waits for approval already, or nobody in its segments can be reached.
    """
    await authorize(member, "campaigns.send")
    campaign = await get_campaign(member, id)
    if campaign.state is not State.DRAFT:
        raise Conflict(_not_a_draft(campaign))
    if campaign.approval is not None and campaign.approval.waits:
        raise Conflict(WAITS)
    await check_ready(member, campaign)
    to = State.PREPARING
    if campaign.scheduled_at is not None:
        if campaign.scheduled_at <= now():
            raise InvalidInput.of("scheduled_at", "is in the past; choose a later time, or none to send now")
        to = State.SCHEDULED
    if (size := await missing_approval(campaign)) is not None:
        return await _asked(member, campaign, size)
    launched = {"launched_by": member.id, **AS_NEW}
    return await moved(member, "send", campaign, to, said=fields_of(campaign), **launched)


async def pause(member: Member, id: PydanticObjectId | str) -> Campaign:
    """Stop sending within one micro-batch; nothing is lost. A series makes no further campaigns; those under way go on.

    Raises Conflict unless it is being sent or is a series.
    """
    await authorize(member, "campaigns.send")
    campaign = await get_campaign(member, id)
    if campaign.state not in (State.PREPARING, State.RUNNING) and not _waiting_series(campaign):
        raise Conflict(f"This campaign is {campaign.state}; only one that is being sent can be paused.")
    return await moved(
        member,
        "pause",
        campaign,
        State.PAUSED,
        waiting_reason=None,
        waiting_until=None,
        pause_reason=f"Paused by {member.name or member.email}",
    )


async def resume(member: Member, id: PydanticObjectId | str) -> Campaign:
    """Go on where a paused campaign stopped; a series with the next time that is not past.

    A series that was changed may need a second person's word again, as for `send`. Raises Conflict unless it is paused,
    while it waits for approval, and for a series whose last time went by meanwhile.
    """
    await authorize(member, "campaigns.send")
    campaign = await get_campaign(member, id)
    if campaign.state is not State.PAUSED:
        raise Conflict(f"This campaign is {campaign.state}; only a paused one can be resumed.")
    if campaign.approval is not None and campaign.approval.waits:
        raise Conflict(WAITS)
    if campaign.repeat is not None:
        at = next_time(campaign)
        if at is None:
            raise Conflict("The last time of this campaign went by while it was paused. Change its end, or finish it.")
        if (size := await missing_approval(campaign)) is not None:
            return await _asked(member, campaign, size)
        return await moved(member, "resume", campaign, State.SCHEDULED, pause_reason=None, scheduled_at=at)
    counts = await counts_of(campaign)
    await collection("chunks").update_many(
        {"campaign_id": campaign.id, "state": ChunkState.WAITING},
        {"$set": {"enqueued_at": None, "next_at": None, "attempts": 0}},  # who is deferred keeps that time
    )
    to = State.PREPARING if campaign.audience is None else State.RUNNING
    if to is State.PREPARING and campaign.scheduled_at is not None and campaign.scheduled_at > now():
        to = State.SCHEDULED
    since: dict[str, Any] = {"breaker_sent": counts.sent, "breaker_failed": counts.failed}
    return await moved(member, "resume", campaign, to, pause_reason=None, lease_until=None, **since)


async def finish(member: Member, id: PydanticObjectId | str) -> Campaign:
    """End a standing campaign or a series: nobody else gets it, and whoever got it has it.

    A running one first sends to those who are in it already. Raises Conflict for any other campaign, and for a paused
    one that somebody still waits in.
    """
    await authorize(member, "campaigns.send")
    campaign = await get_campaign(member, id)
    if _waiting_series(campaign) or (campaign.state is State.PAUSED and campaign.repeat is not None):
        ended: dict[str, Any] = {"pause_reason": None, "scheduled_at": None, "finished_at": now()}
        return await moved(member, "finish", campaign, State.DONE, **ended)
    if not campaign.standing or campaign.state not in (State.RUNNING, State.PAUSED):
        raise Conflict(
            f"This campaign is {campaign.state}; only a standing one that has begun, or one that repeats, "
            "can be finished. Others finish by themselves."
        )
    if campaign.state is State.PAUSED and (waiting := (await counts_of(campaign)).pending):
        raise Conflict(f"{waiting:,} people in this campaign still wait. Resume it first, or cancel it.")
    stopped: dict[str, Any] = {"standing": False, "pause_reason": None, "looked_at": now(), "approval": None}
    running = await moved(member, "finish", campaign, State.RUNNING, **stopped)
    assert running.id is not None
    await finalize(running.id)  # at once when nobody waits; else the workers do it when they are through
    return await get_campaign(member, running.id)


async def cancel(member: Member, id: PydanticObjectId | str) -> Campaign:
    """Stop for good within one micro-batch; who was not written to counts as skipped. Raises Conflict when it ended.

    Of a series the campaigns that it has made go on; each can be cancelled by itself.
    """
    await authorize(member, "campaigns.send")
    campaign = await get_campaign(member, id)
    if campaign.state not in (State.SCHEDULED, State.PREPARING, State.RUNNING, State.PAUSED):
        raise Conflict(f"This campaign is {campaign.state}; there is nothing to cancel.")
    idle: dict[str, Any] = {"waiting_reason": None, "waiting_until": None, "pause_reason": None}
    return await moved(member, "cancel", campaign, State.CANCELLED, **idle)


async def moved(
    member: Member,
    action: str,
    campaign: Campaign,
    to: CampaignState,
    said: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Campaign:
    """Swap the state, tell the workers, leave a line in the audit log. Raises Conflict when somebody was faster."""
    after_move = await move(campaign, to, **changes)
    if after_move is None:
        raise Conflict("This campaign changed meanwhile; load it again.")
    await signals.wake()
    before, after = {"state": campaign.state}, {**(said or {}), "state": to}
    await note(member, f"campaign.{action}", id=campaign.id, name=campaign.name, before=before, after=after)
    return after_move


async def _asked(member: Member, campaign: Campaign, size: Size) -> Campaign:
    """Where it stands, with a second person's word asked for. Who asked is who sends it, once it is approved."""
    approval = Approval(people=size.people, rules=size.rules, requested_by=member.id)
    told = {**fields_of(campaign), "people": size.people}
    changes = {"approval": approval.model_dump(), "launched_by": member.id, "archived_at": None}
    return await moved(member, "ask", campaign, campaign.state, said=told, **changes)


def _waiting_series(campaign: Campaign) -> bool:
    return campaign.state is State.SCHEDULED and campaign.repeat is not None


async def check_ready(member: Member, campaign: Campaign) -> None:
    """Raise InvalidInput naming what is missing before it can go out, Conflict when nobody can be reached."""
    check_available(campaign.channel)
    for field, value, message in (
        ("subject", campaign.subject or not kind_of(campaign.channel).subject_needed, "write a subject before sending"),
        ("body", campaign.body.strip(), "write a message before sending"),
        ("segment_ids", campaign.segment_ids, "choose at least one segment to send to"),
    ):
        if not value:
            raise InvalidInput.of(field, message)
    await check_campaign(fields_of(campaign))
    if campaign.repeat or campaign.standing:
        return  # whoever is in the segments by then gets it
    whom = campaign.segment_ids, campaign.exclude_segment_ids, campaign.channel
    if await is_reachable(*whom):
        return  # how many there are is counted when they are frozen
    reach = await estimate(member, *whom)
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
