"""The campaign page: the identity, live numbers, pausing, results."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from nicegui.testing import User

from app.campaigns.live import updates
from app.campaigns.progress import Counts, publish_hint
from app.campaigns.reasons import plain
from app.campaigns.service import create_campaign, pause, send
from app.customers.service import create_customer
from app.segments.service import create_segment
from app.settings import Settings
from models import Campaign, Chunk, Customer, Delivery, Member
from models.campaign import CampaignState, Channel
from models.chunk import ChunkState, Tally
from models.delivery import DeliveryState
from models.values import now
from pages.campaign_progress.figures import parts_of, time_left, whole_percent
from tests.fakes.worker import working
from tests.pages.conftest import UserOf
from tests.pages.controls import press, words
from tests.pages.seeing import until

FIGURES = ("audience", "sent", "failed", "unknown", "skipped", "held_out", "pending")


async def _campaign(state: CampaignState, tally: Tally, *, size: int = 100, **more: Any) -> Campaign:
    campaign = await Campaign(
        name="Winter", subject="Hello", body="Hi", channel=Channel.OUTBOX, state=state, audience=size, **more
    ).insert()
    assert campaign.id is not None
    done = state in (CampaignState.DONE, CampaignState.CANCELLED)
    await Chunk(
        id=f"{campaign.id}:0",
        campaign_id=campaign.id,
        n=0,
        customer_ids=[],
        size=size,
        tally=tally,
        state=ChunkState.DONE if done else ChunkState.WAITING,
        next_at=now() + timedelta(days=1),
    ).insert()
    return campaign


async def _failed(campaign: Campaign, count: int, reason: str, *, start: int = 0) -> None:
    assert campaign.id is not None
    for n in range(start, start + count):
        customer = await Customer(first_name=f"Failed{n}", email=f"failed{n}@example.com", email_opt_in=True).insert()
        assert customer.id is not None
        await Delivery(
            id=f"{campaign.id}:{customer.id}",
            campaign_id=campaign.id,
            customer_id=customer.id,
            chunk=0,
            state=DeliveryState.FAILED,
            channel=Channel.EMAIL,
            address=customer.email,
            name=customer.name,
            reason=reason,
            attempts=1,
            created_at=now(),
            updated_at=now(),
        ).insert()


def _figures(user: User) -> dict[str, int]:
    return {name: int(words(user, f"count-{name}").replace(",", "")) for name in FIGURES}


class TestFigures:
    def test_the_big_number_is_not_100_before_everybody_is_dealt_with(self) -> None:
        assert whole_percent(Counts(audience=1000, pending=1, sent=999)) == 99
        assert whole_percent(Counts(audience=1000, sent=1000)) == 100

    def test_the_big_number_is_not_0_once_it_has_begun(self) -> None:
        assert whole_percent(Counts(audience=1000, pending=999, sent=1)) == 1
        assert whole_percent(Counts(audience=1000, pending=1000)) == 0
        assert whole_percent(Counts()) == 0

    def test_the_parts_of_the_bar_are_what_is_done(self) -> None:
        parts = parts_of(Counts(audience=10, sent=5, failed=1, unknown=1, skipped=1, held_out=1, pending=1))
        assert sum(part.share for part in parts) == pytest.approx(0.9)

    @pytest.mark.parametrize(
        ("seconds", "said"),
        [
            (None, ""),
            (0.2, "about 1 s left"),
            (59, "about 59 s left"),
            (150, "about 2 min left"),
            (9000, "about 2.5 h left"),
        ],
    )
    def test_time_left_is_rounded_as_people_do(self, seconds: float | None, said: str) -> None:
        assert time_left(seconds) == said

    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            ("550 5.1.1 <a@example.com> unknown", "No such mailbox"),
            ("552 5.2.2 quota exceeded", "The mailbox is full"),
            ("550 5.7.26 unauthenticated", "Their server refused the message"),
            ("554 spam", "Their server refused the message"),
            ("421 try later", "Their server had trouble"),
            ("Has not agreed to receive email", "Has not agreed to receive email"),
            ("", "No reason was given"),
        ],
    )
    def test_a_servers_words_in_plain_ones(self, said: str, meant: str) -> None:
        assert plain(said) == meant


class TestWhileItRuns:
    async def test_the_identity_is_on_the_page(self, user: User) -> None:
        tally = Tally(sent=40, failed=2, skipped=5, held_out=3, unknown=1)
        campaign = await _campaign(CampaignState.RUNNING, tally)
        await user.open(f"/campaigns/{campaign.id}")
        assert words(user, "percent") == "51\u00a0%"
        figures = _figures(user)
        assert figures.pop("audience") == 100 == sum(figures.values())
        await user.should_see("Pause")
        await user.should_not_see("Resume")

    async def test_every_open_page_moves_by_itself(self, user_of: UserOf, alice: Member, charlie: Member) -> None:
        campaign = await _campaign(CampaignState.RUNNING, Tally())
        assert campaign.id is not None
        one, other = await user_of(alice), await user_of(charlie)
        for each in (one, other):
            await each.open(f"/campaigns/{campaign.id}")
        await Chunk.find_one(Chunk.campaign_id == campaign.id).update({"$set": {"tally.sent": 30}})
        await publish_hint(campaign.id, at_once=True)
        for each in (one, other):
            await until(lambda each=each: words(each, "percent") == "30\u00a0%")
        await other.should_not_see("Pause")

    async def test_a_page_that_is_closed_is_told_nothing_more(self, user: User) -> None:
        campaign = await _campaign(CampaignState.RUNNING, Tally())
        client = await user.open(f"/campaigns/{campaign.id}")
        assert str(campaign.id) in updates._callbacks
        client.delete()
        assert str(campaign.id) not in updates._callbacks

    async def test_why_it_waits_is_said(self, user: User) -> None:
        words_of_it = "The mail server does not answer."
        campaign = await _campaign(CampaignState.RUNNING, Tally(sent=1), waiting_reason=words_of_it)
        await user.open(f"/campaigns/{campaign.id}")
        assert words(user, "reason").startswith("The mail server does not answer. Nobody is lost")

    async def test_it_can_be_paused_and_resumed(self, user: User) -> None:
        campaign = await _campaign(CampaignState.RUNNING, Tally(sent=1))
        await user.open(f"/campaigns/{campaign.id}")
        user.find("Pause").click()
        await user.should_see("Resume", retries=60)
        assert words(user, "reason").startswith("Paused by Alice. Nobody gets anything until it is resumed")
        assert words(user, "state") == "paused"
        user.find("Resume").click()
        await until(lambda: words(user, "state") == "running")
        again = await Campaign.get(campaign.id)
        assert again is not None
        assert again.state is CampaignState.RUNNING

    async def test_cancelling_says_how_many_will_not_get_it(self, user: User) -> None:
        campaign = await _campaign(CampaignState.RUNNING, Tally(sent=40))
        await user.open(f"/campaigns/{campaign.id}")
        user.find("Cancel").click()
        await user.should_see("40 people have it already. The 60 who are still waiting will not get it.", retries=60)
        user.find("Cancel campaign").click()
        await until(lambda: words(user, "state") == "cancelled")
        assert _figures(user)["skipped"] == 60

    async def test_a_pause_by_somebody_else_shows(self, user: User, bob: Member) -> None:
        campaign = await _campaign(CampaignState.RUNNING, Tally(sent=1))
        await user.open(f"/campaigns/{campaign.id}")
        await pause(bob, str(campaign.id))
        await until(lambda: words(user, "state") == "paused")
        assert words(user, "reason").startswith("Paused by Bob")


class TestBefore:
    async def test_a_draft_shows_its_message_and_no_numbers(self, viewer: User, alice: Member) -> None:
        campaign = await create_campaign(alice, {"name": "Winter", "subject": "Hello there", "body": "Hi"})
        await viewer.open(f"/campaigns/{campaign.id}")
        await viewer.should_see("This is a draft. Nobody has got it yet.")
        await viewer.should_see("Hello there")
        assert words(viewer, "percent") == ""


class TestAfterwards:
    async def test_what_failed_is_grouped_and_can_be_tried_again(self, user: User) -> None:
        campaign = await _campaign(CampaignState.DONE, Tally(sent=95, failed=5), finished_at=now(), started_at=now())
        await _failed(campaign, 3, "550 5.1.1 no such user")
        await _failed(campaign, 2, "552 5.2.2 over quota", start=3)
        await user.open(f"/campaigns/{campaign.id}")
        await user.should_see("No such mailbox", retries=60)
        await user.should_see("The mailbox is full")
        press(user, next(iter(user.find(content="Retry the 5 that failed").elements)))
        await user.should_see("Try 5 again?", retries=60)
        press(user, next(iter(user.find(content="Retry 5").elements)))
        await until(lambda: words(user, "state") == "running")

    async def test_who_may_only_look_cannot_retry(self, viewer: User) -> None:
        campaign = await _campaign(CampaignState.DONE, Tally(sent=99, failed=1), finished_at=now())
        await _failed(campaign, 1, "550 5.1.1 no such user")
        await viewer.open(f"/campaigns/{campaign.id}")
        await viewer.should_see("No such mailbox", retries=60)
        await viewer.should_not_see("Retry")

    async def test_a_campaign_that_does_not_exist_says_so(self, user: User) -> None:
        response = await user.http_client.get("/campaigns/000000000000000000000000")
        assert response.status_code == 404


class TestTheWholeWay:
    async def test_it_reaches_100_while_the_page_is_open(self, user: User, alice: Member, settings: Settings) -> None:
        for n in range(30):
            await create_customer(
                alice, {"first_name": f"P{n}", "email": f"p{n}@example.com", "email_opt_in": n % 3 > 0}
            )
        segment = await create_segment(alice, name="Everybody", rule={"combinator": "and", "rules": []})
        message = {"name": "Winter", "subject": "Hello", "body": "Hi", "segment_ids": [str(segment.id)]}
        campaign = await create_campaign(alice, message)
        await user.open(f"/campaigns/{campaign.id}")
        assert words(user, "state") == "draft"
        async with working(settings):
            await send(alice, str(campaign.id))
            await until(lambda: words(user, "percent") == "100\u00a0%", "100 percent")
            await until(lambda: words(user, "state") == "done", "the end")
        assert _figures(user) == {
            "audience": 30,
            "sent": 20,
            "failed": 0,
            "unknown": 0,
            "skipped": 10,
            "held_out": 0,
            "pending": 0,
        }
        await user.should_see("Who was skipped", retries=60)
