"""What members change about themselves."""

from __future__ import annotations

import asyncio
from zoneinfo import available_timezones

from app.audit import note
from app.auth.authorize import authorize
from app.auth.members import MAX_NAME, set_password
from app.auth.passwords import check_choice, verify_password
from app.auth.throttle import count_attempt, forget_attempts
from app.database import collection
from app.errors import Conflict, InvalidInput, PermissionDenied
from models.member import Member


async def update_profile(member: Member, *, name: str, timezone: str | None) -> None:
    """The name others see, and the zone in which times are shown (None: the shop's). Raises InvalidInput."""
    await _require_person(member)
    name = name.strip()
    if len(name) > MAX_NAME or not name.isprintable():
        raise InvalidInput.of("name", f"should be one line of {MAX_NAME} characters at most")
    if timezone is not None and timezone not in available_timezones():
        raise InvalidInput.of("timezone", f"should be an IANA time zone such as Europe/Berlin, not {timezone[:60]!r}")
    after = {"name": name, "timezone": timezone}
    await collection("members").update_one({"_id": member.id}, {"$set": after})
    before = {"name": member.name, "timezone": member.timezone}
    await note(member, "member.profile", id=member.id, name=member.email, before=before, after=after)


async def change_password(member: Member, *, current: str, new: str) -> None:
    """A new password; every session ends, also this one. Who has none yet needs no `current`.

    Raises InvalidInput naming `current` or `password`, TooManyAttempts after ten wrong ones.
    """
    await _require_person(member)
    assert member.id is not None
    fresh = await Member.get(member.id)
    if fresh is not None and fresh.password_hash is not None:
        await count_attempt("own password", member.email)
        matches, _ = await asyncio.to_thread(verify_password, current, fresh.password_hash)
        if not matches:
            raise InvalidInput.of("current", "is not your password")
        await forget_attempts("own password", member.email)
    check_choice(new, member.email, name=member.name)
    await set_password(member, member.id, new)


async def unlink(member: Member, issuer: str) -> None:
    """Forget the account at a provider. Raises Conflict when it is the only way to sign in."""
    await _require_person(member)
    mine = {"_id": member.id, "password_hash": {"$ne": None}}
    changed = await collection("members").update_one(mine, {"$pull": {"identities": {"issuer": issuer}}})
    if not changed.matched_count:
        raise Conflict("Choose a password first; this is the only way you can sign in.")
    await note(member, "member.unlink", id=member.id, name=member.email, before={"issuer": issuer})


async def _require_person(member: Member) -> None:
    if member.scopes is not None or member.id is None:
        raise PermissionDenied("Members change this themselves, after signing in.")
    await authorize(member)
