"""Pause, resume and cancel while a slow mail server takes its time, and the lease meanwhile."""

from __future__ import annotations

import asyncio
import time

import pytest

from app.campaigns.life import service
from app.campaigns.sending import handover
from app.campaigns.sending.chunk import send_chunk
from app.campaigns.sending.watch import watching
from app.database import collection
from models import Campaign, Member
from models.campaign import CampaignState
from tests.campaigns.conftest import add_people, add_segment, counts, draft, reload, states_of, until
from tests.campaigns.test_engine_settling import prepared
from tests.fakes.worker import working


async def launched(member: Member, people: int) -> Campaign:
    await add_people(people)
    return await service.send(member, (await draft(member, [await add_segment("All")])).id)


async def test_a_pause_stops_a_slow_server_within_a_second_and_a_resume_starts_within_two(mailing, sink, bob: Member):
    sink.script.latency = 1.0
    campaign = await launched(bob, 1500)
    async with working(mailing):

        async def some() -> bool:
            return sink.counts.total() >= 8

        await until(some)
        await service.pause(bob, campaign.id)
        paused = time.monotonic()

        async def all_given_back() -> bool:
            return await collection("chunks").count_documents({"state": "leased"}) == 0

        await until(all_given_back, seconds=5)
        # What is on the wire ends when the server answers, a second after it was offered.
        assert time.monotonic() - paused < 2.0
        at_rest = sink.counts.total()
        found = await counts(campaign)
        assert (found.sent, found.unknown) == (at_rest, 0)
        assert await states_of(campaign) == {"sent": at_rest}
        await service.resume(bob, campaign.id)
        resumed = time.monotonic()

        async def goes_on() -> bool:
            return await collection("chunks").count_documents({"sending": {"$ne": None}}) > 0

        await until(goes_on)
        assert time.monotonic() - resumed < 2.0
        await service.cancel(bob, campaign.id)
        await until(all_given_back, seconds=5)
    found = await counts(campaign)
    assert (found.sent, found.skipped) == (sink.counts.total(), 1500 - sink.counts.total())
    assert set(sink.counts.values()) == {1}


async def test_the_lease_is_renewed_while_one_micro_batch_is_under_way(
    mailing, sink, bob: Member, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(handover, "RENEW_SECONDS", 0.05)
    sink.script.latency = 0.8
    campaign = await prepared(bob, 8)
    sending = asyncio.create_task(send_chunk(f"{campaign.id}:0"))

    async def claimed() -> dict[str, object] | None:
        return await collection("chunks").find_one({"sending": {"$ne": None}})

    first = await until(claimed)

    async def renewed() -> bool:
        chunk = await claimed()
        return bool(chunk and chunk["lease_until"] > first["lease_until"])

    await until(renewed, seconds=0.7)
    assert not sending.done()
    await sending
    assert (await counts(campaign)).sent == 8


async def test_who_loses_the_lease_in_mid_batch_offers_nothing_more(
    mailing, sink, bob: Member, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(handover, "RENEW_SECONDS", 0.05)
    sink.script.latency = 0.3
    campaign = await prepared(bob, 48)
    sending = asyncio.create_task(send_chunk(f"{campaign.id}:0"))

    async def claimed() -> dict[str, object] | None:
        return await collection("chunks").find_one({"sending": {"$ne": None}})

    await until(claimed)
    await collection("chunks").update_one({"_id": f"{campaign.id}:0"}, {"$set": {"owner": "a thief"}})
    await sending
    assert 0 < sink.counts.total() <= 24
    assert await states_of(campaign) == {"sent": sink.counts.total()}


async def test_micro_batches_shrink_with_a_slow_server_and_grow_with_a_fast_one(mailing, sink, bob: Member):
    campaign = await prepared(bob, 500)
    assert campaign.id is not None
    async with watching(campaign.id) as watched:
        assert watched is not None
        await send_chunk(f"{campaign.id}:0")
        assert watched.batch > 50
        handover._adapt(watched, 50, took=5.0)
        assert watched.batch == 4
        handover._adapt(watched, 4, took=0.04)
        assert watched.batch == 8
        # A mail takes two seconds however few go at the same time: fewer would only leave connections unused.
        handover._adapt(watched, 8, took=2.0, least=8)
        assert watched.batch == 8
    assert (await reload(campaign)).state is CampaignState.RUNNING
