"""Tokens: good for what they were made for, as long as they were made for."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta

import pytest
from bson import ObjectId

from app.auth import tokens
from app.auth.access import member_of_token
from app.auth.endings import revoke
from app.auth.members import end_sessions
from app.auth.tokens import MAC_BYTES, issue_access, read_access, read_link, sign_link
from app.database import collection
from app.errors import InvalidInput, NotSignedIn
from app.keyring import Key
from app.settings import use_settings
from models import Member, Session
from models.values import now
from tests.auth.conftest import Counted
from tests.signing_in import access_of, session_of


@pytest.mark.parametrize("size", [1, 32, 63, 64, 65, 200])
def test_a_short_link_is_signed_with_hmac(size: int):
    # A link that was mailed years ago has to hold, so this is the definition (RFC 2104) and not a round trip.
    key, payload = Key(bytes(range(size))), b"p" * 24
    mac = hmac.digest(key.secret, b"cohort link\0welcome\0" + payload, "sha256")[:MAC_BYTES]
    token = base64.urlsafe_b64encode(payload + mac).rstrip(b"=").decode()
    sign = tokens._short_links("welcome", key)
    assert [sign(payload), sign(payload)] == [token, token]
    assert sign(b"q" * 24) != token


async def refused(token: str, audience: str = "api") -> bool:
    try:
        await member_of_token(token, audience=audience)
    except NotSignedIn:
        return True
    return False


async def test_it_stands_for_its_member_and_session(alice: Member):
    session = await session_of(alice)
    found = await member_of_token(issue_access(session, alice, 60))
    assert (found.id, found.session_id) == (alice.id, session.id)


async def test_it_ends_with_time_version_and_activity(alice: Member, bob: Member):
    assert await refused(await access_of(alice, -1))
    token = await access_of(alice)
    await end_sessions(alice, alice.id)
    assert await refused(token)
    token = await access_of(bob)
    bob.active = False
    await bob.save()
    assert await refused(token)


async def test_it_ends_with_its_session(alice: Member):
    session = await session_of(alice)
    token = issue_access(session, alice, 60)
    await collection("sessions").update_one({"_id": session.id}, {"$set": {"expires_at": now() - timedelta(seconds=1)}})
    assert await refused(token)
    session = await session_of(alice)
    token = issue_access(session, alice, 60)
    await revoke({"_id": session.id}, "ended")
    assert await refused(token)
    session = await session_of(alice)
    token = issue_access(session, alice, 60)
    await session.delete()
    assert await refused(token)


async def test_a_session_of_another_member_is_no_session_of_mine(alice: Member, bob: Member):
    session = await session_of(alice)
    assert await refused(issue_access(session, bob, 60))


async def test_it_says_nothing_of_a_session_that_is_none(alice: Member):
    session = await session_of(alice)
    session.id = "x"  # type: ignore[assignment]  # what no token of ours says
    assert await refused(issue_access(session, alice, 60))
    session.id = ObjectId()  # type: ignore[assignment]
    assert await refused(issue_access(session, alice, 60))


async def test_a_token_of_a_browser_is_no_bearer_token(alice: Member):
    token = await access_of(alice, kind="browser")
    assert read_access(token, audience="session").subject == str(alice.id)
    with pytest.raises(NotSignedIn):
        read_access(token)
    assert await refused(token)
    assert not await refused(token, "session")
    session = await session_of(alice, "browser")
    session.kind = "program"  # what the token says is not what the session is
    assert await refused(issue_access(session, alice, 60))


async def test_checking_one_is_one_query(alice: Member, counted: Counted):
    token = await access_of(alice)
    await member_of_token(token)
    assert await counted(lambda: member_of_token(token)) == ["command sessions"]


def _with_header(token: str, header: dict[str, object], *, signature: str | None = None) -> str:
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    _, claims, own = token.split(".")
    return f"{head}.{claims}.{own if signature is None else signature}"


async def test_forgeries_are_refused(alice: Member, settings):
    session = await session_of(alice)
    token = issue_access(session, alice, 60)
    link = sign_link("unsubscribe", {"sub": str(alice.id), "sid": str(session.id), "gen": 0, "ver": 0}, 60)
    use_settings(settings.model_copy(update={"secret_key": type(settings.secret_key)("x" * 40)}))
    foreign = issue_access(session, alice, 60)
    use_settings(settings)
    ours = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    for forged in (
        foreign,
        link,
        "",
        "x",
        "a.b.c",
        token[:-2],
        token + "x",
        "é" * 30,
        "x" * 100_000,
        _with_header(token, {"alg": "none"}, signature=""),
        _with_header(token, {**ours, "alg": "none"}, signature=""),
        _with_header(token, {**ours, "alg": "HS512"}),
        _with_header(token, {**ours, "crit": ["exp"]}),
        _with_header(token, {**ours, "kid": "0" * 16}),
        _with_header(token, {**ours, "kid": ["x"]}),
        _with_header(token, {"alg": "HS256", "typ": "JWT"}),
    ):
        assert await refused(forged), forged[:80]
    assert not await refused(token)
    assert await Session.find_one({"_id": session.id, "revoked_at": None}), "a forgery ends nobody's session"


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
async def test_other_algorithms_are_refused_even_with_the_right_key(alice: Member, algorithm: str):
    from joserfc import jwt
    from joserfc.jwk import OctKey

    from app.keyring import present_key

    token = await access_of(alice)
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    key = OctKey.import_key(present_key().derived("tokens"))
    header = {"alg": algorithm, "typ": "JWT", "kid": present_key().id}
    assert await refused(jwt.encode(header, claims, key, algorithms=[algorithm]))
    assert not await refused(jwt.encode({**header, "alg": "HS256"}, claims, key))


async def test_a_token_that_is_signed_as_links_once_were_is_refused(alice: Member, settings):
    from joserfc import jwt
    from joserfc.jwk import OctKey

    token = await access_of(alice)
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert await refused(jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(settings.signing_key())))


def test_a_link_is_good_for_its_purpose_alone(settings):
    token = sign_link("unsubscribe", {"c": "1"}, None)
    assert read_link("unsubscribe", token) == {"c": "1"}
    for purpose, wrong in (("open", token), ("unsubscribe", sign_link("unsubscribe", {}, -1)), ("unsubscribe", "x.y")):
        with pytest.raises(InvalidInput):
            read_link(purpose, wrong)
