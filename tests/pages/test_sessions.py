"""Where one is signed in, and that an ended session takes its open pages with it at once, in every web process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from nicegui import Client, ui
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from app.auth.membership import change_role
from app.auth.sessions import end_session
from app.campaigns.record.signals import SESSIONS, close_signals, signals
from app.database import collection
from models import Member, Session
from models.member import Role
from models.values import now
from pages import sessions
from tests.pages.conftest import UserOf
from tests.pages.controls import control, controls
from tests.pages.seeing import click_last, column, until
from tests.signing_in import session_of


async def heard(user: User) -> Client:
    """The page, once this web process listens: before, nothing is told to anybody."""

    async def listeners() -> int:
        return int((await signals().pubsub_numsub(SESSIONS))[0][1])

    for _ in range(200):
        if await listeners():
            break
    assert await listeners()
    assert user.client is not None
    return user.client


async def of(member: Member) -> list[Session]:
    return await Session.find({"member_id": member.id, "revoked_at": None}).sort("created_at").to_list()


class TestAnOpenPage:
    """Nobody looks by the clock here: what ends a page is what was told over Redis."""

    async def test_it_ends_when_its_session_is_ended_elsewhere(self, user: User, alice: Member) -> None:
        await user.open("/customers")
        page = await heard(user)
        (mine,) = await of(alice)
        await end_session(alice, mine.id)
        await until(lambda: not page.elements, "an empty page")
        with pytest.raises(AssertionError):
            await user.should_see("Customers")

    async def test_it_stays_when_another_session_ends(self, user: User, alice: Member) -> None:
        await user.open("/customers")
        page = await heard(user)
        other = await session_of(alice)
        await end_session(alice, other.id)
        assert await sessions.look_once() == 0
        assert page.elements

    async def test_it_ends_with_a_change_of_role_and_by_signing_out_in_another_tab(
        self, user_of: UserOf, alice: Member, bob: Member
    ) -> None:
        first = await user_of(bob)
        await first.open("/customers")
        page = await heard(first)
        await change_role(alice, bob.id, Role.VIEWER)
        await until(lambda: not page.elements, "an empty page")
        fresh = await Member.get(bob.id)
        second = await user_of(fresh)
        await second.open("/customers")
        page = await heard(second)
        response = await second.http_client.post("/signout", headers={"Origin": "http://cohort.test"})
        assert response.headers["location"] == "/signin"
        await until(lambda: not page.elements, "an empty page")

    async def test_what_was_not_told_is_found_by_looking(self, user: User, alice: Member) -> None:
        await user.open("/customers")
        assert user.client is not None
        await collection("sessions").update_many({"member_id": alice.id}, {"$set": {"expires_at": now()}})
        assert await sessions.look_once() >= 1
        assert not user.client.elements

    async def test_one_that_stays_open_for_days_gets_new_cookies(self, user: User, alice: Member) -> None:
        await user.open("/customers")
        page = user.client
        assert page is not None
        sent: list[str] = []
        page.run_javascript = sent.append  # type: ignore[method-assign,assignment]  # what a browser would be told
        await sessions.look_once()
        assert sent == []
        await collection("sessions").update_many({}, {"$set": {"renewed_at": now() - timedelta(days=1, minutes=1)}})
        await sessions.look_once()
        await sessions.look_once()
        assert sent == [sessions.RENEW], "asked once, not at every look"
        assert "/api/me" in sessions.RENEW


class TestTheList:
    async def test_it_shows_this_browser_and_ends_another(self, user: User, alice: Member) -> None:
        other = await session_of(alice)
        await user.open("/settings")
        await user.should_see("Where you are signed in")
        await user.should_see("This browser", retries=30)
        (button,) = controls(user, "Sign out Unknown")  # none for this browser
        UserInteraction(user, {button}, "Sign out").click()
        await user.should_see("Signed out there", retries=30)
        assert other.id not in [one.id for one in await of(alice)]

    async def test_all_others_at_once(self, user: User, alice: Member) -> None:
        for _ in range(3):
            await session_of(alice)
        await user.open("/settings")
        click_last(user, "Sign out all others")
        await user.should_see("3 sessions signed out", retries=30)
        assert len(await of(alice)) == 1

    async def test_an_owner_ends_those_of_others_in_the_team(self, user: User, bob: Member) -> None:
        session = await session_of(bob)
        await user.open("/settings/team")
        await until(lambda: "Bob" in column(user, "who"))
        user.find(ui.table).trigger("open", str(bob.id))
        await user.should_see("Where they are signed in", retries=30)
        await until(lambda: controls(user, "Sign out Unknown"))
        UserInteraction(user, {control(user, "Sign out Unknown")}, "Sign out").click()
        await user.should_see("Signed out there", retries=30)
        found = await Session.get(session.id)
        assert found is not None
        assert found.revoked_why == "ended"


@pytest.fixture(autouse=True)
async def closed_signals(database: object) -> AsyncIterator[None]:
    yield
    await close_signals()


async def test_a_key_opens_no_page_that_stays(user_of: UserOf, alice: Member) -> None:
    from app.auth.api_keys import create_key

    made = await create_key(alice, name="x", scopes=["customers.read"])
    stranger = await user_of(None)
    headers = {"Authorization": f"Bearer {made.secret}"}
    response: httpx.Response = await stranger.http_client.get("/customers", headers=headers)
    assert response.status_code in (200, 303)
    assert await sessions.look_once() == (1 if response.status_code == 200 else 0)
