"""Signing in where the password is not enough."""

from __future__ import annotations

import time

import pyotp
import pytest

from app.auth.first_step import COOKIE as PASSED
from app.auth.members import create_member, end_sessions, system_member
from app.auth.second_factor import begin_enrolment, finish_enrolment
from app.auth.session import COOKIE
from models import Member
from tests.hashing import cheap_hashes

__all__ = ["cheap_hashes"]

OWN = {"Origin": "http://cohort.test"}


@pytest.fixture
async def codes(database) -> list[str]:
    """Recovery codes of Ann, who has a second step."""
    ann = await create_member(system_member(), email="ann@example.com", password="correct horse")
    begun = await begin_enrolment(ann)
    return await finish_enrolment(ann, pyotp.TOTP(begun.secret).at(int(time.time())))


async def password(client, next: str = "/customers"):
    data = {"email": "ann@example.com", "password": "correct horse", "next": next}
    return await client.post("/signin", data=data, headers=OWN)


async def test_the_password_alone_signs_nobody_in(stranger, codes):
    response = await password(stranger)
    assert (response.status_code, response.headers["location"]) == (303, "/signin-code")
    assert COOKIE not in response.cookies
    assert (await stranger.get("/api/me")).status_code == 401


async def test_with_a_code_it_does(stranger, codes):
    await password(stranger)
    wrong = await stranger.post("/signin-code", data={"code": "000000"}, headers=OWN)
    assert wrong.headers["location"] == "/signin-code?error=1"
    right = await stranger.post("/signin-code", data={"code": codes[0]}, headers=OWN)
    assert right.headers["location"] == "/customers"
    assert (await stranger.get("/api/me")).json()["email"] == "ann@example.com"
    assert PASSED not in stranger.cookies


async def test_a_code_without_the_password_does_not(stranger, codes):
    response = await stranger.post("/signin-code", data={"code": codes[0]}, headers=OWN)
    assert response.headers["location"] == "/signin?error=late"
    assert len((await Member.find_one({"email": "ann@example.com"})).recovery_digests) == 10


async def test_a_first_step_from_before_the_sessions_ended_is_over(stranger, codes):
    await password(stranger)
    ann = await Member.find_one({"email": "ann@example.com"})
    await end_sessions(system_member(), ann.id)
    response = await stranger.post("/signin-code", data={"code": codes[0]}, headers=OWN)
    assert response.headers["location"] == "/signin?error=late"


async def test_bearer_tokens_want_the_code_too(stranger, codes):
    form = {"username": "ann@example.com", "password": "correct horse"}
    refused = await stranger.post("/api/auth/token", data=form)
    assert refused.status_code == 401
    assert "code" in refused.json()["detail"]
    assert (await stranger.post("/api/auth/token", data={**form, "code": "123456"})).status_code == 422
    assert (await stranger.post("/api/auth/token", data={**form, "code": codes[1]})).status_code == 200


async def test_other_sites_cannot_post_codes(stranger, codes):
    await password(stranger)
    response = await stranger.post("/signin-code", data={"code": codes[0]}, headers={"Origin": "https://evil.example"})
    assert response.status_code == 403
