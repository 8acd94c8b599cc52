"""The communication log, one delivery, and the outbox."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from nicegui.testing import User

from app.campaigns.service import create_campaign, send
from app.customers.service import create_customer
from app.segments.service import create_segment
from app.settings import Settings
from models import Campaign, Customer, Delivery, Member
from models.campaign import Channel
from models.delivery import DeliveryState
from models.values import now
from pages.campaign_progress.history import history
from tests.fakes.worker import working
from tests.pages.controls import control, press, sees
from tests.pages.seeing import column, table_rows, until


async def _campaign(alice: Member, name: str = "Winter") -> Campaign:
    return await create_campaign(alice, {"name": name, "subject": "Hello", "body": "Hi {{ customer.first_name }}"})


async def _delivery(alice: Member, campaign: Campaign, name: str, state: DeliveryState, reason: str = "") -> Delivery:
    customer: Customer = await create_customer(alice, {"first_name": name, "email": f"{name.lower()}@example.com"})
    assert campaign.id is not None
    assert customer.id is not None
    sent = state is DeliveryState.SENT
    return await Delivery(
        id=f"{campaign.id}:{customer.id}",
        campaign_id=campaign.id,
        customer_id=customer.id,
        chunk=0,
        state=state,
        channel=Channel.EMAIL,
        address=customer.email,
        name=customer.name,
        reason=reason or None,
        attempts=1,
        created_at=now() - timedelta(minutes=2),
        updated_at=now(),
        sent_at=now() if sent else None,
    ).insert()


class TestLog:
    async def test_an_empty_log_says_what_it_is_for(self, user: User) -> None:
        await user.open("/log")
        await user.should_see("Nothing has been sent yet", retries=30)

    async def test_it_shows_who_which_campaign_and_what_was_said(self, user: User, alice: Member) -> None:
        campaign = await _campaign(alice)
        await _delivery(alice, campaign, "Ann", DeliveryState.FAILED, "550 5.1.1 no such user")
        await user.open("/log")
        await until(lambda: column(user, "who") == ["Ann"])
        assert column(user, "campaign") == ["Winter"]
        assert column(user, "state") == ["failed"]
        assert column(user, "words") == ["550 5.1.1 no such user"]

    async def test_filters_and_search_narrow_it(self, user: User, alice: Member) -> None:
        winter, spring = await _campaign(alice), await _campaign(alice, "Spring")
        await _delivery(alice, winter, "Ann", DeliveryState.FAILED)
        await _delivery(alice, winter, "Ben", DeliveryState.SENT)
        await _delivery(alice, spring, "Cleo", DeliveryState.SENT)
        await user.open(f"/log?campaign={winter.id}")
        await until(lambda: set(column(user, "who")) == {"Ann", "Ben"})
        control(user, "State").value = "sent"
        await until(lambda: column(user, "who") == ["Ben"])
        control(user, "Campaign").value = ""
        await until(lambda: set(column(user, "who")) == {"Ben", "Cleo"})
        control(user, "Search name or address").value = "cleo@example"
        await until(lambda: column(user, "who") == ["Cleo"])
        control(user, "Search name or address").value = "nobody"
        await user.should_see("No message fits", retries=60)

    async def test_an_unknown_filter_in_the_address_is_no_filter(self, user: User, alice: Member) -> None:
        await _delivery(alice, await _campaign(alice), "Ann", DeliveryState.SENT)
        await user.open("/log?campaign=nonsense&state=nonsense")
        await until(lambda: len(table_rows(user)) == 1)


class TestDelivery:
    async def test_it_tells_the_story_and_shows_the_message(self, user: User, alice: Member) -> None:
        delivery = await _delivery(alice, await _campaign(alice), "Ann", DeliveryState.FAILED, "550 5.1.1 no such user")
        await user.open(f"/log/{delivery.id}")
        await user.should_see("Message to Ann")
        await user.should_see("No such mailbox")
        await user.should_see("The server said: 550 5.1.1 no such user")
        assert user.client is not None
        frames = await until(lambda: [e for e in user.client.elements.values() if e.tag == "iframe"])
        assert "Hi Ann" in frames[0].props["srcdoc"]

    async def test_one_that_does_not_exist_says_so(self, user: User) -> None:
        response = await user.http_client.get("/log/nothing")
        assert response.status_code == 404

    async def test_a_deleted_campaign_leaves_the_facts(self, user: User, alice: Member) -> None:
        campaign = await _campaign(alice)
        delivery = await _delivery(alice, campaign, "Ann", DeliveryState.SENT)
        await campaign.delete()
        await user.open(f"/log/{delivery.id}")
        await user.should_see("A campaign that was deleted")
        await user.should_see("The campaign or the customer of this message was deleted.", retries=60)

    async def test_history_runs_from_the_latest_back(self, database: object, alice: Member) -> None:
        delivery = await _delivery(alice, await _campaign(alice), "Ann", DeliveryState.SENT)
        assert [step.words for step in history(delivery)] == ["Accepted", "Handed over"]


class TestOutbox:
    async def test_an_empty_outbox_says_what_it_is_for(self, user: User) -> None:
        await user.open("/outbox")
        await user.should_see("Nothing in the outbox", retries=30)

    async def test_messages_are_listed_and_read(self, user: User, alice: Member, settings: Settings) -> None:
        for name in ("Ann", "Ben"):
            await create_customer(alice, {"first_name": name, "email": f"{name}@example.com", "email_opt_in": True})
        segment = await create_segment(alice, name="Everybody", rule={"combinator": "and", "rules": []})
        body = "<script>alert(1)</script><p>Hi {{ customer.first_name }}</p>"
        fields = {"name": "Winter", "subject": "Hello {{ customer.first_name }}", "body": body}
        campaign = await create_campaign(alice, {**fields, "segment_ids": [str(segment.id)]})
        async with working(settings):
            await send(alice, str(campaign.id))
            await _done(campaign)
        await user.open("/outbox")
        await user.should_see("Hello Ann", retries=60)
        line = next(e for e in user.find(content="Hello Ann").elements if "truncate" in e.classes)
        press(user, line)
        assert user.client is not None
        (frame,) = [e for e in user.client.elements.values() if e.tag == "iframe"]
        assert "Hi Ann" in frame.props["srcdoc"]
        assert frame.props["sandbox"] == "", "no script of a message may run"
        control(user, "Search messages").value = "ben"
        await until(lambda: not sees(user, "Hello Ann") and sees(user, "Hello Ben"))


async def _done(campaign: Campaign) -> None:
    async with asyncio.timeout(20):
        while True:
            fresh = await Campaign.get(campaign.id)
            if fresh is not None and fresh.finished_at is not None:
                return
            await asyncio.sleep(0.05)
