"""Receipts into the ledger, beside one bare update of each delivery; and what it costs to read a campaign's counts.

    .venv/bin/python benchmarks/receipts.py [--deliveries 100000] [--hands 1]

One receipt for each delivery of a campaign that has been sent, in a random order; `hands` take them in at once, in this
one process, with MongoDB on the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from app import database
from app.campaigns.record.progress import counts_of
from app.database import collection
from app.embedded import embedded_servers
from app.receipts.counting import recount_due
from app.receipts.service import ingest_due, store
from app.settings import read_settings, use_settings
from models import Campaign
from models.campaign import CampaignState
from models.chunk import Chunk, ChunkState, Tally
from models.values import now

CHUNK = 500
LOOKS = 20


async def main(size: int, hands: int) -> None:
    """Fill a campaign, take its receipts in, print the figures."""
    with tempfile.TemporaryDirectory(prefix="cohort-benchmark-") as name:
        base = read_settings(_env_file=None, data_dir=Path(name), mongodb_url="", redis_url="", secret_key="k" * 40)
        async with embedded_servers(base) as settings:
            use_settings(settings)
            await database.connect(settings.mongodb_url)
            campaign = await fill(size)
            floor = await measure("floor: bare updates", size, bare(await fill(size)))
            await measure("kept, 50 at a time", size, keep(campaign, size))
            cost = await measure(f"taken in, {hands} at once", size, take_in(hands))
            print(f"ratio of processor time {cost / floor:.2f}")
            counts = await counts_of(campaign)
            assert (counts.sent, counts.delivered) == (size, size), counts
            await collection("chunks").update_many({}, {"$set": {"recount_at": now()}})
            await measure("chunks counted anew", size // CHUNK, count_anew())
            await read(campaign)
            await database.disconnect()


async def fill(size: int) -> Campaign:
    """A campaign of so many deliveries, all sent."""
    campaign = await Campaign(name="Bench", state=CampaignState.DONE, audience=size).insert()
    moment = now()
    for n in range(size // CHUNK):
        people = [ObjectId() for _ in range(CHUNK)]
        rows: list[dict[str, Any]] = [
            {
                "_id": f"{campaign.id}:{person}",
                "campaign_id": campaign.id,
                "customer_id": person,
                "chunk": n,
                "state": "sent",
                "channel": "email",
                "address": f"{person}@example.com",
                "domain": "example.com",
                "name": "Ann Lee",
                "message_id": f"<delivery.{campaign.id}.{person}@example.com>",
                "attempts": 1,
                "created_at": moment,
                "updated_at": moment,
                "sent_at": moment,
            }
            for person in people
        ]
        await collection("deliveries").insert_many(rows, ordered=False)
        await Chunk(
            id=f"{campaign.id}:{n}",
            campaign_id=campaign.id,
            n=n,
            customer_ids=people,
            size=CHUNK,
            state=ChunkState.DONE,
            tally=Tally(sent=CHUNK),
        ).insert()
    return campaign


async def keep(campaign: Campaign, size: int) -> None:
    """One receipt for each delivery, in batches of 50 as the sending loop keeps them, due in the order of a vendor who
    takes a few seconds for each.
    """
    moment = now()
    chance = random.Random(1)
    ids = [row["_id"] async for row in collection("deliveries").find({"campaign_id": campaign.id}, {"_id": 1})]
    window = 20_000
    for start in range(0, size, window):
        part = ids[start : start + window]
        chance.shuffle(part)
        ids[start : start + window] = part
    for start in range(0, size, 50):
        await store(
            [
                {
                    "_id": f"{id}:delivered:1",
                    "delivery_id": id,
                    "event": "delivered",
                    "permanent": False,
                    "reason": "",
                    "at": moment,
                    "due_at": moment,
                    "created_at": moment,
                }
                for id in ids[start : start + 50]
            ]
        )


async def bare(campaign: Campaign) -> None:
    """State, time and a line of history written into each delivery, 500 at a time, and nothing read or counted."""
    ids = [row["_id"] async for row in collection("deliveries").find({"campaign_id": campaign.id}, {"_id": 1})]
    random.Random(1).shuffle(ids)
    for start in range(0, len(ids), CHUNK):
        moment = now()
        line = {"at": moment, "state": "delivered", "words": "Delivered"}
        change = {"$set": {"state": "delivered", "updated_at": moment}, "$push": {"history": line}}
        await collection("deliveries").bulk_write(
            [UpdateOne({"_id": id}, change) for id in ids[start : start + CHUNK]], ordered=False
        )


async def take_in(hands: int) -> None:
    """Until nothing is due."""

    async def hand() -> None:
        while await ingest_due():
            pass

    await asyncio.gather(*(hand() for _ in range(hands)))


async def count_anew() -> None:
    """Every chunk from its deliveries."""
    while await recount_due():
        pass


async def read(campaign: Campaign) -> None:
    """What a look at the counts costs from the chunks, and what it would cost from the deliveries."""
    start = time.perf_counter()
    for _ in range(LOOKS):
        await counts_of(campaign)
    from_chunks = (time.perf_counter() - start) / LOOKS
    start = time.perf_counter()
    group = {"$group": {"_id": "$state", "count": {"$sum": 1}}}
    match = {"$match": {"campaign_id": campaign.id, "state": {"$in": ["delivered", "bounced", "complained"]}}}
    await (await collection("deliveries").aggregate([match, group])).to_list()
    print(f"counts read in {from_chunks * 1e3:.1f} ms; from the deliveries' index {time.perf_counter() - start:.3f} s")


async def measure(what: str, count: int, work: Any) -> float:
    """Run it and print the rate and the processor time of this process and of mongod, whose sum is returned."""
    begin, own, server = time.perf_counter(), time.process_time(), mongod_seconds()
    await work
    seconds, own, server = time.perf_counter() - begin, time.process_time() - own, mongod_seconds() - server
    print(
        f"{what}: {count / seconds:,.0f} a second; processor time each: "
        f"{own / count * 1e6:.0f} us here, {server / count * 1e6:.0f} us in mongod"
    )
    return own + server


def mongod_seconds() -> float:
    """The processor time of our mongod (proc(5), fields 14 and 15)."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, rest = path.read_text().rpartition(")")
        except OSError:
            continue
        fields = rest.split()
        if "mongod" in head and int(fields[1]) == os.getpid():
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=100_000)
    parser.add_argument("--hands", type=int, default=1)
    given = parser.parse_args()
    asyncio.run(main(given.deliveries // CHUNK * CHUNK, given.hands))
