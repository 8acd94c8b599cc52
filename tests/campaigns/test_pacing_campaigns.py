"""Limits as a campaign meets them: a real worker, a real mail server."""

from __future__ import annotations

import pytest

from app.campaigns.life import service
from app.campaigns.pacing import domain_rates, known, retries
from app.campaigns.pacing.retries import Ladder
from app.campaigns.record.progress import snapshot
from app.campaigns.record.signals import signals as redis
from app.channels import smtp_outage
from app.database import collection
from models import Campaign, Member
from models.campaign import CampaignState
from models.values import now
from tests.campaigns.conftest import add_people, add_segment, counts, draft, reload, until, until_state
from tests.fakes.worker import working


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that begins, and retries after moments."""
    known.known.__init__()  # type: ignore[misc]
    monkeypatch.setattr(retries, "LADDER", Ladder(steps=(0.05,), give_up=3600))
    monkeypatch.setattr(smtp_outage, "FIRST_RETRY_SECONDS", 0.1)


async def _launch(member: Member, **fields: object) -> Campaign:
    return await service.send(member, (await draft(member, [await add_segment("All")], **fields)).id)


async def _waiting(campaign: Campaign) -> Campaign:
    async def look() -> Campaign | None:
        found = await reload(campaign)
        return found if found.waiting_until else None

    return await until(look)


async def test_a_window_stops_it_with_a_reason_also_after_redis_was_emptied(mailing, sink, bob: Member):
    await add_people(1_100)
    campaign = await _launch(bob, window_messages=30, window_minutes=60)
    async with working(mailing):
        waiting = await _waiting(campaign)
        assert waiting.state is CampaignState.RUNNING
        assert waiting.waiting_reason is not None
        assert waiting.waiting_reason.startswith("Limit: 30 messages in any hour; continues ")

        async def settled():
            return (await counts(campaign)).sent == 30

        await until(settled)
        await redis().flushdb()
        await service.pause(bob, campaign.id)
        assert (await reload(campaign)).waiting_until is None
        await service.resume(bob, campaign.id)
        waiting = await _waiting(campaign)
        assert (await counts(campaign)).pending == 1_070
        found = await snapshot(campaign.id)
        assert found.seconds_left is not None
        assert found.seconds_left > 35 * 3_600
    assert sink.counts.total() == 30


async def test_a_warm_up_rests_until_its_next_day(mailing, sink, bob: Member):
    await add_people(700)
    campaign = await _launch(bob, warm_up={"first_day": 20, "growth": 2})
    async with working(mailing):
        waiting = await _waiting(campaign)
        assert waiting.waiting_reason is not None
        assert waiting.waiting_reason.startswith("Warm-up: 20 on day 1; continues on ")
        assert waiting.started_at is not None
        assert abs((waiting.waiting_until - waiting.started_at).total_seconds() - 86_400) < 2

        async def all_of_the_day():
            return (await counts(campaign)).sent == 20

        await until(all_of_the_day)
        await service.pause(bob, campaign.id)
        day = 86_400_000
        shift = [{"$set": {"started_at": {"$subtract": ["$started_at", day]}}}]
        await collection("campaigns").update_one({"_id": campaign.id}, shift)
        back = [{"$set": {name: {"$subtract": [f"${name}", day]} for name in ("sent_at", "updated_at")}}]
        await collection("deliveries").update_many({"campaign_id": campaign.id}, back)
        await service.resume(bob, campaign.id)

        async def next_day():
            return (await counts(campaign)).sent == 60

        await until(next_day)
        waiting = await _waiting(campaign)
        assert waiting.waiting_reason is not None
        assert waiting.waiting_reason.startswith("Warm-up: 40 on day 2")
    assert sink.counts.total() == 60


async def test_a_domain_that_asks_for_less_holds_up_nobody_else(mailing, sink, bob: Member):
    people = await add_people(400)
    for number, id in enumerate(people[:60]):
        await collection("customers").update_one({"_id": id}, {"$set": {"email": f"p{number}@gmail.com"}})
        sink.script.rcpt[f"p{number}@gmail.com"] = ["421 4.7.28 too much mail from you"]
    campaign = await _launch(bob)
    async with working(mailing):

        async def others():
            return sum(count for name, count in sink.counts.items() if name.endswith("@example.com")) == 340

        await until(others)
        (slowed,) = await domain_rates()
        assert (slowed.domain, slowed.words) == ("gmail.com", "421 4.7.28 too much mail from you")
        assert (await counts(campaign)).pending > 0
        # What follows would take its time at that rate.
        await redis().flushdb()
        known.known.__init__()  # type: ignore[misc]

        async def heard():
            sink.script.rcpt.clear()
            later = {"campaign_id": campaign.id, "next_at": {"$gt": now()}}
            await collection("chunks").update_many(later, {"$set": {"next_at": None}})
            await redis().flushdb()
            return (await reload(campaign)).state is CampaignState.DONE

        await until(heard)
    found = await counts(campaign)
    assert (found.sent, found.failed) == (400, 0)
    assert set(sink.counts.values()) == {1}


async def test_a_throttled_campaign_says_honestly_how_long_it_will_take(mailing, sink, bob: Member):
    await add_people(400)
    campaign = await _launch(bob, throttle_per_second=40)
    async with working(mailing):

        async def moving():
            return (await counts(campaign)).sent > 20

        await until(moving)
        found = await snapshot(campaign.id)
        assert found.seconds_left is None or found.seconds_left >= found.counts.pending / 40
        await service.cancel(bob, campaign.id)
        await until_state(campaign, CampaignState.CANCELLED)
