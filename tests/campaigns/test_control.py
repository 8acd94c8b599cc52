"""Pause, resume, cancel, retry, throttle, while a campaign is being sent."""

from __future__ import annotations

import asyncio
import time

import pytest

from app.campaigns.life import service
from app.campaigns.record.live import Updates
from app.campaigns.record.progress import Snapshot
from app.database import collection
from app.errors import Conflict
from models import Member
from models.campaign import CampaignState
from tests.campaigns.conftest import add_people, add_segment, counts, draft, reload, states_of, until, until_state
from tests.fakes.worker import working


async def _launch(member: Member, people: int, **fields: object):
    await add_people(people)
    return await service.send(member, (await draft(member, [await add_segment("All")], **fields)).id)


async def _sent_some(sink, number: int = 60):
    async def look():
        return sink.counts.total() >= number

    await until(look)


async def _quiet():
    async def look():
        return not await collection("chunks").count_documents({"state": "leased"})

    await until(look)


async def test_pause_stops_within_a_micro_batch_and_resume_goes_on(mailing, sink, bob: Member):
    sink.script.latency = 0.01
    campaign = await _launch(bob, 900)
    async with working(mailing):
        await _sent_some(sink)
        paused = await service.pause(bob, campaign.id)
        assert paused.pause_reason == "Paused by Bob"
        at_pause = sink.counts.total()
        await _quiet()
        after = sink.counts.total()
        assert after - at_pause <= 2 * 50 + 8
        await asyncio.sleep(0.5)
        assert sink.counts.total() == after
        assert (await counts(campaign)).pending == 900 - after
        with pytest.raises(Conflict):
            await service.pause(bob, campaign.id)
        sink.script.latency = 0
        await service.resume(bob, campaign.id)
        await until_state(campaign, CampaignState.DONE)
    assert (await counts(campaign)).sent == 900
    assert set(sink.counts.values()) == {1}


async def test_cancel_stops_for_good_and_the_rest_counts_as_skipped(mailing, sink, bob: Member):
    sink.script.latency = 0.01
    sink.script.rcpt = {f"p{number}@example.com": "451 4.3.0 later" for number in range(60)}
    campaign = await _launch(bob, 1600)
    async with working(mailing, threads=2):
        await _sent_some(sink)
        await service.cancel(bob, campaign.id)

        async def ended():
            return (await reload(campaign)).finished_at

        await until(ended)
    found = await counts(campaign)
    assert (found.pending, found.audience) == (0, 1600)
    assert found.sent == sink.counts.total()
    assert found.skipped == 1600 - found.sent
    states = await states_of(campaign)
    assert "deferred" not in states
    assert "sending" not in states
    assert states["cancelled"] > 0
    with pytest.raises(Conflict):
        await service.resume(bob, campaign.id)


async def test_a_campaign_that_has_not_begun_can_be_paused_and_cancelled(mailing, sink, bob: Member):
    campaign = await _launch(bob, 10)
    await service.pause(bob, campaign.id)
    assert (await service.resume(bob, campaign.id)).state is CampaignState.PREPARING
    await service.cancel(bob, campaign.id)
    async with working(mailing):

        async def ended():
            return (await reload(campaign)).finished_at

        await until(ended)
    assert sink.counts.total() == 0


async def test_retry_of_unknown_deliveries(mailing, sink, bob: Member):
    sink.script.drop_after_data = {"p1@example.com", "p2@example.com"}
    campaign = await _launch(bob, 20)
    async with working(mailing):
        await until_state(campaign, CampaignState.DONE)
        assert (await counts(campaign)).unknown == 2
        with pytest.raises(Conflict):
            await service.retry(bob, campaign.id, "failed")
        await collection("customers").update_one({"email": "p2@example.com"}, {"$set": {"email_opt_in": False}})
        await service.retry(bob, campaign.id, "unknown")
        await until_state(campaign, CampaignState.DONE)
    found = await counts(campaign)
    assert (found.sent, found.unknown, found.skipped) == (19, 0, 1)
    assert set(sink.counts.values()) == {1}


async def test_a_throttle_holds_over_all_workers(mailing, sink, bob: Member):
    campaign = await _launch(bob, 60, throttle_per_second=40)
    async with working(mailing):
        started = time.monotonic()
        await until_state(campaign, CampaignState.DONE)
        took = time.monotonic() - started
    assert (await counts(campaign)).sent == 60
    assert 1.1 < took < 10  # without a throttle it takes a fraction of a second, and a busy machine adds seconds


async def test_open_pages_see_the_campaign_move(mailing, sink, bob: Member):
    sink.script.latency = 0.004
    updates = Updates()
    await updates.start()
    seen: list[Snapshot] = []
    elsewhere: list[Snapshot] = []
    try:
        campaign = await _launch(bob, 1000)
        leave = updates.subscribe(str(campaign.id), seen.append)
        updates.subscribe(None, elsewhere.append)
        async with working(mailing):
            await until_state(campaign, CampaignState.DONE)

            async def told():
                return seen and seen[-1].state is CampaignState.DONE

            await until(told)
        leave()
        leave()
    finally:
        await updates.stop()
    assert all(one.counts.adds_up for one in seen)
    assert len({one.counts.sent for one in seen}) >= 3
    assert [one.counts.sent for one in seen] == sorted(one.counts.sent for one in seen)
    assert any(one.rate_per_second > 0 and one.seconds_left is not None for one in seen)
    assert seen[-1].counts.sent == 1000
    assert elsewhere[-1].state is CampaignState.DONE


async def test_pages_see_progress_without_redis(mailing, sink, bob: Member, monkeypatch: pytest.MonkeyPatch):
    from app.campaigns.record import live

    monkeypatch.setattr(live, "POLL_SECONDS", 0.1)
    campaign = await _launch(bob, 5)
    updates = Updates()
    polling = asyncio.create_task(updates._poll())
    seen: list[Snapshot] = []
    updates.subscribe(None, seen.append)
    try:

        async def told():
            return seen

        await until(told)
    finally:
        polling.cancel()
        await updates.stop()
    assert seen[0].campaign_id == campaign.id
