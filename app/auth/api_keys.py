"""Personal keys for programs: scoped, shown once, kept as a hash.

A key has 256 random bits, so one SHA-256 is enough to keep it; a slow hash protects only what can be guessed.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from beanie import PydanticObjectId
from bson import ObjectId

from app.audit import note
from app.auth.authorize import authorize
from app.auth.permissions import BY_PERSON, PERMISSIONS, allowed
from app.database import collection
from app.errors import Conflict, FieldError, InvalidInput, NotFound, NotSignedIn, PermissionDenied
from models.api_key import ApiKey
from models.member import Member, Role
from models.values import now

MARK = "cohort_"
"""Begins every key, so that people and scanners of leaked secrets know one when they see it."""

START_CHARACTERS = len(MARK) + 6
MAX_NAME = 80
MOST_KEYS = 50
MOST_GRACE_HOURS = 168
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class FreshKey:
    """A key that was just made. `secret` is the whole of it, and there is no other time to see it."""

    key: ApiKey
    secret: str


async def create_key(
    member: Member, *, name: str, scopes: Sequence[str], expires_at: datetime | None = None
) -> FreshKey:
    """A key that acts as this member within `scopes` (actions of the permission table).

    Raises InvalidInput naming `name`, `scopes` or `expires_at`, PermissionDenied for who came with a key, Conflict for
    the fifty-first.
    """
    member = await _person_now(member)
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise InvalidInput.of("name", f"should be one line of 1 to {MAX_NAME} characters")
    wanted = _checked_scopes(member, scopes)
    if expires_at is not None and expires_at <= now():
        raise InvalidInput.of("expires_at", "should be in the future")
    if await ApiKey.find(ApiKey.member_id == member.id).count() >= MOST_KEYS:
        raise Conflict(f"You have {MOST_KEYS} keys already; revoke one that is not needed any more.")
    secret = _secret()
    key = ApiKey(
        member_id=_id_of(member),
        name=name,
        start=secret[:START_CHARACTERS],
        digest=_digest(secret),
        scopes=wanted,
        expires_at=expires_at,
    )
    made = await key.insert()
    told = {"scopes": wanted, "expires_at": expires_at, "start": key.start}
    await note(member, "key.create", id=made.id, name=name, after=told)
    return FreshKey(made, secret)


async def list_keys(member: Member, *, everybody: bool = False) -> list[ApiKey]:
    """One's own keys, the newest first; for owners those of `everybody` too."""
    member = await _person_now(member)
    if everybody and member.role is not Role.OWNER:
        raise PermissionDenied("Only an owner sees the keys of all members.")
    found = ApiKey.find_all() if everybody else ApiKey.find(ApiKey.member_id == member.id)
    return await found.sort("-created_at").to_list()


async def rotate_key(member: Member, id: PydanticObjectId | str, *, grace_hours: float = 24) -> FreshKey:
    """A new secret for a key of one's own; the old one is good for `grace_hours` more, 0 to 168.

    Raises NotFound, InvalidInput naming `grace_hours`, and Conflict when the key has expired.
    """
    if not 0 <= grace_hours <= MOST_GRACE_HOURS:
        raise InvalidInput.of("grace_hours", f"should be 0 to {MOST_GRACE_HOURS}")
    key = await _mine(member, id)
    if key.expires_at is not None and key.expires_at <= now():
        raise Conflict("This key has expired; create a new one.")
    secret = _secret()
    moment = now()
    changed = await collection("api_keys").update_one(
        {"_id": key.id, "digest": key.digest},
        {
            "$set": {
                "digest": _digest(secret),
                "start": secret[:START_CHARACTERS],
                "previous_digest": key.digest if grace_hours else None,
                "previous_until": moment + timedelta(hours=grace_hours) if grace_hours else None,
                "rotated_at": moment,
            }
        },
    )
    if not changed.matched_count:
        raise Conflict("This key was changed meanwhile; load it again.")
    await note(member, "key.rotate", id=key.id, name=key.name, before={"start": key.start})
    return FreshKey(await _mine(member, id), secret)


async def revoke_key(member: Member, id: PydanticObjectId | str) -> None:
    """End a key at once: one's own, or anybody's for owners. Raises NotFound."""
    member = await _person_now(member)
    mine = {} if member.role is Role.OWNER else {"member_id": member.id}
    if not (await collection("api_keys").delete_one({"_id": _object_id(id), **mine})).deleted_count:
        raise NotFound("There is no key with this id.")
    await note(member, "key.revoke", id=id)


async def member_of_key(secret: str) -> Member:
    """Whom a key acts as, limited to its scopes. Raises NotSignedIn for a key that is unknown, expired or revoked."""
    refused = NotSignedIn("This API key is not valid: it may have expired or been revoked.")
    digest, moment = _digest(secret), now()
    key = await ApiKey.find_one({"$or": [{"digest": digest}, {"previous_digest": digest}]})
    if key is None or (key.expires_at is not None and key.expires_at <= moment):
        raise refused
    if key.digest != digest and (key.previous_until is None or key.previous_until <= moment):
        raise refused
    member = await Member.get(key.member_id)
    if member is None or not member.active:
        raise refused
    if key.last_used_at is None or moment - key.last_used_at > SEEN_EVERY:
        await collection("api_keys").update_one({"_id": key.id}, {"$set": {"last_used_at": moment}})
    return member.limited_to(frozenset(key.scopes))


def grantable(member: Member) -> list[str]:
    """The scopes that a key of this member may have: what the role allows."""
    return [action for action in PERMISSIONS if allowed(member, action) and action not in BY_PERSON]


def _checked_scopes(member: Member, scopes: Sequence[str]) -> list[str]:
    known = grantable(member)
    if not scopes:
        raise InvalidInput.of("scopes", "should name at least one thing the key may do")
    wrong = [
        FieldError(f"scopes[{place}]", f"{str(scope)[:60]!r} is nothing your role may do; {_offer(known)}")
        for place, scope in enumerate(scopes)
        if scope not in known
    ]
    if wrong:
        raise InvalidInput(f"{wrong[0].field}: {wrong[0].message}", errors=wrong)
    return [action for action in known if action in scopes]


def _offer(known: Sequence[str]) -> str:
    return f"choose from {', '.join(known)}"


async def _person_now(member: Member) -> Member:
    """The member who signed in, with the role of this moment."""
    if member.scopes is not None:
        raise PermissionDenied("Keys are managed by members who signed in, not by a key.")
    return await authorize(member)


async def _mine(member: Member, id: PydanticObjectId | str) -> ApiKey:
    await _person_now(member)
    found = await ApiKey.find_one({"_id": _object_id(id), "member_id": member.id})
    if found is None:
        raise NotFound("There is no key with this id.")
    return found


def _object_id(id: PydanticObjectId | str) -> PydanticObjectId:
    if not ObjectId.is_valid(id):
        raise NotFound("There is no key with this id.")
    return PydanticObjectId(id)


def _id_of(member: Member) -> PydanticObjectId:
    assert member.id is not None
    return member.id


def _secret() -> str:
    return f"{MARK}{secrets.token_urlsafe(32)}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
