"""Sign-in by a provider that signs its tokens, and every way in which an answer must not be believed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.api.sign_in_with import COOKIE as KEPT
from app.auth.members import create_member, system_member
from app.auth.membership import set_active
from app.auth.session import COOKIE
from app.settings import use_settings
from models import Member
from tests.fakes.oidc import CLIENT_ID, CLIENT_SECRET, FakeProvider


@pytest.fixture
def provider(settings) -> Iterator[FakeProvider]:
    """A provider that stands in Google's place."""
    with FakeProvider() as fake:
        changes = {
            "google_client_id": CLIENT_ID,
            "google_client_secret": type(settings.google_client_secret)(CLIENT_SECRET),
            "google_discovery_url": fake.discovery_url,
        }
        use_settings(settings.model_copy(update=changes))
        yield fake


@pytest.fixture
async def ann(database) -> Member:
    return await create_member(system_member(), email="ann@example.com", name="Ann", password="correct horse")


@pytest.fixture
async def outside() -> AsyncIterator[httpx.AsyncClient]:
    """The browser's way to the provider."""
    async with httpx.AsyncClient() as client:
        yield client


async def consent(stranger, outside, next: str = "/") -> str:
    """From our link to the address at which the provider sends the browser back."""
    begun = await stranger.get("/signin/google", params={"next": next})
    assert begun.status_code == 302
    there = await outside.get(begun.headers["location"])
    return there.headers["location"]


async def sign_in(stranger, outside, next: str = "/") -> httpx.Response:
    return await stranger.get(await consent(stranger, outside, next))


def refused(response: httpx.Response, reason: str) -> bool:
    found = parse_qs(urlsplit(response.headers["location"]).query)
    return found["error"] == [reason] and COOKIE not in response.cookies and response.status_code == 303


class TestWhoIsVouchedFor:
    async def test_a_member_with_that_verified_address_is_linked_and_signed_in(self, stranger, outside, provider, ann):
        response = await sign_in(stranger, outside, "/customers?sort=name")
        assert (response.status_code, response.headers["location"]) == (303, "/customers?sort=name")
        assert "HttpOnly" in response.headers.get_list("set-cookie")[-1]
        assert (await stranger.get("/api/me")).json()["email"] == "ann@example.com"
        linked = await Member.get(ann.id)
        assert [(one.issuer, one.subject) for one in linked.identities] == [(provider.origin, "1001")]
        assert KEPT not in stranger.cookies

    async def test_once_linked_the_account_counts_and_not_its_address(self, stranger, outside, provider, ann, bob):
        await sign_in(stranger, outside)
        provider.claims["email"] = bob.email
        await sign_in(stranger, outside)
        assert (await stranger.get("/api/me")).json()["email"] == "ann@example.com"
        # Whoever has that address at the provider now is somebody else.
        provider.claims |= {"sub": "2002", "email": "ann@example.com"}
        stranger.cookies.clear()
        assert refused(await sign_in(stranger, outside), "nobody")

    async def test_an_address_that_is_not_verified_links_nobody(self, stranger, outside, provider, ann):
        for value in (False, "false", None, 1):
            provider.claims["email_verified"] = value
            assert refused(await sign_in(stranger, outside), "unverified"), value
        assert (await Member.get(ann.id)).identities == []

    async def test_strangers_and_members_who_left_stay_outside(self, stranger, outside, provider, ann, alice):
        provider.claims["email"] = "nobody@example.com"
        assert refused(await sign_in(stranger, outside), "nobody")
        provider.claims["email"] = "ANN@example.com"
        assert (await sign_in(stranger, outside)).headers["location"] == "/"
        await set_active(alice, ann.id, False)
        stranger.cookies.clear()
        assert refused(await sign_in(stranger, outside), "nobody")

    async def test_a_new_key_of_the_provider_is_found(self, stranger, outside, provider, ann):
        await sign_in(stranger, outside)
        provider.rotate()
        assert (await sign_in(stranger, outside)).headers["location"] == "/"


class TestWhatIsNotBelieved:
    @pytest.mark.parametrize(
        "lie",
        [
            "wrong nonce",
            "no nonce",
            "wrong audience",
            "wrong issuer",
            "expired",
            "alg none",
            "alg secret",
            "wrong key",
            "no id token",
        ],
    )
    async def test_a_token_that_lies(self, stranger, outside, provider, ann, lie):
        provider.faults = {lie}
        assert refused(await sign_in(stranger, outside), "mismatch")
        assert provider.exchanged == 1
        assert (await stranger.get("/api/me")).status_code == 401
        assert (await Member.get(ann.id)).identities == []

    async def test_a_changed_state(self, stranger, outside, provider, ann):
        address = await consent(stranger, outside)
        assert refused(await stranger.get(address.replace("state=", "state=x")), "mismatch")
        assert provider.exchanged == 0

    async def test_an_answer_in_another_browser(self, stranger, outside, provider, ann):
        address = await consent(stranger, outside)
        stranger.cookies.clear()
        assert refused(await stranger.get(address), "expired")
        await consent(stranger, outside)
        assert refused(await stranger.get(address), "mismatch")
        assert provider.exchanged == 0

    async def test_a_replayed_answer_with_its_cookie(self, stranger, outside, provider, ann):
        address = await consent(stranger, outside)
        kept = stranger.cookies[KEPT]
        assert (await stranger.get(address)).headers["location"] == "/"
        again = await stranger.get(address, headers={"Cookie": f"{KEPT}={kept}"})
        assert refused(again, "mismatch")
        assert provider.exchanged == 1

    async def test_a_replayed_code_in_a_new_sign_in(self, stranger, outside, provider, ann):
        first = await consent(stranger, outside)
        await stranger.get(first)
        code = parse_qs(urlsplit(first).query)["code"][0]
        second = await consent(stranger, outside)
        fresh = parse_qs(urlsplit(second).query)["code"][0]
        assert refused(await stranger.get(second.replace(fresh, code)), "mismatch")

    async def test_somebody_who_says_no(self, stranger, outside, provider, ann):
        provider.faults = {"says no"}
        response = await sign_in(stranger, outside, "/log")
        assert refused(response, "denied")
        assert "next=%2Flog" in response.headers["location"]

    async def test_another_site_as_the_way_back(self, stranger, outside, provider, ann):
        for next in ("https://evil.example", "//evil.example", "/\\evil.example"):
            assert (await sign_in(stranger, outside, next)).headers["location"] == "/"


class TestAvailability:
    async def test_a_provider_that_is_away_leaves_the_password(self, stranger, provider, ann):
        provider.faults = {"away"}
        assert refused(await stranger.get("/signin/google"), "away")

    async def test_one_that_goes_away_in_between(self, stranger, outside, provider, ann):
        address = await consent(stranger, outside)
        provider.faults = {"away"}
        response = await stranger.get(address)
        assert parse_qs(urlsplit(response.headers["location"]).query)["error"][0] in ("away", "mismatch")
        assert COOKIE not in response.cookies

    async def test_what_is_not_set_up_is_not_there(self, stranger, database):
        for path in ("/signin/google", "/signin/google/callback", "/signin/oidc", "/signin/x"):
            assert (await stranger.get(path)).status_code == 404

    async def test_any_other_provider_by_settings(self, stranger, outside, settings, ann):
        with FakeProvider() as other:
            changes = {
                "oidc_name": "Acme",
                "oidc_client_id": CLIENT_ID,
                "oidc_client_secret": type(settings.oidc_client_secret)(CLIENT_SECRET),
                "oidc_discovery_url": other.discovery_url,
            }
            use_settings(settings.model_copy(update=changes))
            begun = await stranger.get("/signin/oidc")
            back = (await outside.get(begun.headers["location"])).headers["location"]
            assert (await stranger.get(back)).headers["location"] == "/"
            assert (await stranger.get("/api/me")).json()["email"] == "ann@example.com"
