"""Tokens: good for what they were made for, as long as they were made for."""

from __future__ import annotations

import base64
import json

import pytest

from app.auth.members import end_sessions, member_of_token
from app.auth.tokens import issue_access, read_access, read_link, sign_link
from app.errors import InvalidInput, NotSignedIn
from app.settings import use_settings
from models import Member


async def test_it_stands_for_its_member(alice: Member):
    found = await member_of_token(issue_access(alice, 60))
    assert found.id == alice.id


async def test_it_ends_with_time_version_and_activity(alice: Member, bob: Member):
    with pytest.raises(NotSignedIn):
        await member_of_token(issue_access(alice, -1))
    token = issue_access(alice, 60)
    await end_sessions(alice, alice.id)
    with pytest.raises(NotSignedIn):
        await member_of_token(token)
    token = issue_access(bob, 60)
    bob.active = False
    await bob.save()
    with pytest.raises(NotSignedIn):
        await member_of_token(token)


async def test_a_session_token_is_no_bearer_token(alice: Member):
    token = issue_access(alice, 60, audience="session")
    assert read_access(token, audience="session").subject == str(alice.id)
    with pytest.raises(NotSignedIn):
        read_access(token)


def _with_header(token: str, header: dict[str, object], *, signature: str | None = None) -> str:
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    _, claims, own = token.split(".")
    return f"{head}.{claims}.{own if signature is None else signature}"


async def test_forgeries_are_refused(alice: Member, settings):
    token = issue_access(alice, 60)
    link = sign_link("unsubscribe", {"sub": str(alice.id), "ver": 0}, 60)
    use_settings(settings.model_copy(update={"secret_key": type(settings.secret_key)("x" * 40)}))
    foreign = issue_access(alice, 60)
    use_settings(settings)
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
        _with_header(token, {"alg": "HS512"}),
        _with_header(token, {"alg": "HS256", "crit": ["exp"]}),
    ):
        with pytest.raises(NotSignedIn):
            await member_of_token(forged)


def test_a_link_is_good_for_its_purpose_alone(settings):
    token = sign_link("unsubscribe", {"c": "1"}, None)
    assert read_link("unsubscribe", token) == {"c": "1"}
    for purpose, wrong in (("open", token), ("unsubscribe", sign_link("unsubscribe", {}, -1)), ("unsubscribe", "x.y")):
        with pytest.raises(InvalidInput):
            read_link(purpose, wrong)
