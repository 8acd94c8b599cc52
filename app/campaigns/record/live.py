"""Progress for open pages: one listener per web process, reading each campaign at most every 250 ms."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import structlog
from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.errors import PyMongoError

from app.campaigns.record import signals
from app.campaigns.record.progress import Snapshot, snapshot
from app.database import collection
from app.errors import CohortError
from models.campaign import CampaignState

READ_SECONDS = 0.25
POLL_SECONDS = 2.0
ACTIVE = [CampaignState.PREPARING, CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.FINISHING]

Callback = Callable[[Snapshot], None]

log = structlog.get_logger(__name__)


class Updates:
    """Tells subscribers where campaigns stand: on each hint from a worker, and every two seconds by itself."""

    def __init__(self) -> None:
        self._callbacks: dict[str | None, list[Callback]] = {}
        self._last: dict[str, Snapshot] = {}
        self._reading: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def subscribe(self, campaign_id: PydanticObjectId | str | None, callback: Callback) -> Callable[[], None]:
        """Call `callback` with each new snapshot of this campaign, or of every active one for None.

        Returns a function that ends it; calling that twice does no harm. Callbacks run on the event loop and must not
        block; one that raises is logged and keeps its place.
        """
        key = None if campaign_id is None else str(campaign_id)
        own = self._callbacks.setdefault(key, [])
        own.append(callback)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                own.remove(callback)
            if not own and self._callbacks.get(key) is own:
                del self._callbacks[key]

        return unsubscribe

    async def start(self) -> None:
        """Begin to listen and to poll, on the running loop. Starting twice changes nothing."""
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(signals.follow(signals.PROGRESS, self._hear)),
                asyncio.create_task(self._poll()),
            ]

    async def stop(self) -> None:
        """End every task; subscriptions stay."""
        tasks, self._tasks = [*self._tasks, *self._reading.values()], []
        await signals.end_tasks(tasks)
        self._reading.clear()
        self._again.clear()
        self._last.clear()
        await signals.close_signals()

    def _wanted(self, id: str) -> bool:
        return bool(self._callbacks.get(id) or self._callbacks.get(None))

    def _read_soon(self, id: str) -> None:
        """Read now, or once more after the reading and the pause under way: many hints make one read."""
        if not self._wanted(id):
            return
        if id in self._reading:
            self._again.add(id)
            return
        task = asyncio.create_task(self._read(id))
        self._reading[id] = task
        task.add_done_callback(lambda _: self._reading.pop(id, None))

    async def _read(self, id: str) -> None:
        while True:
            self._again.discard(id)
            try:
                self._tell(id, await snapshot(id))
            except (CohortError, PyMongoError) as problem:
                self._last.pop(id, None)
                log.debug("no snapshot", campaign=id, problem=str(problem))
            await asyncio.sleep(READ_SECONDS)
            if id not in self._again:
                return

    def _tell(self, id: str, found: Snapshot) -> None:
        before = self._last.get(id)
        self._last[id] = found
        if before is not None and _same(before, found):
            return
        for callback in [*self._callbacks.get(id, ()), *self._callbacks.get(None, ())]:
            try:
                callback(found)
            except Exception:
                log.exception("a subscriber failed", campaign=id)

    def _hear(self, id: str) -> None:
        if ObjectId.is_valid(id):
            self._read_soon(id)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                ids = {id for id in self._callbacks if id is not None}
                if self._callbacks.get(None):
                    active = collection("campaigns").find({"state": {"$in": ACTIVE}}, {"_id": 1})
                    ids |= {str(row["_id"]) async for row in active}
                    ids |= {id for id, last in self._last.items() if last.state in ACTIVE}
            except (CohortError, PyMongoError) as problem:
                log.debug("cannot poll", problem=str(problem))
                continue
            self._last = {id: last for id, last in self._last.items() if id in ids}
            for id in ids:
                self._read_soon(id)


def _same(one: Snapshot, other: Snapshot) -> bool:
    epoch = datetime.fromtimestamp(0, UTC)
    return replace(one, at=epoch) == replace(other, at=epoch)


updates = Updates()
"""The fan-out of this process."""


async def start() -> None:
    """Start this process's `updates`."""
    await updates.start()


async def stop() -> None:
    """Stop this process's `updates`."""
    await updates.stop()
