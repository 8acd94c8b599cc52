"""Dead workers, lost leases, repeated messages, an emptied queue: nobody twice, nobody forgotten."""

from __future__ import annotations

import asyncio
import signal
import sys
import textwrap

from bson import ObjectId
from redis.asyncio import Redis

from app.campaigns.life import service
from app.campaigns.sending.chunk import send_chunk
from app.campaigns.sending.leases import Held, take_lease
from app.campaigns.sending.owners import new_owner, surely_dead
from app.campaigns.sending.packing import sizes_of
from app.campaigns.sending.prepare import prepare
from app.channels.acceptances import Acceptances
from app.channels.ways_out import acceptances_folder
from app.database import collection
from models import Member
from models.campaign import CampaignState
from models.values import now
from tests.campaigns.conftest import add_people, add_segment, counts, draft, reload, states_of, until, until_state
from tests.fakes.worker import working

WORKER = textwrap.dedent(
    """
    import sys
    from app.settings import read_settings
    from tasks.worker import run_worker

    mongodb, redis, smtp, folder = sys.argv[1:5]
    run_worker(
        read_settings(
            _env_file=None, mongodb_url=mongodb, redis_url=redis, smtp_url=smtp, data_dir=folder, secret_key="k" * 40
        )
    )
    """
)


async def _prepared(member: Member, people: int):
    await add_people(people)
    campaign = await service.send(member, (await draft(member, [await add_segment("All")])).id)
    await prepare(campaign.id)
    return await reload(campaign)


async def _worker(settings):
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WORKER, settings.mongodb_url, settings.redis_url, settings.smtp_url),
        str(settings.data_dir),
        stderr=asyncio.subprocess.DEVNULL,
    )


async def test_preparing_again_starts_over_and_only_one_starts_the_campaign(mailing, sink, bob: Member):
    await add_people(1100)
    campaign = await service.send(bob, (await draft(bob, [await add_segment("All")])).id)
    await collection("chunks").insert_one({"_id": f"{campaign.id}:7", "campaign_id": campaign.id, "n": 7, "size": 3})
    await asyncio.gather(prepare(campaign.id), prepare(campaign.id), prepare(campaign.id))
    sizes = [row["size"] async for row in collection("chunks").find({}).sort("n", 1)]
    assert sizes == sizes_of(1100)
    assert (await counts(campaign)).pending == (await reload(campaign)).audience == 1100


async def test_a_message_that_comes_twice_or_twice_at_once_sends_once(mailing, sink, bob: Member):
    campaign = await _prepared(bob, 120)
    chunk = f"{campaign.id}:0"
    await asyncio.gather(*(send_chunk(chunk) for _ in range(5)))
    await send_chunk(chunk)
    assert (await counts(campaign)).sent == 120
    assert set(sink.counts.values()) == {1}


async def test_what_a_dead_worker_was_handing_over_becomes_unknown_and_the_rest_is_sent(mailing, sink, bob: Member):
    campaign = await _prepared(bob, 100)
    lease = await take_lease(f"{campaign.id}:0")
    assert lease is not None
    assert await take_lease(f"{campaign.id}:0") is None
    journal = Acceptances(acceptances_folder())
    for customer in lease.customer_ids[:3]:
        await collection("deliveries").insert_one(
            {"_id": f"{campaign.id}:{customer}", "campaign_id": campaign.id, "customer_id": customer, "chunk": 0,
             "state": "sending", "owner": lease.owner}
        )  # fmt: skip
        journal.offer(f"{campaign.id}:{customer}")
    assert await lease.lapse() is Held.YES
    await send_chunk(f"{campaign.id}:0")
    found = await counts(campaign)
    assert (found.sent, found.unknown) == (97, 3)
    assert sink.counts.total() == 97
    assert await lease.renew() is Held.LOST


async def test_what_the_mail_server_had_taken_is_known_although_nobody_wrote_it_to_the_database(
    mailing, sink, bob: Member
):
    campaign = await _prepared(bob, 100)
    lease = await take_lease(f"{campaign.id}:0")
    assert lease is not None
    taken, open_ = lease.customer_ids[:4], lease.customer_ids[4:6]
    journal = Acceptances(acceptances_folder())
    for customer in [*taken, *open_]:
        await collection("deliveries").insert_one(
            {"_id": f"{campaign.id}:{customer}", "campaign_id": campaign.id, "customer_id": customer, "chunk": 0,
             "state": "sending", "owner": lease.owner}
        )  # fmt: skip
        journal.offer(f"{campaign.id}:{customer}")
        if customer in taken:
            journal.note(f"{campaign.id}:{customer}")
    journal.close()
    assert await lease.lapse() is Held.YES
    await send_chunk(f"{campaign.id}:0")
    found = await counts(campaign)
    assert (found.sent, found.unknown) == (98, 2)
    assert sink.counts.total() == 94
    row = await collection("deliveries").find_one({"_id": f"{campaign.id}:{taken[0]}"})
    assert row is not None
    assert abs((row["sent_at"] - now()).total_seconds()) < 60


async def test_who_loses_the_lease_stops_before_the_next_micro_batch(mailing, sink, bob: Member):
    sink.script.latency = 0.01
    campaign = await _prepared(bob, 300)
    sending = asyncio.create_task(send_chunk(f"{campaign.id}:0"))

    async def some():
        return sink.counts.total() >= 20

    await until(some)
    thief = new_owner()
    await collection("chunks").update_one({"_id": f"{campaign.id}:0"}, {"$set": {"owner": thief}})
    await sending
    assert sink.counts.total() <= 150
    assert (await states_of(campaign)) == {"sent": sink.counts.total()}
    chunk = await collection("chunks").find_one({"_id": f"{campaign.id}:0"})
    assert chunk is not None
    assert (chunk["owner"], chunk["state"]) == (thief, "leased")


async def test_an_owner_is_surely_dead_only_when_its_process_is(settings):
    mine = new_owner()
    assert not surely_dead(mine)
    script = "from app.campaigns.sending.owners import new_owner; print(new_owner())"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate()
    assert surely_dead(out.decode().strip())
    machine, _, rest = mine.partition("/")
    assert not surely_dead(f"other/{rest}")
    pid, _, rest = rest.partition("/")
    assert surely_dead(f"{machine}/{pid}/1/{ObjectId()}")
    assert not surely_dead(None)


async def test_a_worker_that_is_stopped_leaves_nothing_open_and_a_killed_one_doubles_nobody(mailing, sink, bob: Member):
    sink.script.latency = 0.003
    await add_people(1500)
    campaign = await service.send(bob, (await draft(bob, [await add_segment("All")])).id)

    async def end_worker(number: signal.Signals, at: int) -> int | None:
        child = await _worker(mailing)
        try:

            async def far_enough():
                await counts(campaign)
                return sink.counts.total() >= at

            await until(far_enough, seconds=40)
            child.send_signal(number)
            return await asyncio.wait_for(child.wait(), 20)
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()

    assert await end_worker(signal.SIGTERM, 150) == 0
    assert await states_of(campaign) == {"sent": sink.counts.total()}
    assert await collection("chunks").count_documents({"state": "leased"}) == 0
    assert await end_worker(signal.SIGKILL, sink.counts.total() + 150) == -signal.SIGKILL
    await counts(campaign)
    async with working(mailing):
        await until_state(campaign, CampaignState.DONE, seconds=30)
    found = await counts(campaign)
    assert set(sink.counts.values()) == {1}
    assert found.audience == 1500
    assert found.sent + found.unknown == 1500
    assert found.unknown <= 3 * 50
    unknown = {row["address"] async for row in collection("deliveries").find({"state": "unknown"}, {"address": 1})}
    everybody = {f"p{number}@example.com" for number in range(1500)}
    assert everybody - set(sink.counts) <= unknown


async def test_an_emptied_queue_costs_a_moment(mailing, sink, bob: Member):
    sink.script.latency = 0.002
    await add_people(2000)
    campaign = await service.send(bob, (await draft(bob, [await add_segment("All")])).id)
    redis = Redis.from_url(mailing.redis_url)
    async with working(mailing, threads=1):

        async def under_way():
            return sink.counts.total() >= 100

        await until(under_way)
        await redis.flushall()
        await until_state(campaign, CampaignState.DONE, seconds=20)
    await redis.aclose()
    assert (await counts(campaign)).sent == 2000
    assert set(sink.counts.values()) == {1}
