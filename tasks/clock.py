"""The clock: in every worker, one of them at a time, it puts on the queue what MongoDB says is due."""

from __future__ import annotations

import asyncio
import contextlib
import uuid

import structlog
from pymongo.errors import PyMongoError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.campaigns.record import signals
from app.campaigns.sending.due import Work, due_work, forget_enqueued
from app.campaigns.sending.settling import settle_own
from app.campaigns.sending.watch import look_soon
from app.channels.ways_out import acceptances_folder
from app.errors import CohortError
from app.imports.jobs import due_imports
from app.receipts.service import due_receipts
from app.segments.growth.keeper import due_records
from app.settings import get_settings
from tasks.enqueue import enqueue

PERIOD_SECONDS = 1.0
LONGEST_PAUSE = 5.0
JOURNALS_SECONDS = 10.0

_LOCK = "cohort:tick"
_EPOCH = "cohort:epoch"

log = structlog.get_logger(__name__)


class Clock:
    """Ticks on the running loop until it is stopped; a wake signal brings the next tick forward."""

    def __init__(self) -> None:
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._queue: Redis | None = None

    def start(self) -> None:
        """Begin."""
        self._tasks = [
            asyncio.create_task(self._run()),
            asyncio.create_task(signals.follow(signals.WAKE, lambda _: self._wake.set())),
            asyncio.create_task(signals.follow(signals.STATE, look_soon)),
            asyncio.create_task(self._read_own_journals()),
        ]

    async def stop(self) -> None:
        """End, after the tick under way."""
        await signals.end_tasks(self._tasks)
        if self._queue is not None:
            await self._queue.aclose()

    async def _run(self) -> None:
        pause = PERIOD_SECONDS
        while True:
            woken = self._wake.is_set()
            self._wake.clear()
            try:
                if await self._mine(woken):
                    await self.tick()
                pause = PERIOD_SECONDS
            except (RedisError, PyMongoError, CohortError, OSError) as problem:
                log.warning("clock waits", problem=str(problem)[:300])
                pause = min(pause * 2, LONGEST_PAUSE)
            except Exception:
                log.exception("tick failed")
            # Not wait_for, which may swallow the cancellation of `stop` (CPython issue 86296).
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def _read_own_journals(self) -> None:
        """At the start and then now and then: only this machine knows what its journals say."""
        while True:
            try:
                await settle_own(acceptances_folder())
            except (PyMongoError, CohortError, OSError) as problem:
                log.info("journals are read later", problem=str(problem)[:300])
            except Exception:
                log.exception("journals cannot be read")
            await asyncio.sleep(JOURNALS_SECONDS)

    async def tick(self) -> None:
        """Enqueue everything that is due. Doing it twice, or at two places at once, does no harm."""
        if await self._queue_is_new():
            await forget_enqueued()
        imports = [Work("import.run", str(id)) for id in await due_imports()]
        records = [Work("segment.record", "")] if await due_records() else []
        receipts = [Work("receipt.ingest", "")] if await due_receipts() else []
        for work in [*await due_work(), *imports, *records, *receipts]:
            if not await enqueue(work.actor, work.id):
                break

    async def _mine(self, woken: bool) -> bool:
        """Whether this process ticks now: the first to ask in each period; after a wake signal, in each 50 ms."""
        key, milliseconds = (f"{_LOCK}:woken", 50) if woken else (_LOCK, int(PERIOD_SECONDS * 900))
        return bool(await signals.signals().set(key, uuid.uuid4().hex, nx=True, px=milliseconds))

    async def _queue_is_new(self) -> bool:
        """Whether the queue's database has been emptied since the last tick, and every message with it."""
        if self._queue is None:
            self._queue = Redis.from_url(get_settings().queue_url, socket_connect_timeout=2, socket_timeout=2)
        return bool(await self._queue.set(_EPOCH, uuid.uuid4().hex, nx=True))
