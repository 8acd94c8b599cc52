"""The campaign page: the identity, live numbers, pausing, results."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from beanie import PydanticObjectId
from nicegui.testing import User

from app.campaigns.life.service import create_campaign, pause, send
from app.campaigns.pacing import DomainRate
from app.campaigns.record.live import updates
from app.campaigns.record.progress import Counts, Snapshot, publish_hint
from app.campaigns.record.reasons import plain
from app.campaigns.record.tails import tails
from app.customers.service import create_customer
from app.segments.service import create_segment
from app.settings import Settings
from models import Campaign, Chunk, Customer, Delivery, Member
from models.campaign import CampaignState, Channel
from models.campaign_plan import Ambiguity, Repeat, WarmUp
from models.chunk import ChunkState, Tally
from models.delivery import DeliveryState
from models.values import now
from pages.campaign_progress import slowed
from pages.campaign_progress.figures import parts_of, time_left, whole_percent, words_of
from pages.campaign_progress.plan_words import plan_words
from pages.campaign_progress.rate_line import HEIGHT, MOST_POINTS, WIDTH, Run
from pages.campaign_progress.standstill import words_for
from pages.campaign_progress.tail import TailLines
from tests.fakes.worker import working
from tests.pages.conftest import UserOf
from tests.pages.controls import press, press_words, sees, words
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


def _say_seen(lines: TailLines, seen: bool) -> None:
    """What the browser reports when the lines come into sight or go out of it."""
    (listener,) = [one for one in lines._event_listeners.values() if one.type == "seen"]
    lines._handle_event({"listener_id": listener.id, "args": seen})


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


def _snapshot(state: CampaignState = CampaignState.RUNNING, **fields: Any) -> Snapshot:
    given: dict[str, Any] = {
        "campaign_id": PydanticObjectId(),
        "state": state,
        "counts": Counts(),
        "rate_per_second": 0.0,
        "seconds_left": None,
        "waiting_reason": None,
        "pause_reason": None,
        "at": now(),
    }
    return Snapshot(**{**given, **fields})


class TestWords:
    def test_the_identity_is_one_sentence_that_adds_up(self) -> None:
        counts = Counts(audience=19_299, sent=12_004, failed=37, skipped=1_150, held_out=965, pending=5_143)
        assert words_of(_snapshot(counts=counts), "en_US").spoken == (
            "19,299 audience = 12,004 sent + 37 failed + 0 unknown + 1,150 skipped + 965 held out + 5,143 pending"
        )

    def test_a_snapshot_is_written_once_for_all_pages_in_a_locale(self) -> None:
        found = _snapshot(counts=Counts(audience=1_000, pending=1_000))
        assert words_of(found, "de_DE") is words_of(found, "de_DE")
        assert words_of(found, "de_DE").figures["audience"] == "1.000"

    @pytest.mark.parametrize(
        ("state", "fields", "said"),
        [
            (CampaignState.RUNNING, {}, ""),
            (CampaignState.RUNNING, {"waiting_reason": "Warm-up: 50 today"}, "Warm-up: 50 today. Nobody is lost"),
            (CampaignState.PAUSED, {"pause_reason": "Paused by Ann"}, "Paused by Ann. Nobody gets anything until"),
            (CampaignState.PAUSED, {"pause_reason": "Paused because 7 % failed"}, "put it right, then resume"),
            (
                CampaignState.PAUSED,
                {"pause_reason": "Paused because 7 % failed. The last answer was: 550 5.7.26 unauthenticated"},
                "unauthenticated. ",
            ),
            (CampaignState.PAUSED, {}, "Paused. Nobody gets anything until"),
            (CampaignState.DONE, {"waiting_reason": "left over"}, ""),
        ],
    )
    def test_why_it_stands_still_and_what_to_do(self, state: CampaignState, fields: dict[str, Any], said: str) -> None:
        assert said in words_for(_snapshot(state, **fields))

    def test_the_plan_says_what_is_not_as_usual(self, alice: Member) -> None:
        plain_one = Campaign(name="Winter")
        assert plan_words(plain_one, alice) == []
        limits = Campaign(
            name="Winter",
            throttle_per_second=1_000,
            window_messages=500,
            window_minutes=60,
            warm_up=WarmUp(first_day=50, growth=2),
            holdout_percent=5,
            standing=True,
            ambiguity=Ambiguity.RESEND,
        )
        assert plan_words(limits, alice) == [
            "Everybody who enters its segments later gets it too, once",
            "At most 1,000 a second",
            "At most 500 in any 60 minutes",
            "Warm-up: 50 on the first day, 2 times as many on each day after",
            "5 % are held out, to measure what it changes",
            "What may not have arrived is sent again, so somebody may get it twice",
        ]
        series = Campaign(name="Winter", repeat=Repeat(every=1, unit="day"), scheduled_at=now())
        assert plan_words(series, alice)[0].startswith("Every day at")


class TestRateLine:
    def _at(self, second: float, done: int) -> Snapshot:
        counts = Counts(audience=100_000, pending=100_000 - done, sent=done)
        return _snapshot(counts=counts, at=datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=second))

    def test_it_is_the_people_a_second_between_looks(self) -> None:
        run = Run()
        for second, done in ((0, 0), (1, 100), (1.2, 120), (2, 300)):
            run.note(self._at(second, done))
        assert run.rates() == [100, 200]
        assert run.fastest == 200
        assert run.line == f"0.0,{HEIGHT - 2 - 16:.1f} {WIDTH}.0,2.0"

    def test_a_snapshot_that_several_pages_bring_counts_once(self) -> None:
        run = Run()
        for second in (0, 1, 1, 0.5, 2):
            run.note(self._at(second, int(second * 10)))
        assert len(run.points) == 3

    def test_a_long_run_keeps_its_whole_course_in_few_points(self) -> None:
        run = Run()
        for second in range(5_000):
            run.note(self._at(second, second * 10))
        assert len(run.points) <= MOST_POINTS
        assert run.points[0][1] == 0
        assert set(run.rates()) == {10}

    def test_a_retry_that_counts_back_begins_anew(self) -> None:
        run = Run()
        for second, done in ((0, 0), (1, 100), (2, 90), (3, 95)):
            run.note(self._at(second, done))
        assert run.rates() == [5]

    def test_nothing_is_drawn_while_nothing_moved(self) -> None:
        run = Run()
        for second in range(3):
            run.note(self._at(second, 0))
        assert run.line == ""


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

    async def test_latest_messages_move_only_while_somebody_sees_them(self, user: User) -> None:
        campaign = await _campaign(CampaignState.RUNNING, Tally())
        assert campaign.id is not None
        await _failed(campaign, 1, "550 5.1.1 no such user")
        client = await user.open(f"/campaigns/{campaign.id}")
        (lines,) = [element for element in client.elements.values() if isinstance(element, TailLines)]

        def names() -> list[str]:
            return [line["name"] for line in json.loads(lines.props["lines"])]

        assert names() == ["Failed0"], "the page comes with what there is"
        _say_seen(lines, True)
        await _failed(campaign, 1, "554 spam", start=1)
        await publish_hint(campaign.id, at_once=True)
        await Chunk.find_one(Chunk.campaign_id == campaign.id).update({"$set": {"tally.failed": 2}})
        await until(lambda: names() == ["Failed1", "Failed0"])
        _say_seen(lines, False)
        assert str(campaign.id) not in tails._watchers
        _say_seen(lines, True)
        assert str(campaign.id) in tails._watchers
        client.delete()
        assert str(campaign.id) not in tails._watchers

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

    async def test_a_domain_that_asked_for_less_is_named(
        self, user: User, alice: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def rates() -> list[DomainRate]:
            said = {"per_second": 2.0, "was": 20.0, "since": now(), "words": "421 slow down"}
            return [DomainRate(domain=f"d{n}.example", **said) for n in range(5)]

        monkeypatch.setattr(slowed, "domain_rates", rates)
        monkeypatch.setattr(slowed, "_kept", (float("-inf"), ""))
        campaign = await _campaign(CampaignState.RUNNING, Tally(sent=1))
        await user.open(f"/campaigns/{campaign.id}")
        await until(
            lambda: words(user, "slowed").startswith("d0.example slowed to 2 a second because it answered: 421")
        )
        assert words(user, "slowed").endswith("2 more domains are slowed.")
        await pause(alice, str(campaign.id))
        await until(lambda: words(user, "slowed") == "")

    async def test_a_standing_campaign_that_is_idle_is_not_in_the_pulse(self, user: User) -> None:
        idle = await _campaign(CampaignState.RUNNING, Tally(sent=100), standing=True)
        await user.open(f"/campaigns/{idle.id}")
        await user.should_not_see("Sending:")
        await _campaign(CampaignState.RUNNING, Tally(sent=40))
        await user.open(f"/campaigns/{idle.id}")
        await user.should_see("Sending: 40\u00a0%", retries=60)

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

    async def test_each_reason_leads_to_its_messages(self, user: User) -> None:
        campaign = await _campaign(CampaignState.DONE, Tally(sent=97, failed=3), finished_at=now(), started_at=now())
        await _failed(campaign, 3, "552 5.2.2 over quota")
        client = await user.open(f"/campaigns/{campaign.id}")
        await user.should_see("The mailbox is full", retries=60)
        links = {str(element.props.get("href")) for element in client.elements.values()}
        assert f"/log?campaign={campaign.id}&state=failed&error=mailbox-full" in links
        assert f"/api/deliveries.csv?campaign_id={campaign.id}" in links
        assert f"/log?campaign={campaign.id}&state=bounced" in links

    async def test_receipts_count_up_while_the_page_is_open(self, user: User) -> None:
        campaign = await _campaign(CampaignState.DONE, Tally(sent=100), finished_at=now(), started_at=now())
        assert campaign.id is not None
        await user.open(f"/campaigns/{campaign.id}")
        assert (words(user, "tile-reached"), words(user, "tile-delivered")) == ("100.0\u00a0%", "–")
        await Chunk.find_one(Chunk.campaign_id == campaign.id).update({"$set": {"receipts": {"delivered": 7}}})
        await publish_hint(campaign.id, at_once=True)
        await until(lambda: words(user, "tile-delivered") == "7")

    async def test_the_unknown_can_be_settled_by_hand(self, user: User) -> None:
        campaign = await _campaign(CampaignState.DONE, Tally(sent=99, unknown=1), finished_at=now(), started_at=now())
        await _failed(campaign, 1, "The connection broke")
        await Delivery.find_one(Delivery.campaign_id == campaign.id).update({"$set": {"state": "unknown"}})
        await user.open(f"/campaigns/{campaign.id}")
        await user.should_see("Send again to the 1 that is unknown (they may get it twice)", retries=60)
        press_words(user, "Mark as arrived")
        await user.should_see("Mark 1 as arrived?", retries=60)
        press_words(user, "Mark as arrived")
        await until(lambda: not sees(user, "Not known whether they arrived"))
        (delivery,) = await Delivery.find(Delivery.campaign_id == campaign.id).to_list()
        assert delivery.state is DeliveryState.SENT
        assert "Alice" in delivery.history[-1].words

    async def test_what_failed_shows_while_the_breaker_has_it_paused(self, user: User) -> None:
        reason = "Paused because 5 of 60 messages (8%) were refused for good. The last answer was: 554 spam"
        campaign = await _campaign(CampaignState.PAUSED, Tally(sent=55, failed=5), pause_reason=reason)
        await _failed(campaign, 5, "554 spam")
        await user.open(f"/campaigns/{campaign.id}")
        await user.should_see("What failed", retries=60)
        await user.should_see("See what failed")
        await user.should_not_see("Retry the 5 that failed")

    async def test_who_may_only_look_cannot_retry(self, viewer: User) -> None:
        campaign = await _campaign(CampaignState.DONE, Tally(sent=99, failed=1), finished_at=now())
        await _failed(campaign, 1, "550 5.1.1 no such user")
        await viewer.open(f"/campaigns/{campaign.id}")
        await viewer.should_see("No such mailbox", retries=60)
        await viewer.should_not_see("Retry")

    async def test_a_campaign_that_does_not_exist_says_so(self, user: User) -> None:
        response = await user.http_client.get("/campaigns/000000000000000000000000")
        assert response.status_code == 404


class TestSeries:
    async def test_it_says_when_it_goes_out_and_lists_what_it_sent(self, user: User) -> None:
        at = now() + timedelta(days=2)
        series = await Campaign(
            name="News", subject="Hello", body="Hi", state=CampaignState.SCHEDULED, scheduled_at=at, repeat=Repeat()
        ).insert()
        one = await _campaign(CampaignState.DONE, Tally(sent=100), series_id=series.id, occurrence_at=now())
        client = await user.open(f"/campaigns/{series.id}")
        await user.should_see("It goes out next in 2 days")
        await user.should_see("100 of 100 people")
        await user.should_see("Finish")
        assert f"/campaigns/{one.id}" in {str(element.props.get("href")) for element in client.elements.values()}
        await user.open(f"/campaigns/{one.id}")
        await user.should_see("One of a series")

    async def test_a_standing_one_can_be_finished(self, user: User) -> None:
        campaign = await _campaign(CampaignState.RUNNING, Tally(sent=100), standing=True)
        await user.open(f"/campaigns/{campaign.id}")
        await user.should_see("Everybody who enters its segments later gets it too, once")
        user.find("Finish").click()
        await user.should_see("Who enters its segments from now on does not get it.", retries=60)
        press_words(user, "Finish campaign")
        await until(lambda: not sees(user, "Finish"))
        again = await Campaign.get(campaign.id)
        assert again is not None
        assert not again.standing


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
