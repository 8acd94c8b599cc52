"""Sign-in in the settings, and the way in for who has to set a second step up first."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pyotp
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from app.auth.members import create_member, system_member
from app.auth.sign_in_policy import require_second_step, sign_in_policy
from app.settings import Settings, use_settings
from models import Member, Session
from models.sign_in_policy import WhoNeedsSecondStep
from tests.auth.test_sign_in_policy import with_second_step
from tests.fakes.oidc import CLIENT_ID, CLIENT_SECRET, FakeProvider
from tests.hashing import cheap_hashes
from tests.pages.conftest import UserOf
from tests.pages.seeing import click_last, until

__all__ = ["cheap_hashes"]

HERE = {"Origin": "http://cohort.test"}


def choose(user: User, words: str) -> None:
    """Click the part of a segmented choice that says this."""
    (said,) = user.find(words).elements
    part = said.parent_slot.parent if said.parent_slot else None
    assert part is not None
    UserInteraction(user, {part}, words).click()


class TestThePage:
    async def test_it_says_what_is_on_and_how_to_turn_on_the_rest(self, user: User) -> None:
        await user.open("/settings/sign-in")
        await user.should_see("For every member who has chosen one.")
        await user.should_see("Off. Set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET to offer it.")

    async def test_a_provider_is_checked_and_its_redirect_address_shown(self, user: User, settings: Settings) -> None:
        with FakeProvider() as fake:
            changes = {
                "google_client_id": CLIENT_ID,
                "google_client_secret": type(settings.google_client_secret)(CLIENT_SECRET),
                "google_discovery_url": fake.discovery_url,
                "public_url": "http://cohort.test",
            }
            use_settings(settings.model_copy(update=changes))
            await user.open("/settings/sign-in")
            await user.should_see("http://cohort.test/signin/google/callback")
            click_last(user, "Check")
            await user.should_see(f"Answers as {fake.origin}", retries=30)
            fake.faults = {"away"}
            click_last(user, "Check")
            await user.should_see("does not answer with a discovery document", retries=30)
            await user.should_not_see("Answers as")

    async def test_an_owner_without_a_second_step_is_told_first(self, user: User) -> None:
        await user.open("/settings/sign-in")
        choose(user, "Everyone")
        await user.should_see("Require a second step of everyone?", retries=30)
        click_last(user, "Require it")
        await until(lambda: any("for yourself first" in said for said in user.notify.messages), "the words")
        assert (await sign_in_policy()).second_step is WhoNeedsSecondStep.NOBODY

    async def test_it_is_required_after_a_question(self, user: User, alice: Member, bob: Member) -> None:
        await with_second_step(alice)
        await user.open("/settings/sign-in")
        choose(user, "Everyone")
        await user.should_see("Require a second step of everyone?", retries=30)
        click_last(user, "Require it")
        await user.should_see("1 member signed out to set it up", retries=30)
        assert (await sign_in_policy()).second_step is WhoNeedsSecondStep.EVERYONE

    async def test_it_is_for_owners(self, user_of: UserOf, bob: Member) -> None:
        user = await user_of(bob)
        assert (await user.http_client.get("/settings/sign-in")).status_code == 403


class TestSettingUpOnTheWayIn:
    async def test_from_the_password_to_the_page_that_was_asked_for(self, user_of: UserOf, alice: Member) -> None:
        await create_member(system_member(), email="ann@example.com", password="correct horse")
        await with_second_step(alice)
        await require_second_step(alice, WhoNeedsSecondStep.EVERYONE)
        browser = (await user_of(None)).http_client
        form = {"email": "ann@example.com", "password": "correct horse", "next": "/orders"}
        begun = await browser.post("/signin", data=form, headers=HERE)
        path = urlsplit(begun.headers["location"]).path
        page = await browser.get(path)
        secret = re.search(r'<code class="mono secret">(\w+)</code>', page.text)
        assert secret is not None
        assert 'src="data:image/svg+xml' in page.text
        again = await browser.get(path)
        assert secret[1] in again.text, "a reload does not change what the app has scanned"
        wrong = await browser.post(path, data={"code": "12"}, headers=HERE)
        assert wrong.headers["location"] == f"{path}?error=1"
        assert "check the clock" in (await browser.get(f"{path}?error=1")).text
        other_site = await browser.post(path, data={"code": "12"}, headers={"Origin": "https://evil.example"})
        assert other_site.status_code == 403
        assert (await browser.get("/api/me")).status_code == 401
        done = await browser.post(path, data={"code": pyotp.TOTP(secret[1]).now()}, headers=HERE)
        assert done.status_code == 200
        assert len(re.findall(r"\b[a-z2-9]{5}-[a-z2-9]{5}\b", done.text)) == 10
        assert 'href="/orders"' in done.text
        assert (await browser.get("/api/me")).json()["email"] == "ann@example.com"
        session = await Session.find_one({"second_factor": True})
        assert session is not None
        late = await browser.get(path)
        assert late.headers["location"] == "/signin?error=late"

    async def test_without_the_first_step_there_is_no_second(self, user_of: UserOf) -> None:
        browser = (await user_of(None)).http_client
        for response in (
            await browser.get("/signin-code/setup"),
            await browser.post("/signin-code/setup", data={"code": "123456"}, headers=HERE),
        ):
            assert response.headers["location"] == "/signin?error=late"
