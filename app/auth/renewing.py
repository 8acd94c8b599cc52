"""Renewal of sessions by refresh tokens that work once, and what happens when one turns up again.

A refresh token is the MAC of session and generation under a key made from SECRET_KEY, over the session's random seed:
it is kept nowhere, and neither the database nor SECRET_KEY alone is enough to make one. Each renewal counts the
generation up and so uses the token up (RFC 9700, section 4.14.2, refresh token rotation).

Two things look like theft and are not. A client that lost the answer asks again with the used token: as long as nothing
of the newer generation has come back, it gets the same answer once more, whoever has it gains nothing by it. And two
tabs that ask at the same moment: for a few seconds the second gets what the first got. Any other used token means that
two parties hold one session, so the session ends for both.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta

from beanie import PydanticObjectId
from pymongo import ReturnDocument

from app.audit import note
from app.auth.endings import LIVE, revoke
from app.auth.sessions import expiry, shortened
from app.auth.strangers import somebody
from app.database import collection
from app.errors import NotSignedIn
from app.keyring import Key, keys, present_key
from models.member import Member
from models.session import Session, SessionKind
from models.values import now

RACE = timedelta(seconds=30)
"""How long after a renewal the token it used up still answers with what that renewal gave."""

USE = "refresh"
CHARACTERS = 64
_ID, _GENERATION = 12, 4


@dataclass(frozen=True)
class Renewed:
    """A session with what its client needs from now on."""

    session: Session
    member: Member
    refresh_token: str


def refresh_token(session: Session) -> str:
    """The token that renews this session next: 64 characters of base64url."""
    return urlsafe_b64encode(_token(present_key(), session, session.generation)).decode("ascii")


async def renew(token: str, kind: SessionKind, *, address: str, agent: str) -> Renewed:
    """Use a refresh token up. Raises NotSignedIn when it is not, or no longer, one of a session of this kind.

    A used one ends its session and is told in the audit log, but for the two cases at the top of this file.
    """
    refused = NotSignedIn("The session is over; please sign in again.")
    given = _bytes(token)
    if given is None:
        raise refused
    id, generation = PydanticObjectId(given[:_ID]), int.from_bytes(given[_ID : _ID + _GENERATION], "big")
    while True:
        session = await Session.find_one({"_id": id, **LIVE, "expires_at": {"$gt": now()}, "kind": kind})
        if session is None or not _is_genuine(given, session, generation):
            raise refused
        member = await Member.get(session.member_id)
        if member is None or not member.active or member.token_version != session.version:
            raise refused
        if generation == session.generation:
            renewed = await _move_on(session, address, agent)
            if renewed is None:
                continue  # another request of this client was quicker: what it got, this one gets
            return _answer(renewed, member)
        if generation == session.generation - 1 and (
            session.confirmed < session.generation or now() - session.renewed_at < RACE
        ):
            return _answer(session, member)
        await _end_reused(session, member)
        raise refused


async def _move_on(session: Session, address: str, agent: str) -> Session | None:
    """One generation further; None when it is not at this one any more."""
    moment = now()
    row = await collection("sessions").find_one_and_update(
        {"_id": session.id, "generation": session.generation, **LIVE},
        {
            "$set": {
                "renewed_at": moment,
                "last_seen_at": moment,
                "expires_at": expiry(session.created_at),
                "address": address[:100],
                "agent": shortened(agent),
            },
            "$inc": {"generation": 1},
        },
        return_document=ReturnDocument.AFTER,
    )
    return Session.model_validate(row) if row else None


async def _end_reused(session: Session, member: Member) -> None:
    if await revoke({"_id": session.id}, "reused"):
        await note(somebody(), "session.reuse", id=session.id, name=member.email, after={"kind": session.kind})


def _answer(session: Session, member: Member) -> Renewed:
    assert session.id is not None
    return Renewed(session, member.signed_in_by(session.id), refresh_token(session))


def _is_genuine(given: bytes, session: Session, generation: int) -> bool:
    """Whether we made this token, under the present key or a former one; else anybody could end others' sessions."""
    return generation <= session.generation and any(
        hmac.compare_digest(_token(key, session, generation), given) for key in keys()
    )


def _token(key: Key, session: Session, generation: int) -> bytes:
    assert session.id is not None
    head = session.id.binary + generation.to_bytes(_GENERATION, "big")
    return head + hmac.digest(key.derived(USE), head + bytes.fromhex(session.seed), hashlib.sha256)


def _bytes(token: str) -> bytes | None:
    if len(token) != CHARACTERS or not token.isascii():
        return None
    try:
        found = urlsafe_b64decode(token)
    except ValueError:
        return None
    return found if len(found) == CHARACTERS * 3 // 4 else None
