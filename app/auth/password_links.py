"""Links to a password of one's own: for who was invited and for who forgot it.

A link is signed and carries the member's token_version, which every new password moves on: so it is good once, ends
when a newer one is used, and nothing has to be kept.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from beanie import PydanticObjectId
from bson import ObjectId

from app.audit import note
from app.auth.authorize import authorize
from app.auth.endings import token_version_moved
from app.auth.letters import send_letter
from app.auth.members import create_member, member_email
from app.auth.passwords import check_choice, hash_password
from app.auth.tokens import read_link, sign_link
from app.database import collection
from app.errors import Conflict, InvalidInput, NotFound
from app.limits.members import LETTERS, count
from app.settings import get_settings
from models.member import Member, Role

Purpose = Literal["join", "reset"]

GOOD_FOR: dict[Purpose, timedelta] = {"join": timedelta(days=7), "reset": timedelta(hours=1)}


@dataclass(frozen=True, kw_only=True)
class PasswordLink:
    """A link to pass on to `member`; `mailed` if the mail server has taken it to them."""

    member: Member
    link: str
    mailed: bool


async def invite(member: Member, *, email: str, name: str = "", role: Role = Role.MARKETER) -> PasswordLink:
    """A new member without a password, and the link by which they choose one; good for seven days.

    Raises InvalidInput for a wrong address or name, Conflict when the address is taken.
    """
    await authorize(member, "members.manage")
    await count(LETTERS, member)
    invited = await create_member(member, email=email, name=name, role=role)
    return await _invitation(member, invited)


async def invite_again(member: Member, member_id: PydanticObjectId) -> PasswordLink:
    """A fresh link for who has not joined yet; the one before ends. Raises NotFound, and Conflict when they have."""
    await authorize(member, "members.manage")
    await count(LETTERS, member)
    invited = await _moved_on(member_id)
    if invited.password_hash is not None:
        raise Conflict("This member has joined already.")
    await note(member, "member.invite-again", id=member_id, name=invited.email)
    return await _invitation(member, invited)


async def reset_link(member: Member, member_id: PydanticObjectId) -> PasswordLink:
    """A link to a new password that an owner passes on, good for an hour. Links before it end, and every session."""
    await authorize(member, "members.manage")
    await count(LETTERS, member)
    found = await _moved_on(member_id)
    link = _link("reset", found)
    await note(member, "member.reset-link", id=member_id, name=found.email)
    return PasswordLink(member=found, link=link, mailed=await _mail_reset(found, link))


async def request_reset(email: str) -> None:
    """Mail a link to whoever has this address. Answers the same for everybody; call it where nobody waits for it."""
    try:
        found = await Member.find_one({"email": member_email(email), "active": True})
    except InvalidInput:
        return
    if found is not None:
        await _mail_reset(found, _link("reset", found))


async def read_password_link(purpose: Purpose, token: str) -> Member:
    """Whom this link lets choose a password. Raises NotFound for one that was used, replaced or has expired."""
    ended = NotFound("This link has been used already, or it has expired.")
    try:
        said = read_link(purpose, token)
    except InvalidInput as problem:
        raise ended from problem
    id = said.get("m")
    found = await Member.get(PydanticObjectId(id)) if isinstance(id, str) and ObjectId.is_valid(id) else None
    if found is None or not found.active or found.token_version != said.get("v"):
        raise ended
    return found


async def use_password_link(purpose: Purpose, token: str, password: str) -> Member:
    """Set the password and use the link up; every session of the member ends.

    Raises NotFound like `read_password_link`, InvalidInput naming `password`; the link stays good then.
    """
    found = await read_password_link(purpose, token)
    check_choice(password, found.email, name=found.name)
    hashed = await asyncio.to_thread(hash_password, password)
    changed = await collection("members").update_one(
        {"_id": found.id, "token_version": found.token_version, "active": True},
        {"$set": {"password_hash": hashed}, "$inc": {"token_version": 1}},
    )
    if not changed.matched_count or found.id is None:
        raise NotFound("This link has just been used.")
    await token_version_moved(found.id)
    fresh = await Member.get(found.id)
    assert fresh is not None
    await note(fresh, f"member.{purpose}", id=fresh.id, name=fresh.email)
    return fresh


async def _invitation(member: Member, invited: Member) -> PasswordLink:
    link = _link("join", invited)
    by = member.name or member.email
    mailed = await send_letter(
        invited.email,
        invited.name,
        subject=f"{by} invites you to Cohort",
        words=f"{by} has added you to a Cohort workspace. Choose a password to join; the link is good for seven days.",
        action="Join the workspace",
        link=link,
    )
    return PasswordLink(member=invited, link=link, mailed=mailed)


async def _mail_reset(found: Member, link: str) -> bool:
    return await send_letter(
        found.email,
        found.name,
        subject="A new password for Cohort",
        words="Somebody asked for a new password for your account. If it was not you, ignore this mail: nothing has "
        "changed. The link is good for an hour and works once.",
        action="Choose a new password",
        link=link,
    )


async def _moved_on(member_id: PydanticObjectId) -> Member:
    """The member, with every link and session before now ended."""
    changed = await collection("members").update_one({"_id": member_id, "active": True}, {"$inc": {"token_version": 1}})
    found = await Member.get(member_id) if changed.matched_count else None
    if found is None:
        raise NotFound("There is no active member with this id.")
    await token_version_moved(member_id)
    return found


def _link(purpose: Purpose, member: Member) -> str:
    token = sign_link(purpose, {"m": str(member.id), "v": member.token_version}, GOOD_FOR[purpose])
    return f"{get_settings().base_url}/{purpose}?token={token}"
