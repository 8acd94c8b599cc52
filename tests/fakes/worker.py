"""A real Dramatiq worker on the real queue, its actors running on the test's own event loop.

Documents belong to one connection and one loop for each process, so a test that looks at the database while a worker of
the same process writes to it has to share its loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from typing import Any

from dramatiq import Broker, Worker
from dramatiq.asyncio import set_event_loop_thread
from dramatiq.middleware import Middleware

from app.campaigns.record import signals
from app.campaigns.sending.chunk import Draining
from app.channels.ways_out import close_channels
from app.settings import Settings
from tasks.broker import IDLE_MILLISECONDS, build_broker
from tasks.clock import Clock


class _TestLoop:
    """What Dramatiq's AsyncIO keeps as its event loop thread, standing for a loop that runs already."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def run_coroutine(self, work: Awaitable[Any]) -> Any:
        async def run() -> Any:
            return await work

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()


class _OnTestLoop(Middleware):
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:
        set_event_loop_thread(_TestLoop(self._loop))  # type: ignore[arg-type]

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        set_event_loop_thread(None)


@contextlib.asynccontextmanager
async def working(settings: Settings, *, threads: int = 4, clock: bool = True) -> AsyncIterator[Clock]:
    """A worker, and its clock, for the length of a `with`. Ends as a worker does: drained."""
    broker = build_broker(settings, middleware=[_OnTestLoop(asyncio.get_running_loop())])
    worker = Worker(broker, worker_timeout=IDLE_MILLISECONDS, worker_threads=threads)
    Draining.asked = False
    worker.start()
    ticking = Clock()
    if clock:
        ticking.start()
    try:
        yield ticking
    finally:
        await ticking.stop()
        Draining.asked = True
        await asyncio.to_thread(worker.stop, 10_000)
        await asyncio.to_thread(broker.close)
        Draining.asked = False
        await close_channels()
        await signals.close_signals()
