"""A second person's word: what was asked for goes out exactly so, or not at all."""

from __future__ import annotations

from typing import Any

from beanie import PydanticObjectId

from app.audit import note
from app.auth.authorize import authorize
from app.campaigns.approval.needed import Size, covers, missing_approval, size_of
from app.campaigns.life.control import AS_NEW, check_ready, moved
from app.campaigns.life.lookup import get_campaign
from app.campaigns.life.series import next_time
from app.campaigns.life.states import move
from app.campaigns.record.progress import counts_of
from app.errors import Conflict, InvalidInput, PermissionDenied
from models.campaign import Campaign
from models.campaign import CampaignState as State
from models.campaign_approval import Approval, ApprovalState
from models.member import Member
from models.values import now

REASON_CHARACTERS = 300


def may_decide(member: Member, approval: Approval) -> bool:
    """Whether the member is another person than the one who asked; the role is another matter."""
    return member.id is not None and member.id != approval.requested_by


async def approve(member: Member, id: PydanticObjectId | str) -> Campaign:
    """Send what another member asked for: now, at its time, or as the series or standing campaign that it is.

    Nobody approves what they asked for themselves, and no API key approves anything. Raises PermissionDenied, Conflict
    when nothing waits or when the audience or its rules changed since (it then waits for a new look, with the number of
    now), InvalidInput when its time went by, and whatever `send` raises.
    """
    await authorize(member, "campaigns.approve")
    campaign, approval = await _waiting(member, id)
    _require_second(member, approval)
    if campaign.state is State.DRAFT:
        await check_ready(member, campaign)
    size = await size_of(campaign)
    given = approval.model_copy(update=_decision(member, ApprovalState.APPROVED))
    if not covers(given, size) and await missing_approval(campaign) is not None:
        await _ask_again(campaign, approval, size)
    to, changes = await _way_on(campaign, approval)
    said = {"people": size.people, "requested_by": str(approval.requested_by or "")}
    given = given.model_copy(update={"people": size.people, "rules": size.rules})
    changes |= {"approval": given.model_dump(), "launched_by": approval.requested_by}
    return await moved(member, "approve", campaign, to, said=said, **changes)


async def decline(member: Member, id: PydanticObjectId | str, reason: str) -> Campaign:
    """Do not send it, for this reason (1 to 300 characters). It stays as it is; whoever asked can change it and ask
    again. Raises what `approve` raises, and InvalidInput naming `reason`.
    """
    await authorize(member, "campaigns.approve")
    words = " ".join(reason.split())
    if not words or len(words) > REASON_CHARACTERS or not words.isprintable():
        raise InvalidInput.of("reason", f"should say why, in {REASON_CHARACTERS} characters at most")
    campaign, approval = await _waiting(member, id)
    _require_second(member, approval)
    given = approval.model_copy(update={**_decision(member, ApprovalState.DECLINED), "reason": words})
    return await moved(member, "decline", campaign, campaign.state, said={"reason": words}, approval=given.model_dump())


async def withdraw(member: Member, id: PydanticObjectId | str) -> Campaign:
    """Take the request back. Raises Conflict when nothing waits."""
    await authorize(member, "campaigns.send")
    campaign, _ = await _waiting(member, id)
    return await moved(member, "withdraw", campaign, campaign.state, approval=None)


async def note_taken_back(member: Member, before: Campaign) -> None:
    """Leave a line for an approval, asked for or given, that a change of the campaign has ended."""
    if before.approval is not None:
        was = {"approval": before.approval.state, "people": before.approval.people}
        await note(member, "campaign.withdraw", id=before.id, name=before.name, before=was, after={"approval": None})


def _decision(member: Member, state: ApprovalState) -> dict[str, Any]:
    return {"state": state, "decided_by": member.id, "decided_at": now(), "reason": ""}


def _require_second(member: Member, approval: Approval) -> None:
    if not may_decide(member, approval):
        raise PermissionDenied("You asked for this yourself; another manager or owner has to decide.")


async def _waiting(member: Member, id: PydanticObjectId | str) -> tuple[Campaign, Approval]:
    campaign = await get_campaign(member, id)
    if campaign.approval is None or not campaign.approval.waits:
        raise Conflict("This campaign does not wait for approval.")
    return campaign, campaign.approval


async def _ask_again(campaign: Campaign, approval: Approval, size: Size) -> None:
    asked = approval.model_copy(update={"people": size.people, "rules": size.rules, "requested_at": now()})
    await move(campaign, campaign.state, approval=asked.model_dump())
    what = "Its segments were changed" if size.rules != approval.rules else "Its audience grew"
    raise Conflict(
        f"{what} since approval was asked for: it would go to {size.people:,} people now, not {approval.people:,}. "
        "Look at it again, then approve."
    )


async def _way_on(campaign: Campaign, approval: Approval) -> tuple[State, dict[str, Any]]:
    """The state that was asked for, and what is written along."""
    if campaign.state is State.PAUSED and campaign.repeat is not None:
        at = next_time(campaign)
        if at is None:
            raise Conflict("The last time of this campaign went by while it waited. Change its end, or finish it.")
        return State.SCHEDULED, {"pause_reason": None, "scheduled_at": at}
    if campaign.state is State.PAUSED:
        counts = await counts_of(campaign)
        return State.RUNNING, {
            "pause_reason": None,
            "lease_until": None,
            "breaker_sent": counts.sent,
            "breaker_failed": counts.failed,
        }
    if campaign.state is not State.DRAFT:
        raise Conflict(f"This campaign is {campaign.state}; there is nothing to approve.")
    at = campaign.scheduled_at
    if at is None or (approval.held and at <= now() and campaign.repeat is None):
        return State.PREPARING, dict(AS_NEW)
    if at <= now():
        raise InvalidInput.of("scheduled_at", "went by while it waited; choose a later time, then ask again")
    return State.SCHEDULED, dict(AS_NEW)
