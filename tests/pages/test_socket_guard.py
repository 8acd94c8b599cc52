"""Who may speak to an open page: the browser it was built for, from our own origin."""

from __future__ import annotations

import httpx
import pytest

from app.auth.session import COOKIE
from models import Member
from tests.signing_in import access_of

FOREIGN = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://cohort.test.evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://cohort.test"},
)


@pytest.fixture
async def open_page(user) -> tuple[httpx.AsyncClient, str]:
    """Alice's browser, and the id of a page that she has open."""
    await user.open("/imports")
    return user.http_client, user.client.id


OWN = {"Origin": "http://cohort.test"}


async def test_the_socket_answers_the_pages_own_browser_alone(open_page, bob: Member):
    client, id = open_page

    async def knock(headers: dict[str, str], **query: str) -> int:
        params = {"EIO": "4", "transport": "polling", "client_id": id, **query}
        return (await client.get("/_nicegui_ws/socket.io/", params=params, headers=headers)).status_code

    assert await knock(OWN) == 200
    assert await knock({"Sec-Fetch-Site": "same-origin"}) == 200
    for headers in FOREIGN:
        assert await knock(headers) == 403, headers
    client.cookies.set(COOKIE, await access_of(bob, kind="browser"))
    assert await knock(OWN) == 403
    client.cookies.clear()
    assert await knock(OWN) == 403


async def test_uploads_come_from_the_pages_own_browser_alone(open_page, bob: Member):
    client, id = open_page
    path = f"/_nicegui/client/{id}/upload/1"

    async def upload(headers: dict[str, str]) -> int:
        return (await client.post(path, files={"file": ("a.csv", b"email\n")}, headers=headers)).status_code

    for headers in ({}, *FOREIGN):
        assert await upload(headers) == 403, headers
    assert await upload(OWN) != 403
    client.cookies.set(COOKIE, await access_of(bob, kind="browser"))
    assert await upload(OWN) == 403


async def test_a_message_is_shown_to_the_pages_own_browser_alone(open_page):
    client, id = open_page
    gone = await client.get(f"/message-frame/{id}/1")
    assert gone.status_code == 404
    client.cookies.clear()
    assert (await client.get(f"/message-frame/{id}/1")).status_code == 404


async def test_a_prefix_that_a_stranger_names_leads_nowhere(open_page):
    client, _ = open_page
    client.cookies.clear()
    answer = await client.get("/customers", headers={"X-Forwarded-Prefix": "//evil.example"})
    assert answer.headers["location"].startswith("/signin")
