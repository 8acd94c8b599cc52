"""The second step of signing in: a code from an app (TOTP, RFC 6238), or one of ten recovery codes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

import pyotp
import segno
from beanie import PydanticObjectId

from app.audit import note
from app.auth.authorize import authorize
from app.auth.endings import token_version_moved
from app.auth.sealing import resealed, seal, unseal
from app.auth.sign_in_policy import needs_second_step
from app.auth.throttle import count_attempt, forget_attempts
from app.database import collection
from app.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from models.member import Member

STEP_SECONDS = 30
STEPS_AROUND = 1
"""A code is good a step early and a step late, for clocks that differ (RFC 6238, section 5.2)."""

RECOVERY_CODES = 10
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without those that look alike."""

PLACE = "second step"


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """What an app needs: the secret in base 32, the same as a URI, and that as a picture (a `data:` URI)."""

    secret: str
    uri: str
    picture: str


def has_second_factor(member: Member) -> bool:
    """Whether the password alone does not sign this member in."""
    return member.totp_secret is not None


async def begin_enrolment(member: Member) -> Enrolment:
    """A new secret, which counts once `finish_enrolment` has seen a code of it. Raises Conflict if there is one."""
    await _require_person(member)
    secret = pyotp.random_base32()
    changed = await collection("members").update_one(
        {"_id": member.id, "totp_secret": None}, {"$set": {"totp_pending": seal(secret)}}
    )
    if not changed.matched_count:
        raise Conflict("There is a second step already; turn it off first.")
    return _enrolment(member, secret)


async def enrolment(member: Member) -> Enrolment:
    """The enrolment that was begun and not finished, else a new one. Raises Conflict like `begin_enrolment`."""
    fresh = await _fresh(member.id)
    if fresh.totp_pending is None or fresh.totp_secret is not None:
        return await begin_enrolment(member)
    return _enrolment(fresh, unseal(fresh.totp_pending))


async def finish_enrolment(member: Member, code: str) -> list[str]:
    """Turn the second step on and answer ten recovery codes, which are shown this once.

    Raises InvalidInput naming `code`, Conflict when `begin_enrolment` was not called.
    """
    await _require_person(member)
    fresh = await _fresh(member.id)
    if fresh.totp_pending is None or fresh.totp_secret is not None:
        raise Conflict("Start again: there is nothing to confirm.")
    step = _step_of(unseal(fresh.totp_pending), code, after=0)
    if step is None:
        raise InvalidInput.of("code", "is not the code that the app shows now; check the clock of the phone")
    codes = _new_codes()
    changed = await collection("members").update_one(
        {"_id": member.id, "totp_pending": fresh.totp_pending, "totp_secret": None},
        {
            "$set": {
                "totp_secret": fresh.totp_pending,
                "totp_pending": None,
                "totp_step": step,
                "recovery_digests": [_digest(one) for one in codes],
            }
        },
    )
    if not changed.matched_count:
        raise Conflict("This was changed meanwhile; load the page again.")
    await note(member, "member.second-step", id=member.id, name=member.email, after={"on": True})
    return codes


async def pass_second_factor(member_id: PydanticObjectId, code: str) -> Member:
    """The member, if this is a code of theirs that was not used before. A recovery code is used up by it.

    Raises InvalidInput naming `code`, and TooManyAttempts after ten wrong ones.
    """
    fresh = await _fresh(member_id)
    await count_attempt(PLACE, fresh.email)
    if not await _use(fresh, code):
        raise InvalidInput.of("code", "is wrong or was used already")
    await forget_attempts(PLACE, fresh.email)
    return fresh


async def turn_off(member: Member, code: str) -> None:
    """No second step from now on. Raises like `pass_second_factor`, and Conflict where the workspace asks for one."""
    await _require_person(member)
    assert member.id is not None
    if await needs_second_step(member):
        raise Conflict("This workspace asks you for a second step; an owner decides that under Sign-in.")
    await pass_second_factor(member.id, code)
    await _clear(member.id)
    await note(member, "member.second-step", id=member.id, name=member.email, after={"on": False})


async def renew_recovery_codes(member: Member, code: str) -> list[str]:
    """Ten new recovery codes in place of the old ones. Raises like `pass_second_factor`."""
    await _require_person(member)
    assert member.id is not None
    await pass_second_factor(member.id, code)
    codes = _new_codes()
    digests = [_digest(one) for one in codes]
    await collection("members").update_one({"_id": member.id}, {"$set": {"recovery_digests": digests}})
    await note(member, "member.recovery-codes", id=member.id, name=member.email)
    return codes


async def remove_for(member: Member, member_id: PydanticObjectId) -> None:
    """Let a member who has lost phone and recovery codes in again; every session of theirs ends. For owners."""
    await authorize(member, "members.manage")
    await _clear(member_id, ends_sessions=True)
    await token_version_moved(member_id)
    await note(member, "member.second-step", id=member_id, after={"on": False})


def _enrolment(member: Member, secret: str) -> Enrolment:
    uri = pyotp.TOTP(secret).provisioning_uri(name=member.email, issuer_name="Cohort")
    picture = segno.make(uri, error="m", micro=False).svg_data_uri(scale=5, border=2, dark="#111113", light="#ffffff")
    return Enrolment(secret=secret, uri=uri, picture=picture)


async def _use(member: Member, code: str) -> bool:
    """Each code works once: the step that it belongs to only moves on, and a recovery code is taken out."""
    members = collection("members")
    if member.totp_secret is None or not member.active:
        return False
    step = _step_of(unseal(member.totp_secret), code, after=member.totp_step)
    if step is not None:
        moved = {"_id": member.id, "totp_secret": member.totp_secret, "totp_step": {"$lt": step}}
        kept = resealed(member.totp_secret) or member.totp_secret
        changes = {"$set": {"totp_step": step, "totp_secret": kept}}
        return (await members.update_one(moved, changes)).modified_count == 1
    digest = _digest(code)
    taken = await members.update_one(
        {"_id": member.id, "recovery_digests": digest}, {"$pull": {"recovery_digests": digest}}
    )
    return taken.modified_count == 1


def _step_of(secret: str, code: str, *, after: int) -> int | None:
    """The time step whose code this is, later than `after`."""
    given = "".join(code.split())
    if len(given) != 6 or not given.isascii() or not given.isdigit():
        return None
    now = int(time.time()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    steps = range(now - STEPS_AROUND, now + STEPS_AROUND + 1)
    found = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), given) and step > after]
    return found[0] if found else None


def _new_codes() -> list[str]:
    pieces = ["".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(2 * RECOVERY_CODES)]
    return [f"{pieces[place]}-{pieces[place + 1]}" for place in range(0, len(pieces), 2)]


def _digest(code: str) -> str:
    """Of 50 random bits, and tried ten times in five minutes: a fast hash does."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()


async def _fresh(member_id: PydanticObjectId | None) -> Member:
    found = await Member.get(member_id) if member_id is not None else None
    if found is None:
        raise NotFound("This member does not exist.")
    return found


async def _clear(member_id: PydanticObjectId, *, ends_sessions: bool = False) -> None:
    nothing: dict[str, object] = {"totp_secret": None, "totp_pending": None, "totp_step": 0, "recovery_digests": []}
    more = {"$inc": {"token_version": 1}} if ends_sessions else {}
    if not (await collection("members").update_one({"_id": member_id}, {"$set": nothing, **more})).matched_count:
        raise NotFound("This member does not exist.")


async def _require_person(member: Member) -> None:
    if member.scopes is not None or member.id is None:
        raise PermissionDenied("Members change this themselves, after signing in.")
    await authorize(member)
