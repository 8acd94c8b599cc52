"""What a holder leaves behind: taken, never offered, or nobody knows; on this machine and on another."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import timedelta

import pytest
from bson import ObjectId

from app.campaigns.audience.contact import judge
from app.campaigns.life import service
from app.campaigns.sending.chunk import send_chunk
from app.campaigns.sending.claims import compose_all
from app.campaigns.sending.handover import hand_over
from app.campaigns.sending.leases import Held, take_lease
from app.campaigns.sending.owners import this_process
from app.campaigns.sending.prepare import prepare
from app.campaigns.sending.settling import settle_left, settle_own
from app.campaigns.sending.watch import watching
from app.channels.acceptances import Acceptances, journal
from app.channels.outbox import OutboxChannel
from app.channels.ways_out import acceptances_folder
from app.database import collection
from models import Campaign, Member
from models.campaign import CampaignState
from models.values import now
from tests.campaigns.conftest import add_people, add_segment, counts, draft, reload, states_of, until_state
from tests.fakes.worker import working

ELSEWHERE = "5b0d1c-another-boot.4026531836/77/12345"


async def prepared(member: Member, people: int, **fields: object) -> Campaign:
    await add_people(people)
    campaign = await service.send(member, (await draft(member, [await add_segment("All")], **fields)).id)
    await prepare(campaign.id)
    return await reload(campaign)


async def left_behind(campaign: Campaign, count: int, owner: str | None = None) -> list[ObjectId]:
    """A holder claimed so many of the first chunk and was never heard of again."""
    lease = await take_lease(f"{campaign.id}:0")
    assert lease is not None
    claimed = lease.customer_ids[:count]
    assert await lease.claim(claimed, {}) is Held.YES
    if owner is not None:
        await collection("chunks").update_one({"_id": lease.chunk_id}, {"$set": {"sending.owner": owner}})
    assert await lease.lapse() is Held.YES
    return claimed


@pytest.mark.parametrize("claimed", [40, 60])
async def test_who_was_claimed_but_never_offered_is_simply_sent(mailing, sink, bob: Member, claimed: int):
    campaign = await prepared(bob, 60)
    journal(acceptances_folder()).begin()
    await left_behind(campaign, claimed)
    await send_chunk(f"{campaign.id}:0")
    found = await counts(campaign)
    assert (found.sent, found.unknown) == (60, 0)
    assert set(sink.counts.values()) == {1}
    assert await collection("deliveries").count_documents({"attempts": 1, "history": {"$exists": False}}) == 60


async def test_what_a_dead_sender_put_into_the_outbox_is_there_once(bob: Member, database):
    campaign = await prepared(bob, 60, channel="outbox")
    notes = journal(acceptances_folder())
    notes.begin()
    lease = await take_lease(f"{campaign.id}:0")
    assert lease is not None
    claimed = lease.customer_ids[:40]
    assert await lease.claim(claimed, {}) is Held.YES
    async with watching(campaign.id) as watched:
        assert watched is not None
        verdicts = await judge(claimed, "outbox")
        messages = [claim.message for claim in compose_all(watched.campaign, verdicts) if claim.message is not None]
        await hand_over(lease, watched, notes, OutboxChannel(), messages)
    assert await lease.lapse() is Held.YES
    assert await collection("outbox").count_documents({}) == 40
    await send_chunk(f"{campaign.id}:0")
    found = await counts(campaign)
    assert (found.sent, found.unknown) == (60, 0)
    assert await collection("outbox").count_documents({}) == 60


async def test_the_silence_of_another_machine_says_nothing(mailing, sink, bob: Member):
    campaign = await prepared(bob, 60)
    journal(acceptances_folder()).begin()
    claimed = await left_behind(campaign, 40, f"{ELSEWHERE}/abc")
    await send_chunk(f"{campaign.id}:0")
    found = await counts(campaign)
    assert (found.sent, found.unknown) == (20, 40)
    row = await collection("deliveries").find_one({"_id": f"{campaign.id}:{claimed[0]}"})
    assert row is not None
    assert (row["state"], row["address"], row["domain"]) == ("unknown", "p0@example.com", "example.com")
    assert [line["state"] for line in row["history"]] == ["unknown"]


async def test_nor_does_the_silence_of_a_journal_that_could_not_be_written(mailing, sink, bob: Member):
    campaign = await prepared(bob, 20)
    own = Acceptances(acceptances_folder())
    own.begin()
    own._silence_means_nothing()
    await left_behind(campaign, 5)
    for path in acceptances_folder().glob("*.accepted"):
        assert not path.read_bytes().startswith(b"#")
    journal(acceptances_folder()).close()
    lease = await take_lease(f"{campaign.id}:0")
    assert lease is not None
    # Without `send_chunk`, which would begin a journal of its own.
    rows: dict[ObjectId, dict[str, object]] = {}
    raw = await collection("campaigns").find_one({"_id": campaign.id})
    assert raw is not None
    await settle_left(lease, raw, rows, acceptances_folder())
    assert [row["state"] for row in rows.values()] == ["unknown"] * 5
    own.close()


async def test_a_campaign_that_prefers_a_second_copy_sends_the_lost_again(mailing, sink, bob: Member):
    campaign = await prepared(bob, 30)
    await collection("campaigns").update_one({"_id": campaign.id}, {"$set": {"ambiguity": "resend"}})
    await left_behind(campaign, 10, f"{ELSEWHERE}/abc")
    await send_chunk(f"{campaign.id}:0")
    found = await counts(campaign)
    assert (found.sent, found.unknown, found.pending) == (30, 0, 0)
    assert sink.counts.total() == 30
    again = await collection("deliveries").find({"attempts": 2}).to_list()
    assert len(again) == 10
    assert {line["state"] for row in again for line in row["history"]} == {"unknown"}


async def test_an_answer_that_never_came_is_unknown_or_due_again(mailing, sink, bob: Member):
    sink.script.drop_after_data = {"p1@example.com"}
    campaign = await prepared(bob, 5)
    await send_chunk(f"{campaign.id}:0")
    assert (await states_of(campaign))["unknown"] == 1
    await collection("deliveries").delete_many({})
    await collection("chunks").update_one({}, {"$set": {"state": "waiting", "next_at": None}})
    await collection("campaigns").update_one({"_id": campaign.id}, {"$set": {"ambiguity": "resend"}})
    sink.script.drop_after_data = {"p1@example.com"}
    await send_chunk(f"{campaign.id}:0")
    row = await collection("deliveries").find_one({"address": "p1@example.com"})
    assert row is not None
    assert (row["state"], row["attempts"]) == ("deferred", 1)
    assert row["next_at"] > now()
    assert [line["state"] for line in row["history"]] == ["unknown"]
    await collection("deliveries").update_one({"_id": row["_id"]}, {"$set": {"next_at": now()}})
    await collection("chunks").update_one({}, {"$set": {"next_at": None}})
    await send_chunk(f"{campaign.id}:0")
    assert (await counts(campaign)).sent == 5


async def test_a_machine_that_comes_back_settles_what_others_called_unknown(mailing, sink, bob: Member):
    campaign = await prepared(bob, 30)
    claimed = await left_behind(campaign, 6, f"{ELSEWHERE}/abc")
    async with working(mailing):
        await until_state(campaign, CampaignState.DONE)
    assert (await counts(campaign)).unknown == 6
    assert await settle_own(acceptances_folder()) == 0
    lines = [f"#{ELSEWHERE}", *(f"{campaign.id}:{id} ?{time.time():.3f}" for id in claimed)]
    lines += [f"{campaign.id}:{id} {time.time():.3f}" for id in claimed[:4]]
    (acceptances_folder() / "77-1.accepted").write_text("\n".join(lines) + "\n")
    assert await settle_own(acceptances_folder()) == 4
    assert await settle_own(acceptances_folder()) == 0
    found = await counts(campaign)
    assert (found.sent, found.unknown) == (28, 2)
    row = await collection("deliveries").find_one({"_id": f"{campaign.id}:{claimed[0]}"})
    assert row is not None
    assert row["history"][-1]["state"] == row["state"] == "sent"


async def test_what_was_noted_in_an_earlier_try_says_nothing_of_this_one(mailing, sink, bob: Member):
    campaign = await prepared(bob, 3)
    own = journal(acceptances_folder())
    own.begin()
    first = await collection("chunks").find_one({"_id": f"{campaign.id}:0"})
    assert first is not None
    id = f"{campaign.id}:{first['customer_ids'][0]}"
    path = acceptances_folder() / f"{os.getpid()}-1.accepted"
    path.write_text(f"#{this_process()}\n{id} ?{(now() - timedelta(minutes=5)).timestamp():.3f}\n")
    await left_behind(campaign, 1)
    await send_chunk(f"{campaign.id}:0")
    assert (await counts(campaign)).sent == 3


async def test_a_holder_thought_dead_still_writes_what_it_knows(mailing, sink, bob: Member):
    sink.script.latency = 0.3
    campaign = await prepared(bob, 3)
    slow = asyncio.create_task(send_chunk(f"{campaign.id}:0"))
    while not (await collection("chunks").find_one({"sending.everybody": True})):
        await asyncio.sleep(0.01)
    lapsed = {"$set": {"lease_until": now() - timedelta(seconds=1)}}
    await collection("chunks").update_one({"_id": f"{campaign.id}:0"}, lapsed)
    await send_chunk(f"{campaign.id}:0")
    assert (await counts(campaign)).unknown == 3
    await slow
    found = await counts(campaign)
    assert (found.sent, found.unknown) == (3, 0)
    assert set(sink.counts.values()) == {1}
