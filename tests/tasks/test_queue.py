"""The broker's figures, putting messages on the queue, and the clock."""

from __future__ import annotations

from datetime import timedelta

from redis.asyncio import Redis

from app.campaigns.life import service
from app.campaigns.record import signals
from app.campaigns.sending.due import ENQUEUE_AGAIN_SECONDS, due_work
from app.campaigns.sending.prepare import prepare
from app.database import collection
from app.settings import use_settings
from models import Member
from models.campaign import CampaignState
from models.values import now
from tasks.broker import build_broker
from tasks.clock import Clock
from tasks.enqueue import enqueue
from tasks.queues import queue_of
from tests.campaigns.conftest import add_people, add_segment, draft, reload


async def test_the_broker_recovers_a_dead_workers_messages_in_seconds(settings):
    broker = build_broker(settings)
    assert (broker.heartbeat_timeout, broker.maintenance_chance) == (15_000, 100_000)
    assert {"campaign.prepare", "campaign.send_chunk", "campaign.finalize"} <= set(broker.actors)
    assert broker.actors["campaign.send_chunk"].options["max_retries"] == 0
    assert queue_of("campaign.prepare") == "campaigns"
    assert queue_of("import.run") == "imports"
    broker.close()


async def test_a_consumer_looks_as_often_as_its_queue_needs(settings):
    broker = build_broker(settings)
    looks = {name: broker.consume(name, timeout=1).timeout for name in broker.get_declared_queues()}
    assert looks == {"campaigns": 100, "imports": 300, "receipts": 300, "segments": 300}
    assert broker.consume("campaigns.DQ", timeout=1).timeout == 500
    broker.close()


async def test_enqueue_says_whether_it_worked_and_never_raises(settings, database):
    assert await enqueue("campaign.prepare", "x")
    redis = Redis.from_url(settings.queue_url)
    assert await redis.llen("dramatiq:campaigns") == 1
    await redis.aclose()
    use_settings(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    assert not await enqueue("campaign.prepare", "x")


async def test_what_is_due_is_derived_and_not_repeated(settings, database, bob: Member):
    await add_people(300)
    campaign = await service.send(bob, (await draft(bob, [await add_segment("All")])).id)
    assert [(one.actor, one.id) for one in await due_work()] == [("campaign.prepare", str(campaign.id))]
    await prepare(campaign.id)
    assert [one.id for one in await due_work()] == [f"{campaign.id}:{number}" for number in range(3)]
    assert await due_work() == []
    lost = now() - timedelta(seconds=ENQUEUE_AGAIN_SECONDS + 1)
    await collection("chunks").update_one({"n": 1}, {"$set": {"enqueued_at": lost}})
    assert [one.id for one in await due_work()] == [f"{campaign.id}:1"]
    await service.pause(bob, campaign.id)
    assert await due_work() == []
    await service.resume(bob, campaign.id)
    assert len(await due_work()) == 3


async def test_a_throttled_or_waiting_campaign_keeps_few_hands_busy(settings, database, bob: Member):
    await add_people(3000)
    campaign = await service.send(bob, (await draft(bob, [await add_segment("All")], throttle_per_second=50)).id)
    await prepare(campaign.id)
    assert len(await due_work()) == 3
    for until, hands in ((now() + timedelta(hours=1), 0), (None, 2)):
        waits = {"waiting_reason": "It waits", "waiting_until": until}
        await collection("campaigns").update_one({"_id": campaign.id}, {"$set": waits})
        await collection("chunks").update_many({}, {"$set": {"enqueued_at": None}})
        assert len(await due_work()) == hands


async def test_a_scheduled_campaign_becomes_due(settings, database, bob: Member):
    await add_people(1)
    made = await draft(bob, [await add_segment("All")], scheduled_at=now() + timedelta(hours=1))
    campaign = await service.send(bob, made.id)
    assert await due_work() == []
    await collection("campaigns").update_one({"_id": campaign.id}, {"$set": {"scheduled_at": now()}})
    assert [one.actor for one in await due_work()] == ["campaign.prepare"]
    assert (await reload(campaign)).state is CampaignState.PREPARING


async def test_one_clock_ticks_in_each_period_and_an_emptied_queue_is_noticed(settings, database, bob: Member):
    await add_people(200)
    campaign = await service.send(bob, (await draft(bob, [await add_segment("All")])).id)
    await prepare(campaign.id)
    one, other = Clock(), Clock()
    assert await one._mine(False)
    assert not await other._mine(False)
    redis = Redis.from_url(settings.queue_url)
    await one.tick()
    assert await redis.llen("dramatiq:campaigns") == 2
    await one.tick()
    assert await redis.llen("dramatiq:campaigns") == 2
    await redis.flushall()
    await other.tick()
    assert await redis.llen("dramatiq:campaigns") == 2
    await redis.aclose()
    await one.stop()
    await other.stop()
    await signals.close_signals()
