"""One house for the tests of this folder: two workers, with MongoDB and Valkey of the shop's own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.chaos.books import Books, compare
from tests.chaos.house import House, until
from tests.chaos.reader import Reader
from tests.chaos.servers import Outside, outside
from tests.chaos.shop import Shop
from tests.chaos.sink_log import MailSink

PEOPLE = 600

collect_ignore = (
    [] if os.environ.get("CHAOS") else ["test_away.py", "test_kills.py", "test_machines.py", "test_pause.py"]
)
"""These start whole houses and kill them; on a machine that runs other tests at the same time they say little."""


@dataclass
class Site:
    """The house with all that stands around it."""

    house: House
    mongod: Outside
    valkey: Outside
    sink: MailSink


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Started once for this folder; PEOPLE customers are there."""
    folder = tmp_path_factory.mktemp("site")
    sink = MailSink(folder / "accepted.log")
    try:
        with outside(folder) as (mongod, valkey):
            house = House(folder, smtp_url=sink.url, MONGODB_URL=mongod.url, REDIS_URL=valkey.url)

            async def open_it() -> None:
                await asyncio.gather(mongod.start(), valkey.start())
                house.start()
                await house.until_open()
                shop = Shop(house.url)
                await shop.sign_in()
                await shop.add_people(PEOPLE)
                await shop.close()

            try:
                asyncio.run(open_it())
                yield Site(house, mongod, valkey, sink)
            finally:
                mongod.thaw()
                valkey.thaw()
                house.end()
    finally:
        sink.stop()


class Mailing:
    """A campaign of the site that is under way, read all the time."""

    def __init__(self, site: Site, shop: Shop, id: str, reader: Reader) -> None:
        self.site = site
        self.sink = site.sink
        self.shop = shop
        self.id = id
        self.reader = reader

    async def taken(self, mails: int, seconds: float = 30.0) -> None:
        """Wait until the mail server has taken so many."""
        await until(lambda: self.sink.total() >= mails, seconds, f"{mails} mails")

    async def one_more(self, seconds: float = 20.0) -> float:
        """Wait for the next mail; how many seconds that took."""
        since = time.monotonic()
        await until(lambda: self.sink.first_after(since) is not None, seconds, "another mail")
        return (self.sink.first_after(since) or since) - since

    async def done(self, seconds: float = 60.0) -> Books:
        """Wait for the end; the books, after asserting that every read added up."""
        await until(lambda: self.reader.state == "done", seconds, "the end of the campaign")
        assert self.reader.reads > 0
        assert self.reader.looks > 0
        assert self.reader.wrong == []
        return await compare(self.site.house.mongodb_url, self.id, PEOPLE, self.sink)


@pytest.fixture
async def send(site: Site) -> AsyncIterator[Callable[..., object]]:
    """`await send(latency)` sends a campaign to everybody over a mail server that takes so long for each mail."""
    shop = Shop(site.house.url)
    readers: list[Reader] = []
    ids: list[str] = []

    async def begin(latency: float) -> Mailing:
        await site.house.until_open()
        await shop.sign_in()
        site.sink.forget()
        site.sink.take(latency)
        id = await shop.draft()
        reader = Reader(shop, site.house.mongodb_url, site.sink, id, PEOPLE)
        await reader.__aenter__()
        readers.append(reader)
        ids.append(id)
        await shop.act(id, "send")
        return Mailing(site, shop, id, reader)

    yield begin
    for reader, id in zip(readers, ids, strict=True):
        await reader.__aexit__()
        if reader.state != "done":  # a test that failed leaves nothing to the next one
            with contextlib.suppress(httpx.HTTPError):
                await shop.act(id, "cancel")
    await shop.close()
