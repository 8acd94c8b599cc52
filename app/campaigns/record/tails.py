"""The latest deliveries of campaigns for open pages: read once per process, however many pages look."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from bson import ObjectId
from pymongo.errors import PyMongoError

from app.campaigns.record.deliveries import latest
from app.campaigns.record.live import Updates, updates
from app.campaigns.record.progress import Snapshot
from app.errors import CohortError

LINES = 10
READ_SECONDS = 0.5
"""The least time between two reads of one campaign."""

Rows = Sequence[dict[str, Any]]
Callback = Callable[[Rows], None]

log = structlog.get_logger(__name__)


class Tails:
    """Tells watchers the newest deliveries of a campaign, newest first, at most twice a second and only while it moves.

    A campaign that nobody watches is not read.
    """

    def __init__(self, source: Updates) -> None:
        self._source = source
        self._watchers: dict[str, list[Callback]] = {}
        self._ends: dict[str, Callable[[], None]] = {}
        self._last: dict[str, Rows] = {}
        self._reading: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    def watch(self, campaign_id: str, callback: Callback) -> Callable[[], None]:
        """Call `callback` soon, and again whenever the rows changed. Returns what ends it; ending twice is harmless."""
        own = self._watchers.setdefault(campaign_id, [])
        own.append(callback)
        if campaign_id not in self._ends:
            self._ends[campaign_id] = self._source.subscribe(campaign_id, self._moved)
        elif campaign_id in self._last:
            callback(self._last[campaign_id])
        self._read_soon(campaign_id)

        def unwatch() -> None:
            with contextlib.suppress(ValueError):
                own.remove(callback)
            if not own and self._watchers.get(campaign_id) is own:
                del self._watchers[campaign_id]
                self._ends.pop(campaign_id)()
                self._last.pop(campaign_id, None)

        return unwatch

    def _moved(self, found: Snapshot) -> None:
        self._read_soon(str(found.campaign_id))

    def _read_soon(self, id: str) -> None:
        if id in self._reading:
            self._again.add(id)
            return
        task = asyncio.create_task(self._read(id))
        self._reading[id] = task
        task.add_done_callback(lambda _: self._reading.pop(id, None))

    async def _read(self, id: str) -> None:
        while id in self._watchers:
            self._again.discard(id)
            try:
                self._tell(id, await latest(ObjectId(id), LINES))
            except (CohortError, PyMongoError) as problem:
                log.debug("no tail", campaign=id, problem=str(problem))
            await asyncio.sleep(READ_SECONDS)
            if id not in self._again:
                return

    def _tell(self, id: str, rows: Rows) -> None:
        if self._last.get(id) == rows or id not in self._watchers:
            return
        self._last[id] = rows
        for callback in list(self._watchers[id]):
            try:
                callback(rows)
            except Exception:
                log.exception("a watcher failed", campaign=id)


tails = Tails(updates)
"""The tails of this process."""
