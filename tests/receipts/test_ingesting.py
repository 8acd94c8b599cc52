"""Receipts through the database: kept first, taken in when due, counted once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from pymongo.errors import ConnectionFailure

from app.campaigns.record import signals
from app.database import collection
from app.receipts import counting, ingesting
from app.receipts.counting import recount_due
from app.receipts.service import due_receipts, ingest_due, record
from models import Suppression
from models.campaign import Channel
from models.chunk import ChunkState
from models.values import now
from tests.receipts.conftest import SENT_AT, counts, receipt, reload, sent_campaign, take_in

HARD = "550 5.1.1 User unknown"


async def test_delivered_bounced_and_complained_are_counted_and_sent_holds_them_all(database):
    campaign, ids = await sent_campaign(*["sent"] * 5)
    await take_in(
        receipt(ids[0], "delivered"),
        receipt(ids[1], "bounced", reason="552 5.2.2 Mailbox full"),
        receipt(ids[2], "delivered"),
        receipt(ids[2], "complained", minutes=3),
        receipt(ids[3], "complained"),
    )
    found = await counts(campaign)
    assert (found.sent, found.delivered, found.bounced, found.complained) == (5, 1, 1, 2)
    bounced = await reload(ids[1])
    assert (bounced.state, bounced.reason, bounced.sent_at) == ("bounced", "552 5.2.2 Mailbox full", SENT_AT)
    assert [(event.state, event.at) for event in (await reload(ids[2])).history] == [
        ("delivered", SENT_AT + timedelta(minutes=1)),
        ("complained", SENT_AT + timedelta(minutes=3)),
    ]
    assert (await reload(ids[4])).state == "sent"


@pytest.mark.parametrize("seed", range(4))
async def test_shuffled_doubled_and_lost_receipts_end_in_the_state_of_those_that_came(database, seed: int):
    chance = random.Random(seed)
    campaign, ids = await sent_campaign(*["sent"] * 60)
    came: list[tuple[str, str]] = []
    receipts = []
    for id in ids:
        for minute, event in enumerate(("delivered", "bounced", "complained")):
            for copy in range(chance.choice([0, 1, 1, 2])):
                receipts.append(receipt(id, event, minutes=minute, copy=str(copy)))
                came.append((id, event))
    chance.shuffle(receipts)
    while receipts:
        batch = [receipts.pop() for _ in range(min(len(receipts), chance.randrange(1, 40)))]
        await record(batch)
        await asyncio.gather(ingest_due(), ingest_due(), ingest_due())
    order = ["sent", "delivered", "bounced", "complained"]
    expected = {id: max(["sent", *(event for one, event in came if one == id)], key=order.index) for id in ids}
    found = {id: await reload(id) for id in ids}
    assert {id: one.state.value for id, one in found.items()} == expected
    for id, one in found.items():
        assert [event.state.value for event in one.history] == sorted(
            {event for other, event in came if other == id}, key=order.index
        )
    await collection("chunks").update_many({}, {"$set": {"recount_at": now()}})
    await recount_due()
    states = Counter(expected.values())
    now_counted = await counts(campaign)
    assert (now_counted.sent, now_counted.delivered) == (60, states["delivered"])
    assert (now_counted.bounced, now_counted.complained) == (states["bounced"], states["complained"])


async def test_a_repeat_is_known_when_it_comes_and_changes_nothing(database):
    campaign, ids = await sent_campaign("sent", "sent")
    assert await record([receipt(ids[0], "delivered"), receipt(ids[1], "delivered")]) == 2
    assert await record([receipt(ids[0], "delivered"), receipt(ids[1], "delivered", copy="other")]) == 1
    assert await ingest_due() == 3
    assert await record([receipt(ids[0], "delivered")]) == 0
    assert await ingest_due() == 0
    assert (await counts(campaign)).delivered == 2
    assert len((await reload(ids[1])).history) == 1


async def test_a_receipt_waits_for_its_time(database):
    _, ids = await sent_campaign("sent")
    await record([receipt(ids[0], "delivered", due_at=now() + timedelta(hours=1))])
    assert not await due_receipts()
    assert await ingest_due() == 0
    assert (await reload(ids[0])).state == "sent"
    await collection("receipts").update_many({}, {"$set": {"due_at": now()}})
    assert await due_receipts()
    assert not await due_receipts()  # a message is on the queue
    assert await ingest_due() == 1
    assert (await reload(ids[0])).state == "delivered"


async def test_a_receipt_settles_what_was_unknown_and_the_tally_follows(database):
    campaign, ids = await sent_campaign("unknown", "unknown", "deferred", "sent")
    assert (await counts(campaign)).unknown == 2
    await take_in(receipt(ids[0], "delivered"), receipt(ids[2], "bounced", reason=HARD))
    found = await counts(campaign)
    assert (found.unknown, found.sent, found.pending, found.delivered, found.bounced) == (1, 3, 0, 1, 1)
    settled = await reload(ids[0])
    assert (settled.state, settled.reason, settled.sent_at) == ("delivered", None, SENT_AT + timedelta(minutes=1))


async def test_what_ended_otherwise_remembers_the_receipt_and_stays(database):
    states = ("failed", "skipped", "suppressed", "held_out", "cancelled")
    campaign, ids = await sent_campaign(*states)
    before = await counts(campaign)
    await take_in(*(receipt(id, "delivered") for id in ids))
    assert await counts(campaign) == before
    for id, state in zip(ids, states, strict=True):
        found = await reload(id)
        assert found.state == state
        assert [event.state for event in found.history] == ["delivered"]


async def test_hard_bounces_and_complaints_end_all_contact(database):
    campaign, ids = await sent_campaign(*["sent"] * 4)
    await Suppression(channel="email", address="p3@example.com", reason="unsubscribed").insert()
    await take_in(
        receipt(ids[0], "bounced", reason=HARD),
        receipt(ids[1], "bounced", reason="552 5.2.2 Mailbox full"),
        receipt(ids[2], "complained"),
        receipt(ids[3], "bounced", permanent=True),
    )
    found = {one.address: (one.reason, one.campaign_id) for one in await Suppression.find_all().to_list()}
    assert found == {
        "p0@example.com": ("bounced", campaign.id),
        "p2@example.com": ("complained", campaign.id),
        "p3@example.com": ("unsubscribed", None),
    }


async def test_a_simulated_vendor_ends_no_contact(database):
    _, ids = await sent_campaign("sent", "sent", channel=Channel.SIMULATOR)
    await take_in(receipt(ids[0], "bounced", permanent=True), receipt(ids[1], "complained"))
    assert (await reload(ids[1])).state == "complained"
    assert await Suppression.count() == 0


async def test_a_worker_that_dies_before_it_counts_leaves_counts_that_are_right_in_the_end(database):
    campaign, ids = await sent_campaign("unknown", "sent")
    await record([receipt(id, "delivered") for id in ids])
    due = await collection("receipts").find({}).to_list()
    await ingesting.write({row["delivery_id"]: [row] for row in due})
    assert (await counts(campaign)).delivered == 0
    assert await ingest_due() == 2
    await collection("chunks").update_many({"recount_at": {"$ne": None}}, {"$set": {"recount_at": now()}})
    await recount_due()
    found = await counts(campaign)
    assert (found.delivered, found.sent, found.unknown) == (2, 2, 0)


@pytest.mark.parametrize(
    ("module", "step"),
    [
        (ingesting, "write"),
        (ingesting, "suppress_all"),
        (counting, "add"),
        (ingesting.ledger, "move_tally"),
        (ingesting, "_end"),
    ],
)
async def test_wherever_it_dies_the_next_run_does_the_rest(
    database, monkeypatch: pytest.MonkeyPatch, module: Any, step: str
):
    campaign, ids = await sent_campaign("unknown", "sent", "sent", "unknown")
    await record([receipt(ids[0], "delivered"), receipt(ids[1], "bounced", reason=HARD), receipt(ids[2], "complained")])

    async def die(*_: Any) -> None:
        raise ConnectionFailure("away")

    with monkeypatch.context() as broken:
        broken.setattr(module, step, die)
        with pytest.raises(ConnectionFailure):
            await ingest_due()
    assert (await counts(campaign)).audience == 4
    assert await ingest_due() == 3
    await collection("chunks").update_many({"recount_at": {"$ne": None}}, {"$set": {"recount_at": now()}})
    await recount_due()
    found = await counts(campaign)
    assert (found.sent, found.unknown) == (3, 1)
    assert (found.delivered, found.bounced, found.complained) == (1, 1, 1)
    assert {one.address for one in await Suppression.find_all().to_list()} == {"p1@example.com", "p2@example.com"}
    assert {id: len((await reload(id)).history) for id in ids} == {ids[0]: 1, ids[1]: 1, ids[2]: 1, ids[3]: 0}


async def test_a_chunk_of_many_is_counted_by_its_keys_and_leaves_the_others_alone(database, monkeypatch):
    monkeypatch.setattr(counting, "PASS_COST", 0)
    campaign, ids = await sent_campaign("sent", "sent")
    await take_in(receipt(ids[0], "delivered"))
    await collection("chunks").update_one({}, {"$set": {"receipts.delivered": 7, "recount_at": now()}})
    assert await recount_due() == 1
    assert (await counts(campaign)).delivered == 1


async def test_receipts_during_a_recount_are_not_lost(database):
    campaign, ids = await sent_campaign("sent", "sent")
    await take_in(receipt(ids[0], "delivered"))
    chunk = await collection("chunks").find_one({})
    assert chunk is not None
    assert chunk["recount_at"] > now()
    await collection("chunks").update_one({}, {"$set": {"receipts.delivered": 7, "recount_at": now()}})
    await recount_due()
    assert (await counts(campaign)).delivered == 1
    await take_in(receipt(ids[1], "delivered"))
    assert (await counts(campaign)).delivered == 2


async def test_a_reference_is_looked_for_until_the_delivery_carries_it(database):
    _, ids = await sent_campaign("sent")
    await record([receipt(None, "delivered", reference="vendor-7")])
    await ingest_due()
    waiting = await collection("receipts").find_one({})
    assert waiting is not None
    assert waiting.get("ingested_at") is None
    assert waiting["due_at"] > now()
    await collection("deliveries").update_one({"_id": ids[0]}, {"$set": {"reference": "vendor-7"}})
    await collection("receipts").update_one({}, {"$set": {"due_at": now()}})
    await ingest_due()
    assert (await reload(ids[0])).state == "delivered"


async def test_a_reference_that_nobody_carries_is_given_up(database):
    await record([receipt(None, "delivered", reference="vendor-7", created_at=now() - timedelta(minutes=11))])
    await ingest_due()
    assert await collection("receipts").count_documents({"ingested_at": {"$ne": None}}) == 1


async def test_a_receipt_waits_for_the_line_of_its_delivery(database):
    campaign, ids = await sent_campaign("sent")
    row = await collection("deliveries").find_one_and_delete({"_id": ids[0]})
    assert row is not None
    await record([receipt(ids[0], "delivered")])
    assert await ingest_due() == 1
    assert await ingest_due() == 0
    await collection("deliveries").insert_one(row)
    await collection("receipts").update_one({}, {"$set": {"due_at": now()}})
    await ingest_due()
    assert ((await reload(ids[0])).state, (await counts(campaign)).delivered) == ("delivered", 1)


async def test_a_receipt_of_a_deleted_campaign_is_given_up(database):
    await take_in(receipt(f"{'0' * 24}:{'1' * 24}", "delivered", created_at=now() - timedelta(minutes=11)))


async def test_who_holds_the_chunk_counts_it(database):
    campaign, ids = await sent_campaign("sending", "sent")
    await collection("chunks").update_one({}, {"$set": {"state": ChunkState.LEASED.value, "owner": "somebody"}})
    await take_in(receipt(ids[0], "delivered"))
    found = await counts(campaign)
    assert (found.sent, found.pending, found.delivered) == (1, 1, 1)


async def test_it_goes_on_while_the_signals_are_away(database, monkeypatch: pytest.MonkeyPatch, settings):
    _, ids = await sent_campaign("sent")
    await record([receipt(ids[0], "delivered")])
    await signals.close_signals()
    monkeypatch.setattr(
        signals, "get_settings", lambda: settings.model_copy(update={"redis_url": "redis://127.0.0.1:1"})
    )
    assert await ingest_due() == 1
    assert (await reload(ids[0])).state == "delivered"
