"""Leaving by link: asked first, done once, no sign-in, nothing said to strangers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.api.unsubscribe import router
from app.campaigns.life import service
from app.campaigns.message.unsubscribe import link_for
from app.campaigns.sending.chunk import send_chunk
from app.campaigns.sending.prepare import prepare
from app.database import collection
from models import Campaign, Customer, Member, Suppression
from tests.campaigns.conftest import add_people, add_segment, counts, draft


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without an account."""
    app = FastAPI()
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def _sent(member: Member) -> tuple[Campaign, Customer]:
    person = (await add_people(1))[0]
    campaign = await service.send(member, (await draft(member, [await add_segment("All")])).id)
    await prepare(campaign.id)
    await send_chunk(f"{campaign.id}:0")
    customer = await Customer.get(person)
    assert customer is not None
    return campaign, customer


def _path(link: str) -> str:
    return "/u/" + link.rpartition("/u/")[2]


async def test_opening_the_link_asks_and_the_button_unsubscribes_once(settings, database, browser, bob: Member):
    campaign, customer = await _sent(bob)
    await customer.set({"email": "new@example.com"})
    path = _path(link_for(campaign.id, customer.id))
    page = await browser.get(path)
    assert page.status_code == 200
    assert '<form method="post">' in page.text
    assert "p0@example.com" not in page.text
    assert await Suppression.count() == 0
    for _ in range(2):
        done = await browser.post(path)
        assert "You are unsubscribed" in done.text
    suppression = await Suppression.find_one()
    assert suppression is not None
    # The address the message went to, not the one the customer has now.
    assert (suppression.address, suppression.reason) == ("p0@example.com", "unsubscribed")
    assert await Suppression.count() == 1
    fresh = await Customer.get(customer.id)
    assert fresh is not None
    assert fresh.email_opt_in is False
    assert (await counts(campaign)).unsubscribed == 1
    assert "<form" not in (await browser.get(path)).text


async def test_one_click_from_a_mail_program(settings, database, browser, bob: Member):
    campaign, customer = await _sent(bob)
    outbox = await collection("outbox").find_one({})
    assert outbox is not None
    link = outbox["headers"]["List-Unsubscribe"].strip("<>")
    assert link == link_for(campaign.id, customer.id)
    answer = await browser.post(_path(link), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert await Suppression.count() == 1


@pytest.mark.parametrize("token", ["x", "a.b.c", "é", "x" * 5000])
async def test_a_wrong_link_is_a_friendly_404(settings, database, browser, token: str):
    for answer in (await browser.get(f"/u/{token}"), await browser.post(f"/u/{token}")):
        assert answer.status_code == 404
        assert "This link does not work" in answer.text


async def test_a_link_for_another_purpose_does_nothing(settings, database, browser, bob: Member):
    from app.auth.tokens import sign_link

    campaign, customer = await _sent(bob)
    token = sign_link("welcome", {"c": str(campaign.id), "p": str(customer.id)}, None)
    assert (await browser.post(f"/u/{token}")).status_code == 404
    assert await Suppression.count() == 0


async def test_the_link_of_a_test_message_changes_nothing(settings, database, browser):
    path = _path(link_for("preview", None))
    assert "test message" in (await browser.get(path)).text
    assert "Nothing was changed" in (await browser.post(path)).text
    assert await Suppression.count() == 0
