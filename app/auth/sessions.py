"""Sessions: each sign-in is one, seen by its member and ended by its member or an owner."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from beanie import PydanticObjectId
from bson import ObjectId

from app.audit import note
from app.auth.endings import LIVE, revoke
from app.auth.permissions import allowed
from app.database import Raw, collection
from app.errors import Conflict, NotFound, PermissionDenied
from models.member import Member
from models.session import Session, SessionKind, SignInWay
from models.values import now

SESSION_SECONDS = 7 * 24 * 3600
"""A session that is not used for this long is over."""

LONGEST = timedelta(days=90)
"""However much it is used, a session is over this long after the sign-in (OWASP: an absolute timeout)."""

MOST_SESSIONS = 1_000
"""Of one member; the one that was not seen for longest makes room. Scripts like to sign in anew each time they run, and
none may end the session of another that is at work."""

MOST_LISTED = 100

MAX_AGENT = 200


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """How somebody came in, and from where."""

    kind: SessionKind
    how: SignInWay
    second_factor: bool = False
    address: str = ""
    agent: str = ""


async def begin_session(member: Member, arrival: Arrival) -> Session:
    """A new session of a member who has just proved to be one."""
    assert member.id is not None
    moment = now()
    begun = await Session(
        member_id=member.id,
        kind=arrival.kind,
        how=arrival.how,
        second_factor=arrival.second_factor,
        address=arrival.address[:100],
        agent=shortened(arrival.agent),
        version=member.token_version,
        seed=secrets.token_hex(16),
        created_at=moment,
        last_seen_at=moment,
        renewed_at=moment,
        expires_at=expiry(moment),
    ).insert()
    await _make_room(member.id)
    return begun


def expiry(created_at: datetime) -> datetime:
    """When a session of then is over if it is not used from now on."""
    return min(now() + timedelta(seconds=SESSION_SECONDS), created_at + LONGEST)


def shortened(agent: str) -> str:
    """What a User-Agent header is kept as: one printable line."""
    return "".join(letter for letter in agent if letter.isprintable())[:MAX_AGENT]


async def list_sessions(member: Member, member_id: PydanticObjectId | str | None = None) -> list[Session]:
    """The sessions that are not over, the last seen first, a hundred at most: one's own, or another's for owners.

    Raises NotFound for a member who is not there, and for others' when the role does not allow it.
    """
    _require_person(member)
    whose = member if member_id is None or str(member_id) == str(member.id) else await _other(member, member_id)
    found = Session.find({"member_id": whose.id, "version": whose.token_version, **live()})
    return await found.sort("-last_seen_at").limit(MOST_LISTED).to_list()


async def end_session(member: Member, id: PydanticObjectId | str) -> None:
    """End one session at once: one's own, or anybody's for owners. Raises NotFound, for others' too."""
    _require_person(member)
    mine: Raw = {} if allowed(member, "members.manage") else {"member_id": member.id}
    found = await Session.find_one({"_id": ObjectId(id), **mine, **live()}) if ObjectId.is_valid(id) else None
    if found is None or not await revoke({"_id": found.id}, "ended"):
        raise NotFound("There is no session with this id.")
    whose = await Member.get(found.member_id)
    await note(member, "session.end", id=found.id, name=whose.email if whose else "")


async def end_other_sessions(member: Member) -> int:
    """End every session of one's own but the one this was asked in; answers how many. Raises Conflict without one."""
    _require_person(member)
    if member.session_id is None:
        raise Conflict("This was not asked in a session; end them all instead.")
    ended = await revoke({"member_id": member.id, "_id": {"$ne": member.session_id}}, "ended")
    if ended:
        await note(member, "session.end-others", id=member.id, name=member.email, after={"ended": len(ended)})
    return len(ended)


async def sign_out(member: Member) -> None:
    """End the session this was asked in, with every page that is open in it. Raises Conflict without one."""
    if member.session_id is None:
        raise Conflict("This request came with an API key, which has no session; revoke the key instead.")
    if await revoke({"_id": member.session_id, "member_id": member.id}, "signed-out"):
        await note(member, "member.sign-out", id=member.id, name=member.email)


def live() -> Raw:
    """Selects the sessions that are not over."""
    return {**LIVE, "expires_at": {"$gt": now()}}


async def _make_room(member_id: PydanticObjectId) -> None:
    rows = collection("sessions").find({"member_id": member_id, **live()}, {"_id": 1}, sort=[("last_seen_at", -1)])
    surplus = [row["_id"] async for row in rows.skip(MOST_SESSIONS)]
    if surplus:
        await revoke({"_id": {"$in": surplus}}, "replaced")


async def _other(member: Member, member_id: PydanticObjectId | str) -> Member:
    found = None
    if allowed(member, "members.manage") and ObjectId.is_valid(member_id):
        found = await Member.get(PydanticObjectId(str(member_id)))
    if found is None:
        raise NotFound("There is no member with this id.")
    return found


def _require_person(member: Member) -> None:
    if member.scopes is not None:
        raise PermissionDenied("Sessions are managed by members who signed in, not by a key.")
