"""Whom an access token stands for, as the database has member and session at this moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from beanie import PydanticObjectId
from bson import ObjectId

from app.auth.tokens import Audience, Claims, audience_of, read_access
from app.database import Raw, collection
from app.errors import NotSignedIn
from models.member import Member
from models.session import Session
from models.values import now

SEEN_EVERY = timedelta(minutes=5)


async def member_of_token(token: str, *, audience: Audience = "api") -> Member:
    """The member of a token whose session goes on. One query; raises NotSignedIn for a token that no longer counts."""
    claims = read_access(token, audience=audience)
    found = await _session_with_member(claims)
    if found is None:
        raise NotSignedIn("The sign-in is not valid any more; please sign in again.")
    session, member = found
    await _mark_seen(session, member, claims)
    return member.signed_in_by(PydanticObjectId(claims.session))


async def _session_with_member(claims: Claims) -> tuple[Session, Member] | None:
    if not ObjectId.is_valid(claims.session):
        return None
    looked_up = await collection("sessions").aggregate(
        [
            {"$match": {"_id": ObjectId(claims.session), "revoked_at": None, "expires_at": {"$gt": now()}}},
            {"$lookup": {"from": "members", "localField": "member_id", "foreignField": "_id", "as": "member"}},
        ]
    )
    for row in await looked_up.to_list():
        members = row.pop("member")
        if not members:
            return None
        session, member = Session.model_validate(row), Member.model_validate(members[0])
        good = (
            str(member.id) == claims.subject
            and member.active
            and member.token_version == claims.version == session.version
            and audience_of(session) == claims.audience
        )
        return (session, member) if good else None
    return None


async def _mark_seen(session: Session, member: Member, claims: Claims) -> None:
    """Every few minutes only: a write per request would cost more than the request.

    A token of a renewal says that the renewal has arrived (`app.auth.renewing`), which is written at once.
    """
    moment = now()
    changes: Raw = {}
    if session.confirmed < claims.generation <= session.generation:
        changes["$max"] = {"confirmed": claims.generation}
    if _long_ago(session.last_seen_at, moment):
        changes["$set"] = {"last_seen_at": moment}
    if changes:
        await collection("sessions").update_one({"_id": session.id}, changes)
    if _long_ago(member.last_seen_at, moment):
        await collection("members").update_one({"_id": member.id}, {"$set": {"last_seen_at": moment}})
        member.last_seen_at = moment


def _long_ago(seen: datetime | None, moment: datetime) -> bool:
    return seen is None or moment - seen > SEEN_EVERY
