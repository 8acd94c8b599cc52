"""Sending policy: from how many people on a campaign needs a second person."""

from __future__ import annotations

from app.auth.permissions import allowed
from app.campaigns.approval.needed import LEAST_MARGIN, MARGIN_PERCENT
from app.campaigns.approval.policy import Policy, approval_policy, set_approval_above
from app.errors import InvalidInput
from models import Member
from pages.components import (
    Region,
    box,
    button,
    card,
    icon,
    number,
    number_field,
    show_errors,
    skeleton_block,
    text,
    toast,
)
from pages.frame import frame, page
from pages.settings_tabs import settings_tabs


@page("/settings/policy", permission="campaigns.read", title="Sending policy")
async def settings_policy(member: Member) -> None:
    """What counts now, and for owners the field that changes it."""

    async def draw() -> None:
        await _draw(member, region)

    with frame(member, "Settings", "Who looks before many people get something"):
        settings_tabs(member, "policy")
        region = Region(draw, lambda: skeleton_block(200), css="stack gap-4 settings-narrow")
    await region.load()


async def _draw(member: Member, region: Region) -> None:
    policy = await approval_policy(member)
    with card("A second person's approval", note="For campaigns to many people"), box("stack gap-4"):
        with box(f"banner {'info' if policy.above else 'gray'}"):
            icon("shield-check")
            text(_stands(policy, member.locale), "min-w-0").mark("policy")
        if allowed(member, "policies.manage"):
            _field(member, policy, region)
        else:
            text("An owner of this workspace can change it.", "muted")
        if policy.above and policy.approvers < 2:
            with box("banner warn"):
                icon("triangle-alert")
                text(_too_few(policy), "min-w-0").mark("too-few")
        with box("stack gap-2 muted t12"):
            for words in _rules():
                text(words, tag="p")


def _field(member: Member, policy: Policy, region: Region) -> None:
    floor = f" {number(policy.floor, member.locale)} at most, which APPROVAL_ABOVE asks for." if policy.floor else ""
    above = number_field(
        "Ask when more people than this would get it", policy.own or None, hint=f"Empty or 0 asks for nobody.{floor}"
    )

    async def save() -> None:
        wanted = above.value or 0
        try:
            if wanted != int(wanted):
                raise InvalidInput.of("above", "should be a whole number of people")
            await set_approval_above(member, int(wanted))
        except InvalidInput as problem:
            show_errors({"above": above}, problem)
            return
        toast("Saved")
        await region.load()

    with box("line"):
        button("Save", kind="primary", on_click=save)


def _stands(policy: Policy, locale: str) -> str:
    if not policy.above:
        return "Nobody is asked: whoever may send campaigns sends them to as many people as they choose."
    where = " That is what APPROVAL_ABOVE asks for." if policy.above == policy.floor else ""
    people = number(policy.above, locale)
    return f"A campaign that would go to more than {people} people waits until somebody else approves it.{where}"


def _too_few(policy: Policy) -> str:
    if not policy.approvers:
        return "Nobody here could approve. Make somebody a manager."
    return "Only one member could approve, and nobody approves their own. Make a second manager or owner."


def _rules() -> tuple[str, ...]:
    return (
        "Managers and owners approve, never what they asked for themselves, and never by an API key.",
        "Any change of the campaign or of the rules of its segments takes an approval back.",
        f"It covers {MARGIN_PERCENT} % more people than were counted when it was asked for, at least {LEAST_MARGIN}, "
        "because segments live. Beyond that the campaign asks again, also when it has been scheduled.",
        "A series is approved once for all its times, a standing campaign until it has grown past what was approved.",
    )
