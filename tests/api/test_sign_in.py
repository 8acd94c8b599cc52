"""Signing in and out over HTTP, and what stands between our cookie and other sites."""

from __future__ import annotations

import pytest

from app.api.sign_in import local_path
from app.auth.members import create_member, system_member, welcome_link
from app.auth.session import COOKIE, REFRESH_COOKIE
from models import Customer, Member, Session
from tests.signing_in import access_of, give_cookies

OWN = {"Origin": "http://cohort.test"}


@pytest.fixture
async def ann(database) -> Member:
    return await create_member(system_member(), email="ann@example.com", name="Ann", password="correct horse")


async def sign_in(client, password: str = "correct horse", **fields: str):
    return await client.post("/signin", data={"email": "ann@example.com", "password": password, **fields}, headers=OWN)


class TestSignIn:
    async def test_it_sets_a_careful_cookie_and_goes_on(self, stranger, ann):
        response = await sign_in(stranger, next="/customers?sort=name")
        assert (response.status_code, response.headers["location"]) == (303, "/customers?sort=name")
        cookie = response.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=lax" in cookie.lower()
        assert "Secure" not in cookie
        assert (await stranger.get("/api/me")).json()["email"] == "ann@example.com"

    async def test_behind_https_the_cookie_is_secure(self, app, stranger, ann, settings):
        from app.settings import use_settings

        use_settings(settings.model_copy(update={"public_url": "https://crm.example.com"}))
        response = await sign_in(stranger)
        for cookie in response.headers.get_list("set-cookie"):
            assert ("Secure" in cookie, "Domain" in cookie) == (True, False)
            if not cookie.startswith("cohort_device="):  # that one opens nothing, and is sent to the sign-in page alone
                assert cookie.startswith("__Host-cohort_"), "no other host of the domain can plant one"
                assert "Path=/;" in cookie
        sent = "; ".join(cookie.split(";")[0] for cookie in response.headers.get_list("set-cookie"))
        assert (await stranger.get("/api/me", headers={"Cookie": sent})).status_code == 200
        planted = sent.replace("__Host-", "")
        assert (await stranger.get("/api/me", headers={"Cookie": planted})).status_code == 401

    async def test_it_fails_the_same_way_for_everybody(self, stranger, ann):
        wrong = await sign_in(stranger, "wrong")
        unknown = await stranger.post("/signin", data={"email": "nobody@example.com", "password": "x", "next": "/log"})
        empty = await stranger.post("/signin", data={})
        assert (wrong.status_code, wrong.headers["location"]) == (303, "/signin?error=1")
        assert unknown.headers["location"] == "/signin?error=1&next=%2Flog"
        assert empty.headers["location"] == "/signin?error=1"
        assert not {"set-cookie"} & set(wrong.headers)

    async def test_guessing_is_slowed_down_for_that_email_alone(self, stranger, ann):
        for _ in range(10):
            assert (await sign_in(stranger, "wrong")).headers["location"] == "/signin?error=1"
        late = await sign_in(stranger)
        assert late.headers["location"] == "/signin?error=1&reason=throttled"
        token = await stranger.post("/api/auth/token", data={"username": "ANN@example.com", "password": "x"})
        assert token.status_code == 429
        assert 0 < int(token.headers["Retry-After"]) <= 300
        other = await stranger.post("/api/auth/token", data={"username": "bob@example.com", "password": "x"})
        assert other.status_code == 401

    async def test_success_forgets_the_failures(self, stranger, ann):
        for _ in range(3):
            for _ in range(9):
                await sign_in(stranger, "wrong")
            assert (await sign_in(stranger)).headers["location"] == "/"

    async def test_another_site_cannot_sign_somebody_in(self, stranger, ann):
        for headers in ({"Origin": "http://evil.test"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
            response = await stranger.post(
                "/signin", data={"email": "ann@example.com", "password": "correct horse"}, headers=headers
            )
            assert response.status_code == 403, headers


@pytest.mark.parametrize(
    "text",
    [
        "//evil.test",
        "/\\evil.test",
        "https://evil.test",
        "evil",
        "",
        "/a\\b",
        "/\tevil",
        "/ /x",
        "javascript:1",
        "/\n/evil",
    ],
)
def test_next_stays_on_this_site(text):
    assert local_path(text) == "/"


def test_next_keeps_paths():
    assert local_path("/customers/1?tab=orders#x") == "/customers/1?tab=orders#x"


class TestCookie:
    async def test_changes_need_our_own_origin(self, stranger, bob):
        await give_cookies(stranger, bob)
        body = {"email": "x@example.com"}
        for headers, status in (
            ({}, 403),
            ({"Origin": "http://evil.test"}, 403),
            ({"Origin": "http://cohort.test.evil.test"}, 403),
            ({"Sec-Fetch-Site": "same-site"}, 403),
            ({"Sec-Fetch-Site": "cross-site", "Origin": "http://cohort.test"}, 403),
            ({"Sec-Fetch-Site": "same-origin"}, 201),
            ({"Origin": "http://cohort.test"}, 409),
        ):
            response = await stranger.post("/api/customers", json=body, headers=headers)
            assert response.status_code == status, headers
        assert (await stranger.get("/api/customers")).status_code == 200
        assert await Customer.count() == 1

    async def test_an_access_token_that_ran_out_is_renewed_on_the_way(self, stranger, bob):
        session = await give_cookies(stranger, bob, -1)
        used = stranger.cookies[REFRESH_COOKIE]
        response = await stranger.get("/api/me")
        assert response.status_code == 200
        assert [cookie.split("=")[0] for cookie in response.headers.get_list("set-cookie")] == [COOKIE, REFRESH_COOKIE]
        assert all("Max-Age=604800" in cookie for cookie in response.headers.get_list("set-cookie"))
        assert stranger.cookies[REFRESH_COOKIE] != used
        assert "set-cookie" not in (await stranger.get("/api/me")).headers
        assert (await Session.get(session.id)).generation == 1

    async def test_a_browser_that_lost_its_access_cookie_needs_our_own_origin_too(self, stranger, bob):
        await give_cookies(stranger, bob)
        stranger.cookies.delete(COOKIE)
        headers, body = {"Origin": "http://evil.test"}, {"email": "x@example.com"}
        assert (await stranger.post("/api/customers", json=body, headers=headers)).status_code == 403
        assert (await stranger.get("/api/me")).status_code == 200

    async def test_signing_out_ends_this_session_alone(self, stranger, ann):
        await sign_in(stranger)
        elsewhere = {"Cookie": f"{COOKIE}={stranger.cookies[COOKIE]}"}
        stranger.cookies.clear()
        await sign_in(stranger)
        stolen = {"Cookie": f"{COOKIE}={stranger.cookies[COOKIE]}; {REFRESH_COOKIE}={stranger.cookies[REFRESH_COOKIE]}"}
        assert (await stranger.post("/signout")).status_code == 403
        response = await stranger.post("/signout", headers=OWN)
        assert (response.status_code, response.headers["location"]) == (303, "/signin")
        assert [("Max-Age=0" in cookie) for cookie in response.headers.get_list("set-cookie")] == [True, True]
        assert COOKIE not in stranger.cookies
        assert (await stranger.get("/api/me", headers=stolen)).status_code == 401
        assert (await stranger.get("/api/me", headers=elsewhere)).status_code == 200

    async def test_signing_out_with_an_access_token_that_ran_out_sets_nothing_anew(self, stranger, bob):
        session = await give_cookies(stranger, bob, -1)
        response = await stranger.post("/signout", headers=OWN)
        assert [("Max-Age=0" in cookie) for cookie in response.headers.get_list("set-cookie")] == [True, True]
        assert (await Session.get(session.id)).revoked_why == "signed-out"

    async def test_a_bearer_token_in_the_cookie_is_refused_and_the_other_way_round(self, stranger, bob):
        stranger.cookies.set(COOKIE, await access_of(bob))
        assert (await stranger.get("/api/me")).status_code == 401
        stranger.cookies.clear()
        bearer = {"Authorization": f"Bearer {await access_of(bob, kind='browser')}"}
        assert (await stranger.get("/api/me", headers=bearer)).status_code == 401


class TestWelcome:
    async def test_the_first_visitor_becomes_the_owner(self, stranger, settings):
        token = str(await welcome_link(settings)).partition("token=")[2]
        fields = {"token": token, "name": "Me", "email": "me@example.com", "password": "short"}
        response = await stranger.post("/welcome", data=fields, headers=OWN)
        assert response.headers["location"] == f"/welcome?token={token}&error=password"
        response = await stranger.post("/welcome", data={**fields, "password": "correct horse"}, headers=OWN)
        assert (response.status_code, response.headers["location"]) == (303, "/")
        assert (await stranger.get("/api/me")).json()["role"] == "owner"
        again = await stranger.post("/welcome", data={**fields, "password": "correct horse"}, headers=OWN)
        assert again.headers["location"] == "/signin?error=used"


async def test_a_token_acts_as_its_member(stranger, ann):
    response = await stranger.post("/api/auth/token", data={"username": "ann@example.com", "password": "correct horse"})
    found = response.json()
    assert (response.status_code, found["token_type"], found["expires_in"]) == (200, "bearer", 3600)
    me = await stranger.get("/api/me", headers={"Authorization": f"Bearer {found['access_token']}"})
    assert (me.json()["name"], "customers.write" in me.json()["permissions"]) == ("Ann", True)
    wrong = await stranger.post("/api/auth/token", data={"username": "ann@example.com", "password": "x"})
    assert (wrong.status_code, wrong.headers["www-authenticate"]) == (401, "Bearer")
