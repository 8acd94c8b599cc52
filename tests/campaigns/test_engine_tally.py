"""A chunk's tally after a delivery changed without a lease."""

from __future__ import annotations

import asyncio

from app.campaigns.sending.chunk import send_chunk
from app.campaigns.sending.leases import Held, take_lease
from app.campaigns.sending.ledger import move_tally
from app.database import collection
from models import Campaign, Member
from tests.campaigns.conftest import counts, until
from tests.campaigns.test_engine_settling import prepared


async def change(campaign: Campaign, address: str, before: str, after: str) -> None:
    """As a receipt does: the delivery, then the tally."""
    wanted = {"campaign_id": campaign.id, "address": address, "state": before}
    result = await collection("deliveries").update_one(wanted, {"$set": {"state": after}})
    assert result.modified_count == 1
    assert campaign.id is not None
    await move_tally(campaign.id, 0, before, after)


async def test_a_chunk_that_is_done_is_counted_at_once(mailing, sink, bob: Member):
    sink.script.drop_after_data = {"p1@example.com"}
    campaign = await prepared(bob, 5)
    await send_chunk(f"{campaign.id}:0")
    assert (await counts(campaign)).unknown == 1
    await change(campaign, "p1@example.com", "unknown", "sent")
    assert campaign.id is not None
    await move_tally(campaign.id, 0, "unknown", "sent")
    found = await counts(campaign)
    assert (found.sent, found.unknown) == (5, 0)


async def test_many_at_once_end_in_the_right_tally(mailing, sink, bob: Member):
    sink.script.drop_after_data = {f"p{number}@example.com" for number in range(6)}
    campaign = await prepared(bob, 20)
    for _ in range(30):
        # What was pipelined behind a mail that broke may have to be tried again.
        await collection("deliveries").update_many({"state": "deferred"}, {"$set": {"next_at": None}})
        await collection("chunks").update_one({}, {"$set": {"next_at": None}})
        await send_chunk(f"{campaign.id}:0")
        if not (await counts(campaign)).pending:
            break
    assert (await counts(campaign)).unknown == 6
    changes = (change(campaign, f"p{number}@example.com", "unknown", "failed") for number in range(6))
    await asyncio.gather(*changes)
    found = await counts(campaign)
    assert (found.sent, found.unknown, found.failed) == (14, 0, 6)


async def test_who_holds_the_chunk_counts_what_others_changed(mailing, sink, bob: Member):
    sink.script.latency = 0.02
    sink.script.drop_after_data = {"p1@example.com"}
    # So many that the first chunk is of several micro-batches.
    campaign = await prepared(bob, 1_300)
    sending = asyncio.create_task(send_chunk(f"{campaign.id}:0"))

    async def unknown() -> bool:
        return (await counts(campaign)).unknown == 1

    await until(unknown)
    assert not sending.done()
    await change(campaign, "p1@example.com", "unknown", "sent")

    async def seen() -> bool:
        return (await counts(campaign)).unknown == 0

    await until(seen)
    assert not sending.done()
    await sending
    assert (await counts(campaign)).unknown == 0


async def test_a_holder_does_not_write_a_tally_that_is_out_of_date(mailing, sink, bob: Member):
    campaign = await prepared(bob, 5)
    lease = await take_lease(f"{campaign.id}:0")
    assert lease is not None
    assert campaign.id is not None
    await move_tally(campaign.id, 0, "unknown", "sent")
    assert await lease.renew({"sent": 3}) is Held.MOVED
    assert await lease.renew({"sent": 4}) is Held.YES
    assert (await counts(campaign)).sent == 4
    await move_tally(campaign.id, 0, "sent", "delivered")
    assert await lease.finish({"sent": 5}) is Held.YES
