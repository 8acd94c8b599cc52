"""Two machines on one database: one dies with all its processes and its journal, and comes back later."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient

from tests.chaos.books import Books, compare
from tests.chaos.house import ELSEWHERE, House, connections, patience, until
from tests.chaos.house import send as signal_to
from tests.chaos.reader import Reader
from tests.chaos.servers import outside
from tests.chaos.shop import Shop
from tests.chaos.sink_log import MailSink

PEOPLE = 3_000
"""Six chunks, so that neither machine has them all in hand."""
RECOVERY_SECONDS = 20.0
CLAIMED = 50 * 8
"""What one worker process may hold claimed at once: without its journal, all of that is undecided."""


def _has_namespaces() -> bool:
    if shutil.which(ELSEWHERE[0]) is None:
        return False
    return subprocess.run([*ELSEWHERE, "true"], capture_output=True, check=False).returncode == 0


@contextlib.asynccontextmanager
async def _two_houses(folder: Path, sink: MailSink) -> AsyncIterator[tuple[House, House]]:
    """One here and one elsewhere, each with a worker and a data folder of its own, on the same servers."""
    with outside(folder / "servers") as (mongod, valkey):
        await asyncio.gather(mongod.start(), valkey.start())
        given = {"MONGODB_URL": mongod.url, "REDIS_URL": valkey.url, "WORKER_THREADS": "1"}
        near = House(folder / "near", smtp_url=sink.url, workers=1, **given)
        far = House(folder / "far", smtp_url=sink.url, workers=1, elsewhere=True, **given)
        try:
            for house in (near, far):
                house.start()
            await asyncio.gather(near.until_open(), far.until_open())
            yield near, far
        finally:
            near.end()
            far.end()


async def _owners(mongodb_url: str, campaign: str) -> dict[str, str]:
    """Who holds each leased chunk."""
    async with AsyncMongoClient(mongodb_url) as client:
        leased = client.get_default_database("cohort")["chunks"].find({"state": "leased"}, {"owner": 1})
        return {row["_id"]: row["owner"] async for row in leased if row["_id"].startswith(campaign)}


@pytest.mark.journey
@pytest.mark.skipif(not _has_namespaces(), reason="a pid namespace needs root (unshare)")
async def test_a_machine_that_dies_is_replaced_and_its_journal_counts_once_it_is_back(tmp_path: Path) -> None:
    sink = MailSink(tmp_path / "accepted.log", latency=0.03)
    shops: list[Shop] = []
    try:
        async with _two_houses(tmp_path, sink) as (near, far):
            shops.append(Shop(near.url))
            shop = shops[0]
            await shop.sign_in()
            await shop.add_people(PEOPLE)
            campaign = await shop.draft()
            async with Reader(shop, near.mongodb_url, sink, campaign, PEOPLE) as reader:
                await shop.act(campaign, "send")
                await until(lambda: _far_mails(far, sink) >= 100, 60, "mails from the other machine")

                dying = far.pids("worker")
                signal_to(signal.SIGSTOP, dying)
                held = {
                    chunk: owner
                    for chunk, owner in (await _owners(near.mongodb_url, campaign)).items()
                    if not any(f"/{pid}/" in owner for pid in near.pids("worker"))
                }
                open_then = connections(dying, sink.port)
                moment = time.monotonic()
                far.kill_everything()
                assert held

                async def moved_on() -> bool:
                    now = await _owners(near.mongodb_url, campaign)
                    return not any(now.get(chunk) == owner for chunk, owner in held.items())

                await until(moved_on, RECOVERY_SECONDS * patience(), "the chunks of the dead machine to go on")
                sink.take(0.0)
                await until(lambda: reader.state == "done", 120, "the end")
                without = await compare(near.mongodb_url, campaign, PEOPLE, sink)
                assert not without.faults(resend=False, connections=CLAIMED)

                far.start()
                await far.until_open()

                async def as_known_as_can_be() -> bool:
                    return _taken_but_unknown(await compare(near.mongodb_url, campaign, PEOPLE, sink)) <= len(open_then)

                await until(as_known_as_can_be, RECOVERY_SECONDS * patience(), "the journal to be read")
                await until(lambda: reader.state == "done", 30, "the end")
                books = await compare(near.mongodb_url, campaign, PEOPLE, sink)
            assert reader.wrong == []
    finally:
        for shop in shops:
            await shop.close()
        sink.stop()
    assert moment
    assert books.doubled == 0
    assert books.faults(resend=False, connections=without.unknown) == []
    assert _taken_but_unknown(books) <= len(open_then)


def _far_mails(far: House, sink: MailSink) -> int:
    """How many mails came over the connections that the other machine's worker has open now."""
    sink.total()
    peers = connections(far.pids("worker"), sink.port)
    return sum(mail.peer in peers for mail in sink.all)


def _taken_but_unknown(books: Books) -> int:
    """People whose mail the server has, and of whom the ledger says that nobody knows."""
    return books.mails - books.doubled - books.states.get("sent", 0)
