"""A campaign that needs a second person: who asked, for how many, and the two buttons of whoever may decide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from app.auth.permissions import allowed
from app.campaigns.approval.needed import most_people
from app.campaigns.life.approving import REASON_CHARACTERS, may_decide
from app.campaigns.life.service import approve, decline, withdraw
from app.errors import Conflict, InvalidInput
from models import Campaign, Member
from models.campaign import CampaignState
from models.campaign_approval import Approval, ApprovalState
from pages.components import (
    ago_label,
    button,
    card,
    confirm,
    icon,
    moment,
    number,
    plural,
    show_errors,
    text,
    textarea,
    toast,
    zone_of,
)
from pages.components.text import box

Done = Callable[[], Awaitable[None]]


async def draw_approval(member: Member, campaign: Campaign, done: Done) -> None:
    """The card; nothing for a campaign that nobody has asked approval for. `done` is called once somebody decided."""
    approval = campaign.approval
    if approval is None or (approval.state is ApprovalState.APPROVED and campaign.state is not CampaignState.SCHEDULED):
        return
    by = await _name(approval.requested_by, "Somebody who has left")
    if approval.state is ApprovalState.APPROVED:
        decider = await _name(approval.decided_by, "A former member")
        with card(css="p-0"), box("banner good"):
            icon("shield-check")
            text(f"{decider} approved this for {_people(approval, member)}. Any change takes the approval back.")
        return
    with card(css="p-0") as surface:
        surface.mark("approval")
        if approval.state is ApprovalState.DECLINED:
            decider = await _name(approval.decided_by, "A former member")
            with box("banner bad"):
                icon("circle-x")
                with box("stack gap-1 min-w-0"):
                    text(f"{decider} declined it: {approval.reason}", "medium break-words")
                    text(f"{by} asked to send it. Change what is wrong, then ask again.")
            return
        with box("banner warn"):
            icon("hourglass")
            with box("stack gap-1 min-w-0"):
                text(_asks(approval, campaign, by, member), "medium break-words")
                text(_rest(approval, campaign, member), "break-words")
        with box("approval-foot"):
            with box("muted t12"):
                ago_label(approval.requested_at, member)
            _buttons(member, campaign, approval, by, done)


def _buttons(member: Member, campaign: Campaign, approval: Approval, by: str, done: Done) -> None:
    id = str(campaign.id)

    async def take_back() -> None:
        await withdraw(member, id)
        toast("Request taken back")
        await done()

    async def yes() -> None:
        action = _verb(approval, campaign, member)
        what = f"{by} asked for it. {_begins(campaign, member)} The message is shown below."
        if not await confirm(f"{action}: {campaign.name}?", what, action=action, cancel="Not yet"):
            return
        try:
            await approve(member, id)
            toast("Approved")
        except (Conflict, InvalidInput) as problem:
            toast(problem.detail, "bad")
        await done()

    async def no() -> None:
        if await _decline(member, campaign, by):
            toast("Declined")
            await done()

    with box("line gap-2 flex-wrap"):
        if allowed(member, "campaigns.approve") and may_decide(member, approval):
            button("Decline", icon="x", on_click=no)
            button("Approve", icon="check", kind="primary", on_click=yes)
        elif allowed(member, "campaigns.send"):
            button("Take the request back", icon="undo-2", on_click=take_back)


async def _decline(member: Member, campaign: Campaign, by: str) -> bool:
    """Ask why, and decline; False when it was left."""
    with ui.dialog() as dialog, box("dialog").props("role=dialog aria-modal=true"):
        text(f"Decline {campaign.name}?", "t16", tag="h2")
        text(f"Nobody gets it. {by} sees why, and can change it and ask again.", "muted", tag="p")
        reason = textarea("Why", hint=f"{REASON_CHARACTERS} characters at most", rows=3)

        async def say() -> None:
            try:
                await decline(member, str(campaign.id), reason.value or "")
            except InvalidInput as problem:
                show_errors({"reason": reason}, problem)
                return
            dialog.submit(True)

        with box("acts"):
            button("Not yet", on_click=lambda: dialog.submit(False))
            button("Decline", kind="danger", on_click=say)
    answer = await dialog
    if not dialog.is_deleted:
        dialog.delete()
    return bool(answer)


def _asks(approval: Approval, campaign: Campaign, by: str, member: Member) -> str:
    if approval.held:
        verb = "It was to begin, and would go" if campaign.state is CampaignState.DRAFT else "By now it would go"
        return f"{verb} to {_people(approval, member)}. That needs a second person."
    return f"{by} asks to send this to {_people(approval, member)}. That needs a second person."


def _rest(approval: Approval, campaign: Campaign, member: Member) -> str:
    who = "A manager or an owner other than who asked for it has to approve it."
    most = f"It covers up to {number(most_people(approval.people), member.locale)} people, should the segments grow."
    if approval.requested_by == member.id:
        return f"You asked for this, so somebody else has to approve it. {_begins(campaign, member)}"
    if allowed(member, "campaigns.approve"):
        return f"{_begins(campaign, member)} {most}"
    return f"{who} {_begins(campaign, member)}"


def _begins(campaign: Campaign, member: Member) -> str:
    if campaign.state is CampaignState.PAUSED:
        return "Once approved it goes on at once."
    at = campaign.scheduled_at
    if at is not None and not (campaign.approval and campaign.approval.held):
        return f"Once approved it goes out on {moment(at, zone_of(member), member.locale)}."
    return "Once approved it goes out at once."


def _verb(approval: Approval, campaign: Campaign, member: Member) -> str:
    later = campaign.scheduled_at is not None and not approval.held and campaign.state is CampaignState.DRAFT
    return f"{'Schedule for' if later else 'Send to'} {_people(approval, member)}"


def _people(approval: Approval, member: Member) -> str:
    return plural(approval.people, "person", "people", member.locale)


async def _name(id: object, otherwise: str) -> str:
    found = await Member.get(id) if id is not None else None  # type: ignore[arg-type]  # an id of a member, or none
    return (found.name or found.email) if found else otherwise
