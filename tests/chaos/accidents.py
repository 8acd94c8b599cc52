"""A seeded list of accidents, and what it is to have one."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.chaos.house import MASTER, House, connections, send
from tests.chaos.sink_log import MailSink

KILLS = ("worker", "master", "web", "valkey", "mongod", "all", "workers")
EMPTIED, FROZEN = "flushall of valkey", "mongod frozen"
FROZEN_SECONDS = 30.0
SENDERS_END = ("worker", "workers", MASTER, "all")
"""Those after which somebody who was sending is gone. A dead master takes its workers along (SIGTERM)."""


@dataclass(frozen=True)
class Accident:
    """kill -9 of `what`, or EMPTIED or FROZEN (SIGSTOP for FROZEN_SECONDS), once `at` mails have been taken and `delay`
    seconds are over. `on_heels`: the harness does not wait until the accident before this one is overcome.
    """

    what: str
    at: int
    delay: float
    on_heels: bool = False


@dataclass
class Struck:
    """An accident that has happened. `peers` are the connections of the senders it ended; `leases` the chunks they
    held, with the owner's token; `mails` had been taken. `recovered` and `taken_over` are seconds after it, None when
    it was not seen; `given_up` when it was waited for in vain. `running` says whether the campaign still was.
    """

    accident: Accident
    moment: float
    peers: set[int]
    leases: dict[str, str] = field(default_factory=dict)
    mails: int = 0
    running: bool = True
    recovered: float | None = None
    taken_over: float | None = None
    given_up: bool = False


def plan(seed: int, people: int, kills: int, kinds: Sequence[str] = KILLS) -> list[Accident]:
    """`kills` accidents, the same for the same seed; every kind once before any comes twice."""
    chance = random.Random(seed)
    chosen: list[str] = []
    while len(chosen) < kills:
        chosen += chance.sample(kinds, min(len(kinds), kills - len(chosen)))
    chance.shuffle(chosen)
    moments = sorted(round(people * chance.uniform(0.0, 0.85)) for _ in chosen)
    if chance.random() < 0.3:
        moments[0] = 0
    accidents: list[Accident] = []
    for number, (what, at) in enumerate(zip(chosen, moments, strict=True)):
        if number and chance.random() < 0.25:
            accidents.append(Accident(what, accidents[-1].at, chance.uniform(0.0, 2.0), on_heels=True))
        else:
            accidents.append(Accident(what, at, chance.uniform(0.0, 0.3)))
    return accidents


def with_absences(accidents: Sequence[Accident], seed: int, people: int) -> list[Accident]:
    """The same, with an emptied Valkey in the middle of it, and a MongoDB that does not answer in every third."""
    chance = random.Random(f"absences of {seed}")
    more = [Accident(EMPTIED, round(people * chance.uniform(0.05, 0.8)), 0.0)]
    if seed % 3 == 0:
        more.append(Accident(FROZEN, round(people * chance.uniform(0.05, 0.8)), 0.0))
    # Stable, so that what comes on the heels of another stays behind it.
    found = list(accidents)
    for one in more:
        place = next((n for n, other in enumerate(found) if other.at > one.at and not other.on_heels), len(found))
        found.insert(place, one)
    return found


class Ward:
    """Has the accidents, and watches how the product comes back."""

    def __init__(self, house: House, sink: MailSink, done: Callable[[], bool]) -> None:
        self._house = house
        self._sink = sink
        self._done = done
        self._mongodb = AsyncMongoClient(house.mongodb_url, serverSelectionTimeoutMS=300, timeoutMS=500)

    async def close(self) -> None:
        await self._mongodb.close()

    async def have(self, accident: Accident) -> Struck:
        """Kill. Who is to die is stopped first, so that its connections can be counted as they are at its end."""
        if accident.what == EMPTIED:
            async with Redis.from_url(self._house.redis_url) as redis:
                with contextlib.suppress(RedisError):
                    await redis.flushall()
            return Struck(accident, time.monotonic(), set(), mails=self._sink.total())
        if accident.what == FROZEN:
            victims = self._house.pids("mongod")
            send(signal.SIGSTOP, victims)
            await asyncio.sleep(FROZEN_SECONDS)
            send(signal.SIGCONT, victims)
            return Struck(accident, time.monotonic(), set(), mails=self._sink.total())
        parts = self._house.parts()
        victims = [pid for pid, name in parts.items() if name == accident.what]
        if accident.what == "all":
            victims = list(parts)
        elif accident.what == "workers":
            victims = self._house.pids("worker")
        elif accident.what == "worker":
            # The busiest, so that there is something to lose.
            victims = sorted(victims, key=lambda pid: len(connections([pid], self._sink.port)))[-1:]
        workers = [pid for pid, name in parts.items() if name == "worker"]
        dying = workers if accident.what == MASTER else [pid for pid in victims if pid in workers]
        leases = await self._leases(dying) if accident.what in SENDERS_END else {}
        send(signal.SIGSTOP, victims)
        peers = connections(dying, self._sink.port)
        moment = time.monotonic()
        send(signal.SIGKILL, victims)
        return Struck(accident, moment, peers, leases, self._sink.total())

    async def recovery(self, struck: Struck, seconds: float) -> None:
        """Wait until a mail is taken over a connection that outlived the accident, and every lease has gone on."""
        deadline = struck.moment + seconds
        while time.monotonic() < deadline:
            first = self._sink.first_after(struck.moment, not_from=struck.peers)
            if first is not None and struck.recovered is None:
                struck.recovered = first - struck.moment
            if struck.taken_over is None and await self._moved_on(struck.leases):
                struck.taken_over = time.monotonic() - struck.moment
            if struck.taken_over is not None and (struck.recovered is not None or self._done()):
                return
            await asyncio.sleep(0.02)
        struck.given_up = True

    async def _leases(self, pids: Sequence[int]) -> dict[str, str]:
        try:
            chunks = self._mongodb.get_default_database("cohort")["chunks"].find({"state": "leased"}, {"owner": 1})
            return {row["_id"]: row["owner"] async for row in chunks if any(f"/{pid}/" in row["owner"] for pid in pids)}
        except PyMongoError:
            return {}

    async def _moved_on(self, leases: dict[str, str]) -> bool:
        if not leases:
            return True
        same = [{"_id": chunk, "owner": owner, "state": "leased"} for chunk, owner in leases.items()]
        try:
            found = await self._mongodb.get_default_database("cohort")["chunks"].find_one({"$or": same}, {"_id": 1})
        except PyMongoError:
            return False
        return found is None
