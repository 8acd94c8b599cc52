"""One campaign through a list of accidents, and the verdict on it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pymongo import AsyncMongoClient

from tests.chaos.accidents import EMPTIED, FROZEN, Accident, Struck, Ward
from tests.chaos.books import Books, compare
from tests.chaos.house import House, until
from tests.chaos.reader import Reader
from tests.chaos.shop import Shop
from tests.chaos.sink_log import MailSink

RECOVERY_SECONDS = 20.0
"""From a kill to the next mail, on a machine with nothing else to do. Where already the first start takes a third of it
or more, because others have the processors, three times as long as that start."""

STILL_SECONDS = 60.0
PATIENCE = 3.0
"""How many times as long the recovery is waited for, so that a late one is told by its length."""


@dataclass
class Verdict:
    """What came of it; `faults` is empty when everything held."""

    seed: int
    policy: str
    struck: list[Struck]
    books: Books
    reads: int
    refused: int
    seconds: float
    allowed: float
    faults: list[str] = field(default_factory=list)

    @property
    def connections(self) -> int:
        """Connections of senders that were open when they died, summed over the accidents."""
        return sum(len(one.peers) for one in self.struck)

    def story(self) -> list[str]:
        """A line for each accident."""
        return [
            f"after {one.mails:,} mails {_words(one.accident.what)}, {len(one.peers)} connections: "
            f"next mail after {_seconds(one.recovered)}, its chunks after {_seconds(one.taken_over)}"
            for one in self.struck
        ]

    def line(self) -> str:
        """One line for a person."""
        slowest = max((one.recovered or 0.0 for one in self.struck), default=0.0)
        in_time = sum(one.running for one in self.struck)
        kills = " ".join(("+" if one.accident.on_heels else "") + one.accident.what for one in self.struck)
        return (
            f"seed {self.seed} ({self.policy}): {'ok' if not self.faults else 'FAILED'}; {self.books.people:,} people, "
            f"{self.books.mails:,} mails, {self.books.unknown} unknown and {self.books.doubled} twice with "
            f"{self.connections} connections at the kills, slowest recovery {slowest:.1f} s of {self.allowed:.0f}, "
            f"{self.reads} reads, {self.seconds:.0f} s, {in_time} of {len(self.struck)} in mid-campaign [{kills}]"
        )


def _words(what: str) -> str:
    return what if what in (EMPTIED, FROZEN) else f"kill -9 of {what}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


async def go_through(
    folder: Path,
    accidents: Sequence[Accident],
    *,
    seed: int,
    people: int,
    policy: str = "unknown",
    workers: int = 2,
    latency: float = 0.0,
) -> Verdict:
    """Start everything, send to `people`, have the accidents, wait for the end and compare the books.

    Ends whatever it started, however it goes. Raises TimeoutError when the product does not even open.
    """
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    sink = MailSink(folder / "accepted.log", latency=latency)
    house = House(folder, smtp_url=sink.url, workers=workers)
    shop = Shop(house.url)
    try:
        async with house.operated(lambda: chance.uniform(0.0, 1.0)):
            allowed = max(RECOVERY_SECONDS, 3 * (time.monotonic() - began))
            await shop.sign_in()
            await shop.add_people(people)
            campaign = await shop.draft(ambiguity=policy)
            async with Reader(shop, house.mongodb_url, sink, campaign, people) as reader:
                await shop.act(campaign, "send")
                struck, faults = await _have_all(accidents, house, sink, reader, allowed)
                faults += [] if faults else await _end_of(reader, people)
            await until(lambda: _answers(house.mongodb_url), 60, "the database at the end")
            books = await compare(house.mongodb_url, campaign, people, sink)
    finally:
        await shop.close()
        sink.stop()
    verdict = Verdict(
        seed, policy, struck, books, reader.reads, reader.refused, time.monotonic() - began, allowed, faults
    )
    verdict.faults += [f"a read {what}" for what in reader.wrong]
    verdict.faults += [fault for one in struck for fault in _late(one, sink, people, allowed)]
    verdict.faults += books.faults(resend=policy == "resend", connections=verdict.connections)
    return verdict


async def _have_all(
    accidents: Sequence[Accident], house: House, sink: MailSink, reader: Reader, allowed: float
) -> tuple[list[Struck], list[str]]:
    """What happened; and a sentence when nothing moved any more, which ends it."""
    ward = Ward(house, sink, lambda: reader.state == "done")
    watches: list[asyncio.Task[None]] = []
    struck: list[Struck] = []
    patience = allowed * PATIENCE
    try:
        for number, accident in enumerate(accidents):
            if not accident.on_heels and watches:
                await asyncio.gather(*watches)
            if not await _reached(accident.at, sink, reader):
                return struck, [f"no mail for {STILL_SECONDS:g} s after {sink.total()}, the campaign is {reader.state}"]
            await asyncio.sleep(accident.delay)
            if accident.on_heels:
                # What comes on the heels may find nothing there yet; it strikes what has come back.
                await until(lambda what=accident.what: _there(house, what), patience, f"{accident.what} to kill")  # type: ignore[misc]
            running = reader.state != "done"
            one = await ward.have(accident)
            one.running = running
            struck.append(one)
            # The accident before is overcome when this one is.
            followed = number + 1 < len(accidents) and accidents[number + 1].on_heels
            if not followed:
                watches.append(asyncio.create_task(ward.recovery(one, patience)))
        await asyncio.gather(*watches)
    finally:
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)
        await ward.close()
    return struck, []


async def _reached(mails: int, sink: MailSink, reader: Reader) -> bool:
    """Wait for so many mails, or the end. False when nothing moves."""
    before, since = sink.total(), time.monotonic()
    while sink.total() < mails and reader.state != "done":
        if sink.total() > before:
            before, since = sink.total(), time.monotonic()
        if time.monotonic() - since > STILL_SECONDS:
            return False
        await asyncio.sleep(0.005)
    return True


def _there(house: House, what: str) -> bool:
    parts = house.parts().values()
    return bool(parts) if what == "all" else what.removesuffix("s") in parts


async def _end_of(reader: Reader, people: int) -> list[str]:
    """Wait until the campaign is done; a sentence if it is not."""
    deadline = 60.0 + people / 100
    try:
        await until(lambda: reader.state == "done", deadline, "the end")
    except TimeoutError:
        return [f"the campaign is {reader.state or 'out of reach'} {deadline:.0f} s after the last accident"]
    return []


def _late(one: Struck, sink: MailSink, people: int, allowed: float) -> list[str]:
    what = one.accident.what
    left = people - sum(mail.at <= one.moment for mail in sink.all)
    found: list[str] = []
    if left and one.recovered is not None and one.recovered > allowed:
        found.append(f"the first mail came {one.recovered:.1f} s after {_words(what)}")
    if one.taken_over is not None and one.taken_over > allowed:
        found.append(f"a chunk of a dead worker was taken over {one.taken_over:.1f} s after {_words(what)}")
    if one.given_up:
        found.append(f"{_words(what)} was not overcome after {allowed * PATIENCE:.0f} s")
    return found


async def _answers(mongodb_url: str) -> bool:
    async with AsyncMongoClient(mongodb_url, serverSelectionTimeoutMS=500) as client:
        try:
            return bool((await client.admin.command("hello")).get("isWritablePrimary"))
        except Exception:
            return False
