"""Valkey emptied, Valkey away, MongoDB away: sending stops, goes on, and nobody is lost or written to twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx
import pytest
from redis.asyncio import Redis

from tests.chaos.books import Books
from tests.chaos.conftest import PEOPLE, Mailing, Site
from tests.chaos.house import OWNER, PASSWORD, until

pytestmark = pytest.mark.journey

Send = Callable[[float], Awaitable[Mailing]]
SLOW = 0.03
"""Seconds a mail takes: 600 people are some two seconds of sending, enough to have an accident in the middle."""


def everybody_once(books: Books) -> None:
    """The only right outcome when no sender died."""
    assert books.states == {"sent": PEOPLE}
    assert books.faults(resend=False, connections=0) == []
    assert books.mails == PEOPLE


async def test_an_emptied_valkey_loses_nothing_and_doubles_nothing(site: Site, send: Send) -> None:
    mailing = await send(SLOW)
    await mailing.taken(100)
    async with Redis.from_url(site.valkey.url) as redis:
        await redis.flushall()
    everybody_once(await mailing.done())


async def test_without_valkey_sending_stops_at_most_and_goes_on_by_itself(site: Site, send: Send) -> None:
    mailing = await send(SLOW)
    await mailing.taken(100)
    site.valkey.kill()
    await asyncio.sleep(3)
    assert (await mailing.shop.campaign(mailing.id))["state"] == "running"
    await site.valkey.start()
    everybody_once(await mailing.done())


async def test_a_valkey_that_does_not_answer_holds_up_nothing_for_good(site: Site, send: Send) -> None:
    mailing = await send(SLOW)
    await mailing.taken(100)
    site.valkey.freeze()
    await asyncio.sleep(4)
    site.valkey.thaw()
    everybody_once(await mailing.done())


async def test_while_mongodb_is_dead_the_web_answers_503_and_then_all_goes_on(site: Site, send: Send) -> None:
    mailing = await send(SLOW)
    await mailing.taken(100)
    cookies = await _signed_in(site.house.url)
    site.mongod.kill()
    await asyncio.sleep(1)
    quiet_since = time.monotonic()
    await _says_that_it_is_away(mailing, cookies)
    await asyncio.sleep(max(0.0, quiet_since + 5 - time.monotonic()))
    assert mailing.sink.between(quiet_since + 1, time.monotonic()) == 0
    await site.mongod.start()
    assert await mailing.one_more() < 15
    everybody_once(await mailing.done())


async def test_while_mongodb_does_not_answer_the_web_says_so_and_then_all_goes_on(site: Site, send: Send) -> None:
    mailing = await send(SLOW)
    await mailing.taken(100)
    cookies = await _signed_in(site.house.url)
    site.mongod.freeze()
    quiet_since = time.monotonic()
    try:
        await _says_that_it_is_away(mailing, cookies)
        assert mailing.sink.between(quiet_since + 2, time.monotonic()) == 0
    finally:
        site.mongod.thaw()
    assert await mailing.one_more() < 15
    everybody_once(await mailing.done())


async def _signed_in(url: str) -> httpx.Cookies:
    """The cookies of a browser whose owner has signed in."""
    async with httpx.AsyncClient(base_url=url) as browser:
        answer = await browser.post("/signin", data={"email": OWNER, "password": PASSWORD}, headers={"Origin": url})
        assert answer.status_code < 400, answer.text[:300]
        return browser.cookies


async def _says_that_it_is_away(mailing: Mailing, cookies: httpx.Cookies) -> None:
    """REST answers 503 as a problem document, and a page that the shop cannot be reached; never 500."""
    url = mailing.site.house.url
    async with httpx.AsyncClient(base_url=url, timeout=25, cookies=cookies) as browser:
        page, answer, ready, alive = await asyncio.gather(
            browser.get(f"/campaigns/{mailing.id}"),
            mailing.shop.client.get(f"/api/campaigns/{mailing.id}", timeout=25),
            browser.get("/readyz"),
            browser.get("/healthz"),
        )
    assert (alive.status_code, ready.status_code) == (200, 503)
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "does not answer" in answer.json()["detail"]
    assert page.status_code == 503, page.text[:500]
    assert "Cohort cannot reach its database" in page.text
    await until(lambda: mailing.reader.refused > 0, 20, "a read that was refused")
