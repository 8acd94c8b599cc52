"""The communication log, one delivery, and the outbox."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from nicegui.testing import User

from app.campaigns.life.service import create_campaign, send
from app.customers.service import create_customer
from app.segments.service import create_segment
from app.settings import Settings
from models import Campaign, Customer, Delivery, Member
from models.campaign import Channel
from models.delivery import DeliveryState, Event
from models.outbox import OutboxMessage
from models.values import now
from pages.campaign_progress.history import history
from pages.components.log_link import log_link
from tests.fakes.worker import working
from tests.pages.controls import control, press, press_words, sees
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

    async def test_every_filter_is_in_the_address_and_in_the_file(self, user: User, alice: Member) -> None:
        campaign = await _campaign(alice)
        ann = await _delivery(alice, campaign, "Ann", DeliveryState.FAILED, "552 5.2.2 full")
        await _delivery(alice, campaign, "Ben", DeliveryState.FAILED, "550 5.1.1 no such user")
        address = log_link(
            campaign=campaign.id,
            customer=ann.customer_id,
            state="failed",
            channel="email",
            domain="example.com",
            error="mailbox-full",
            since="1d",
            q="ann",
        )
        await Delivery.find({}).update({"$set": {"domain": "example.com"}})
        await user.open(address)
        await until(lambda: column(user, "who") == ["Ann"])
        await user.should_see("To Ann")
        (export,) = user.find("Export CSV").elements
        href = str(export.props["href"])
        assert href.startswith(
            f"/api/deliveries.csv?campaign_id={campaign.id}&customer_id={ann.customer_id}&state=failed"
        )
        assert "error=mailbox-full&search=ann&since=20" in href
        control(user, "Reason").value = "no-such-mailbox"
        await user.should_see("No message fits", retries=60)
        assert "error=no-such-mailbox" in str(export.props["href"])

    async def test_a_reason_from_the_campaigns_page_that_is_no_group(self, user: User, alice: Member) -> None:
        await _delivery(alice, await _campaign(alice), "Ann", DeliveryState.FAILED, "The pigeon was tired.")
        await _delivery(alice, await _campaign(alice), "Ben", DeliveryState.FAILED, "554 spam")
        await user.open("/log?error=The+pigeon+was+tired")
        await until(lambda: column(user, "who") == ["Ann"])

    async def test_what_is_too_wide_says_how_to_narrow_it(
        self, user: User, alice: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.campaigns.record.log_filter.PEOPLE_SEARCHED", 1)
        campaign = await _campaign(alice)
        for name in ("Ann", "Anna"):
            await _delivery(alice, campaign, name, DeliveryState.SENT)
        await user.open("/log?q=ann")
        await user.should_see("Please narrow it differently", retries=60)
        await user.should_see("fits more than 1 people; type more of the name or address", retries=60)

    async def test_an_unknown_filter_in_the_address_is_no_filter(self, user: User, alice: Member) -> None:
        await _delivery(alice, await _campaign(alice), "Ann", DeliveryState.SENT)
        await user.open("/log?campaign=nonsense&state=nonsense&channel=pigeon&since=yesterday&until=9&customer=x")
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
        assert "Hi Ann" in frames[0].message

    async def test_every_try_receipt_and_decision_is_told(self, database: object, alice: Member) -> None:
        delivery = await _delivery(alice, await _campaign(alice), "Ann", DeliveryState.BOUNCED, "5.1.1 gone")
        start = now()
        delivery.first_try_at = start
        delivery.sent_at = start + timedelta(minutes=5)
        delivery.server = "mx1"
        delivery.history = [
            Event(at=start, state=DeliveryState.DEFERRED, words="451 4.7.1 try later"),
            Event(at=start + timedelta(minutes=1), state=DeliveryState.DEFERRED, words="Chosen to be tried again."),
            Event(at=start + timedelta(hours=1), state=DeliveryState.DELIVERED, words="Delivered"),
            Event(at=start + timedelta(hours=2), state=DeliveryState.BOUNCED, words="5.1.1 gone"),
        ]
        told = [(step.words, step.more) for step in history(delivery)]
        assert told == [
            ("No such mailbox", "The server said: 5.1.1 gone"),
            ("Delivered", ""),
            ("Accepted by mx1", ""),
            ("Chosen to be tried again", ""),
            ("Their server refused the message, to be tried again", "The server said: 451 4.7.1 try later"),
            ("Handed over", ""),
        ]

    async def test_an_unknown_one_can_be_settled(self, user: User, alice: Member) -> None:
        delivery = await _delivery(alice, await _campaign(alice), "Ann", DeliveryState.UNKNOWN, "The connection broke")
        await user.open(f"/log/{delivery.id}")
        await user.should_see("Nobody knows whether it arrived")
        press_words(user, "Mark as not arrived")
        await user.should_see("It counts as failed, and can be tried again.", retries=60)
        press_words(user, "Mark as not arrived")
        async with asyncio.timeout(5):
            while await Delivery.find_one({"_id": delivery.id, "state": DeliveryState.FAILED}) is None:
                await asyncio.sleep(0.02)

    async def test_who_may_only_look_settles_nothing(self, viewer: User, alice: Member) -> None:
        delivery = await _delivery(alice, await _campaign(alice), "Ann", DeliveryState.UNKNOWN, "The connection broke")
        await viewer.open(f"/log/{delivery.id}")
        await viewer.should_see("Nobody knows whether it arrived")
        await viewer.should_not_see("Mark as arrived")

    async def test_a_text_message_is_shown_as_one(self, user: User, alice: Member) -> None:
        campaign = await Campaign(name="Text", channel=Channel.SMS, body="Hi {{ customer.first_name }} 😀").insert()
        delivery = await _delivery(alice, campaign, "Ann", DeliveryState.SENT)
        await Delivery.find_one({"_id": delivery.id}).update({"$set": {"channel": "sms", "address": "+4930123456"}})
        await user.open(f"/log/{delivery.id}")
        await user.should_see("Hi Ann 😀", retries=60)
        await user.should_see("1 text message, 9 of UCS-2")

    async def test_a_webhook_is_shown_as_json(self, user: User, alice: Member) -> None:
        campaign = await Campaign(name="Hook", channel=Channel.WEBHOOK, body="Hi {{ customer.first_name }}").insert()
        delivery = await _delivery(alice, campaign, "Ann", DeliveryState.SENT)
        await Delivery.find_one({"_id": delivery.id}).update({"$set": {"channel": "webhook"}})
        await user.open(f"/log/{delivery.id}")
        await user.should_see("Told to the webhook", retries=60)
        await user.should_see('"text": "Hi Ann"')

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


PAGE = 30
"""Messages on a page of the mailbox."""


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
        assert "Hi Ann" in frame.message
        assert frame.props["sandbox"] == "", "no script of a message may run"
        press_words(user, "Headers")
        await user.should_see("List-Unsubscribe")
        control(user, "Search messages").value = "ben"
        await until(lambda: not sees(user, "Hello Ann") and sees(user, "Hello Ben"))

    async def test_the_list_turns_pages(self, user: User, database: object) -> None:
        for number in range(PAGE + 1):
            fields = {"sender": "a@b.c", "recipient": f"p{number}@example.com", "html": "<p>Hi</p>", "text": "Hi"}
            at = now() - timedelta(minutes=number)
            await OutboxMessage(id=f"m{number}", subject=f"Letter {number}", created_at=at, **fields).insert()
        await user.open("/outbox")
        await user.should_see("Letter 0", retries=60)
        await user.should_not_see(f"Letter {PAGE}")
        press_words(user, "Older")
        await user.should_see(f"Letter {PAGE}", retries=60)
        press_words(user, "Newer")
        await until(lambda: sees(user, "Letter 1") and not sees(user, f"Letter {PAGE}"))


class TestCustomer:
    async def test_their_messages_narrow_by_state_and_channel(self, user: User, alice: Member) -> None:
        delivery = await _delivery(alice, await _campaign(alice), "Ann", DeliveryState.FAILED, "554 spam")
        await user.open(f"/customers/{delivery.customer_id}")
        press_words(user, "Messages")
        await until(lambda: column(user, "campaign", 1) == ["Winter"])
        assert table_rows(user, 1)[0]["href"] == f"/log/{delivery.id}"
        control(user, "State").value = "sent"
        await user.should_see("No message fits", retries=60)
        control(user, "State").value = "failed"
        await until(lambda: column(user, "campaign", 1) == ["Winter"])
        control(user, "Sent by").value = "sms"
        await user.should_see("No message fits", retries=60)


async def _done(campaign: Campaign) -> None:
    async with asyncio.timeout(20):
        while True:
            fresh = await Campaign.get(campaign.id)
            if fresh is not None and fresh.finished_at is not None:
                return
            await asyncio.sleep(0.05)
