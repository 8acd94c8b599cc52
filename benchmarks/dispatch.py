"""How fast campaigns leave, against floors measured in the same run.

    .venv/bin/python benchmarks/dispatch.py [--people 19299] [--profile]

- null: our pipeline (lease, consent, rendering, ledger) to a channel that accepts everything, in this process; its
  floor is a bare loop of insert_many and update_many in micro-batches of 50.
- smtp: a whole campaign through the queue and one worker process into a loopback mail server; its floor is a bare loop
  of aiosmtplib over eight connections that sends the same bytes.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from aiosmtplib import SMTP
from bson import ObjectId

from app import database as db
from app.auth.members import system_member
from app.campaigns import sending
from app.campaigns.prepare import prepare
from app.campaigns.progress import counts_of
from app.campaigns.service import create_campaign, send
from app.channels.base import ACCEPTED, Message, Outcome
from app.database import collection
from app.embedded import embedded_servers
from app.segments.catalogue import forget_catalogue
from app.settings import Settings, read_settings, use_settings
from models import Campaign, Customer, Segment
from models.campaign import CampaignState
from models.customer import shadows_of
from tests.fakes.smtp import SmtpSink

BATCH = 50
LANES = 8
BODY = "<p>Dear {{ customer.first_name | default: 'friend' }},</p>" + "<p>News from the shop, told at length.</p>" * 60
WORKER = "import sys; from app.settings import read_settings; from tasks.worker import run_worker; "
WORKER += "run_worker(read_settings(_env_file=None, mongodb_url=sys.argv[1], redis_url=sys.argv[2], "
WORKER += "smtp_url=sys.argv[3], data_dir=sys.argv[4], secret_key='k' * 40))"


class NullChannel:
    """Accepts everything at once."""

    async def ready(self) -> None:
        """Always."""

    async def send(self, batch: Sequence[Message]) -> list[Outcome]:
        """Accept."""
        return [ACCEPTED] * len(batch)

    async def close(self) -> None:
        """Nothing to close."""


async def main(people: int, profile: bool) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="cohort-bench-") as folder:
        base = read_settings(
            _env_file=None, data_dir=Path(folder), mongodb_url="", redis_url="", smtp_url="", secret_key="k" * 40
        )
        async with embedded_servers(base) as settings:
            use_settings(settings)
            await db.connect(settings.mongodb_url)
            await fill(people)
            floor = await ledger_floor(people)
            rate = await null_rate(people, profile)
            report("null channel", rate, "insert_many + update_many", floor)
            with SmtpSink() as sink:
                floor = await asyncio.to_thread(smtp_floor, sink, people)
                sink.clear()
                rate = await smtp_rate(settings, sink, people)
            report("loopback SMTP, one worker process", rate, "aiosmtplib, 8 connections", floor)
            await db.disconnect()


def report(what: str, rate: float, floor_name: str, floor: float) -> None:
    """One line: rate, floor, ratio."""
    print(f"{what:36} {rate:8,.0f}/s   floor ({floor_name}) {floor:8,.0f}/s   ratio {rate / floor:.2f}", flush=True)


async def fill(people: int) -> None:
    """Customers who all agreed to email."""
    template = Customer(first_name="x").model_dump(exclude={"id", "revision_id"})
    template |= {"total_spent": None, "average_order_value": None}
    rows = []
    for number in range(people):
        own = {"first_name": f"Ann{number}", "last_name": "Person", "email": f"p{number}@example.com"}
        rows.append({**template, "_id": ObjectId(), **own, "email_opt_in": True, **shadows_of(own)})
    await collection("customers").insert_many(rows)


async def ledger_floor(people: int) -> float:
    """Micro-batches written as the ledger writes them, and nothing else."""
    numbers = iter(range(0, people, BATCH))
    floor = collection("floor")

    async def lane() -> None:
        for start in numbers:
            ids = [f"campaign:{number}" for number in range(start, min(start + BATCH, people))]
            await floor.insert_many([{"_id": id, "state": "sending", "campaign_id": 1} for id in ids], ordered=False)
            await floor.update_many({"_id": {"$in": ids}}, {"$set": {"state": "sent"}})

    started = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(LANES)))
    took = time.perf_counter() - started
    await floor.drop()
    return people / took


async def null_rate(people: int, profile: bool) -> float:
    """The pipeline without queue and mail."""
    campaign = await launch()
    await prepare(campaign.id)
    sending.channel_of = lambda kind: NullChannel()  # type: ignore[assignment]
    chunks = iter([row["_id"] async for row in collection("chunks").find({"campaign_id": campaign.id}, {"_id": 1})])

    async def lane() -> None:
        for chunk in chunks:
            await sending.send_chunk(chunk)

    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    started = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(LANES)))
    took = time.perf_counter() - started
    if profile:
        profiler.disable()
        pstats.Stats(profiler).sort_stats("tottime").print_stats(35)
    assert (await counts_of(await reload(campaign))).sent == people
    await collection("campaigns").delete_many({})
    return people / took


def smtp_floor(sink: SmtpSink, people: int) -> float:
    """The bare client, in a process of its own like a worker."""
    done = subprocess.run(
        [sys.executable, __file__, "--floor-port", str(sink.port), "--people", str(people)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert sink.counts.total() == people
    return float(done.stdout)


async def bare_client(port: int, people: int) -> None:
    """Send the same number of mails of the same size over eight connections."""
    content = b"Subject: x\r\n\r\n" + (b"x" * 74 + b"\r\n") * 60
    numbers = iter(range(people))

    async def lane() -> None:
        client = SMTP(hostname="127.0.0.1", port=port, start_tls=False, local_hostname="bench")
        await client.connect()
        for number in numbers:
            await client.sendmail("shop@example.com", [f"p{number}@example.com"], content)
        await client.quit()

    started = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(LANES)))
    print(people / (time.perf_counter() - started))


async def smtp_rate(settings: Settings, sink: SmtpSink, people: int) -> float:
    """A campaign from launch to done, with one worker process that is up already."""
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WORKER, settings.mongodb_url, settings.redis_url, sink.url, str(settings.data_dir)),
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await asyncio.sleep(4)
        started = time.perf_counter()
        campaign = await launch()
        while (await reload(campaign)).state is not CampaignState.DONE:
            assert (await counts_of(await reload(campaign))).adds_up
            await asyncio.sleep(0.1)
        took = time.perf_counter() - started
    finally:
        worker.terminate()
        await worker.wait()
    assert set(sink.counts.values()) == {1}
    assert len(sink.counts) == people
    return people / took


async def launch() -> Campaign:
    """A campaign to everybody."""
    rule = {"combinator": "and", "rules": [{"field": "last_name", "operator": "=", "value": "Person"}]}
    segment = await Segment(name=str(time.time()), name_folded=str(time.time()), rule=rule).insert()
    forget_catalogue()
    member = system_member()
    data = {"name": "Bench", "subject": "For {{ customer.first_name }}", "body": BODY, "segment_ids": [str(segment.id)]}
    return await send(member, (await create_campaign(member, data)).id)


async def reload(campaign: Campaign) -> Campaign:
    """The campaign as it is now."""
    found = await Campaign.get(campaign.id)
    assert found is not None
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=19_299)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--floor-port", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.floor_port:
        asyncio.run(bare_client(given.floor_port, given.people))
    else:
        asyncio.run(main(given.people, given.profile))
