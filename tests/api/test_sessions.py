"""Sessions over REST: tokens that are renewed, the list, and who may end what."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from app.audit.listing import list_entries
from app.auth import renewing
from app.auth.members import create_member, system_member
from app.auth.second_factor import begin_enrolment
from app.auth.sign_in_policy import require_second_step
from app.database import collection
from models import Member, Session
from models.sign_in_policy import WhoNeedsSecondStep
from models.values import now
from tests.auth.test_sign_in_policy import with_second_step
from tests.signing_in import session_of

ANN = {"username": "ann@example.com", "password": "correct horse"}


@pytest.fixture
async def ann(database) -> Member:
    return await create_member(system_member(), email="ann@example.com", name="Ann", password="correct horse")


async def tokens(client) -> dict[str, str]:
    return (await client.post("/api/auth/token", data=ANN)).json()


def bearer(found: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {found['access_token']}"}


async def refresh(client, token: str):
    return await client.post("/api/auth/refresh", data={"grant_type": "refresh_token", "refresh_token": token})


class TestTokens:
    async def test_the_answer_is_what_it_was_with_a_refresh_token(self, stranger, ann):
        found = await tokens(stranger)
        assert set(found) == {"access_token", "token_type", "expires_in", "refresh_token"}
        assert (found["token_type"], found["expires_in"]) == ("bearer", 3600)

    async def test_a_refresh_gives_the_same_shape_and_uses_the_token_up(self, stranger, ann):
        first = await tokens(stranger)
        response = await refresh(stranger, first["refresh_token"])
        second = response.json()
        assert (response.status_code, set(second)) == (200, set(first))
        assert second["refresh_token"] != first["refresh_token"]
        assert (await stranger.get("/api/me", headers=bearer(second))).status_code == 200
        await collection("sessions").update_many({}, {"$set": {"renewed_at": now() - timedelta(minutes=1)}})
        again = await refresh(stranger, first["refresh_token"])
        assert (again.status_code, again.headers["content-type"]) == (401, "application/problem+json")
        for found in (first, second):
            assert (await stranger.get("/api/me", headers=bearer(found))).status_code == 401
        assert (await refresh(stranger, second["refresh_token"])).status_code == 401

    async def test_the_end_of_a_stolen_session_is_in_the_log(self, stranger, owner, alice, ann):
        first = await tokens(stranger)
        for _ in range(2):
            first["next"] = (await refresh(stranger, first.get("next", first["refresh_token"]))).json()["refresh_token"]
        assert (await refresh(stranger, first["refresh_token"])).status_code == 401
        (line,), _ = await list_entries(alice, action="session.reuse")
        assert (line.object_name, line.after) == ("ann@example.com", {"kind": "program"})

    async def test_many_at_once_get_one_successor(self, stranger, ann):
        first = await tokens(stranger)
        answers = await asyncio.gather(*(refresh(stranger, first["refresh_token"]) for _ in range(10)))
        assert [one.status_code for one in answers] == [200] * 10
        assert len({one.json()["refresh_token"] for one in answers}) == 1
        assert (await Session.find_one()).generation == 1

    @pytest.mark.parametrize(
        ("form", "status"),
        [
            ({}, 422),
            ({"refresh_token": "x"}, 401),
            ({"refresh_token": "A" * 64}, 401),
            ({"refresh_token": "x" * 300}, 422),
            ({"refresh_token": "A" * 64, "grant_type": "password"}, 422),
        ],
    )
    async def test_what_is_wrong_is_refused(self, stranger, database, form, status):
        assert (await stranger.post("/api/auth/refresh", data=form)).status_code == status

    async def test_a_browsers_token_is_none_for_programs(self, stranger, bob):
        session = await session_of(bob, "browser")
        assert (await refresh(stranger, renewing.refresh_token(session))).status_code == 401

    async def test_signing_out_ends_both_tokens(self, stranger, ann):
        found, other = await tokens(stranger), await tokens(stranger)
        assert (await stranger.post("/api/auth/sign-out", headers=bearer(found))).status_code == 204
        assert (await stranger.get("/api/me", headers=bearer(found))).status_code == 401
        assert (await refresh(stranger, found["refresh_token"])).status_code == 401
        assert (await stranger.get("/api/me", headers=bearer(other))).status_code == 200

    async def test_a_key_has_no_session(self, stranger, owner):
        key = (await owner.post("/api/keys", json={"name": "x", "scopes": ["customers.read"]})).json()["secret"]
        headers = {"Authorization": f"Bearer {key}"}
        assert (await stranger.post("/api/auth/sign-out", headers=headers)).status_code == 409
        assert (await stranger.get("/api/sessions", headers=headers)).status_code == 403


class TestSessions:
    async def test_the_list_says_how_and_where(self, stranger, ann):
        found = await stranger.post("/api/auth/token", data=ANN, headers={"User-Agent": "curl/8.5.0"})
        (one,) = (await stranger.get("/api/sessions", headers=bearer(found.json()))).json()["items"]
        assert (one["kind"], one["how"], one["second_step"], one["client"], one["current"]) == (
            "program",
            "password",
            False,
            "curl",
            True,
        )
        assert one["address"] == "127.0.0.1"
        assert "seed" not in one

    async def test_ones_own_are_ended_and_others_are_not_there(self, marketer, viewer, owner, bob, charlie):
        session = await session_of(bob)
        for client in (viewer,):
            assert (await client.delete(f"/api/sessions/{session.id}")).status_code == 404
            assert (await client.get("/api/sessions", params={"member_id": str(bob.id)})).status_code == 404
        assert (await marketer.delete(f"/api/sessions/{session.id}")).status_code == 204
        assert (await marketer.delete(f"/api/sessions/{session.id}")).status_code == 404
        assert (await marketer.delete("/api/sessions/x")).status_code == 404
        theirs = await session_of(charlie)
        listed = await owner.get("/api/sessions", params={"member_id": str(charlie.id)})
        assert str(theirs.id) in [one["id"] for one in listed.json()["items"]]
        assert (await owner.delete(f"/api/sessions/{theirs.id}")).status_code == 204


class TestPolicy:
    @pytest.fixture
    async def asked(self, alice, ann) -> None:
        await with_second_step(alice)
        await require_second_step(alice, WhoNeedsSecondStep.EVERYONE)

    async def test_a_browser_is_led_to_setting_it_up_and_gets_nothing_before(self, stranger, asked):
        form = {"email": "ann@example.com", "password": "correct horse", "next": "/log"}
        response = await stranger.post("/signin", data=form, headers={"Origin": "http://cohort.test"})
        assert response.headers["location"] == "/signin-code/setup"
        assert (await stranger.get("/api/me")).status_code == 401
        code = await stranger.post("/signin-code", data={"code": "000000"}, headers={"Origin": "http://cohort.test"})
        assert code.headers["location"] == "/signin?error=late", "its cookie is for the other purpose"

    async def test_a_token_is_refused_with_what_to_do(self, stranger, asked):
        response = await stranger.post("/api/auth/token", data=ANN)
        assert response.status_code == 401
        assert "sign in with a browser" in response.json()["detail"]

    async def test_a_begun_enrolment_is_none(self, stranger, asked):
        await begin_enrolment(await Member.find_one({"email": "ann@example.com"}))
        assert (await stranger.post("/api/auth/token", data=ANN)).status_code == 401
