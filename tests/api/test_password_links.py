"""The forms behind links to a password, over HTTP."""

from __future__ import annotations

import pytest

from app.auth.password_links import invite
from app.auth.session import COOKIE

OWN = {"Origin": "http://cohort.test"}
GOOD = "a lantern under snow"


@pytest.fixture
async def token(alice) -> str:
    return (await invite(alice, email="new@example.com")).link.partition("token=")[2]


async def test_joining_signs_in(stranger, token):
    response = await stranger.post("/join", data={"token": token, "password": GOOD}, headers=OWN)
    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert (await stranger.get("/api/me")).json()["email"] == "new@example.com"
    again = await stranger.post("/join", data={"token": token, "password": GOOD}, headers=OWN)
    assert again.headers["location"] == "/join?token=used"


async def test_a_weak_password_leaves_the_link_good(stranger, token):
    response = await stranger.post("/join", data={"token": token, "password": "password1234"}, headers=OWN)
    assert response.headers["location"] == f"/join?token={token}&error=1"
    assert COOKIE not in response.cookies
    assert (await stranger.post("/join", data={"token": token, "password": GOOD}, headers=OWN)).headers[
        "location"
    ] == "/"


async def test_other_sites_cannot_post(stranger, token):
    for path in ("/join", "/reset", "/forgot"):
        data = {"token": token, "password": GOOD, "email": "new@example.com"}
        response = await stranger.post(path, data=data, headers={"Origin": "https://evil.example"})
        assert response.status_code == 403


async def test_forgotten_answers_the_same_for_everybody(stranger, alice):
    answers = {
        (await stranger.post("/forgot", data={"email": email}, headers=OWN)).headers["location"]
        for email in (alice.email, "nobody@example.com", "", "x" * 1_000)
    }
    assert answers == {"/forgot?sent=1"}
    for _ in range(10):
        last = await stranger.post("/forgot", data={"email": alice.email}, headers=OWN)
    assert last.headers["location"] == "/forgot?error=throttled"
