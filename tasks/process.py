"""What a worker process opens before its first message and closes after its last, on Dramatiq's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog
from dramatiq import Broker, Worker
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.middleware import Middleware
from pymongo.errors import PyMongoError

from app import database
from app.campaigns.record import signals
from app.channels.ways_out import close_channels
from app.errors import SettingsError, Unavailable
from app.settings import Settings
from tasks.clock import Clock

LONGEST_PAUSE = 10.0

log = structlog.get_logger(__name__)


class OpenProcess(Middleware):
    """Connects the documents in `before_worker_boot`, because `after_worker_boot` comes after the first messages.

    A database that is away is waited for: the worker takes no message before. A wrong setting is kept in `problem`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clock: Clock | None = None
        self.stopping = False
        self.problem: SettingsError | None = None

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:
        """Connect, and start the clock."""
        _on_loop(self._open())

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        """Close what was opened, while the loop still runs."""
        _on_loop(self._close())

    async def _open(self) -> None:
        pause = 0.5
        while not self.stopping:
            try:
                await database.connect(self._settings.mongodb_url)
                break
            except SettingsError as problem:
                self.problem = problem
                return
            except (Unavailable, PyMongoError) as problem:
                log.warning("waiting for the database", problem=str(problem)[:300], again_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        else:
            return
        self._clock = Clock()
        self._clock.start()

    async def _close(self) -> None:
        if self._clock is not None:
            await self._clock.stop()
        await close_channels()
        await signals.close_signals()
        await database.disconnect()


def _on_loop(work: Coroutine[Any, Any, None]) -> None:
    thread = get_event_loop_thread()
    if thread is None:
        work.close()
        raise RuntimeError("AsyncIO has to come before OpenProcess in the list of middleware")
    thread.run_coroutine(work)
