"""One worker process: a Dramatiq worker in this very process, drained on SIGTERM and SIGINT."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import sys
import threading
from types import FrameType

import structlog
import uvloop
from dramatiq import Worker
from dramatiq.middleware.asyncio import AsyncIO

from app.campaigns.sending.chunk import Draining
from app.processes import end_as_orphan
from app.settings import Settings, use_settings
from tasks.broker import IDLE_MILLISECONDS, build_broker
from tasks.process import OpenProcess

STOP_MILLISECONDS = 25_000
"""How long the micro-batches under way may take to end."""

ORPHAN_SECONDS = 4.0
"""The same once the supervisor has died: its servers end with it, so nothing can be noted there any more, and the next
`cohort run` waits for this process. What was offered and taken is in the journal."""

_ARENA_MAX = -8

_COLLECTED_AFTER = (50_000, 20, 50)
"""How often the collector looks for rings. With Python's own figures it takes a sixth of the time of sending, because
a micro-batch is thousands of young objects, and none of them a ring."""

log = structlog.get_logger(__name__)


def run_worker(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then finish the micro-batches under way, give every chunk back and return.

    Call it in the main thread. A database or queue that is away is waited for, at the start and later. Raises
    SettingsError for a MONGODB_URL that cannot be right.
    """
    _share_arenas()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    use_settings(settings)
    parent = os.getppid()
    ended = threading.Event()
    process = OpenProcess(settings)

    def stop(number: int, frame: FrameType | None) -> None:
        process.stopping = True
        Draining.asked = True
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    Draining.asked = False
    broker = build_broker(settings, middleware=[AsyncIO(), process])
    worker = Worker(broker, worker_timeout=IDLE_MILLISECONDS, worker_threads=settings.worker_threads)
    worker.start()
    # What is there now stays until the end.
    gc.freeze()
    gc.set_threshold(*_COLLECTED_AFTER)
    if process.problem is None:
        log.info("worker ready", threads=settings.worker_threads)
        ended.wait()
        log.info("worker stops")
        end_as_orphan(parent, ORPHAN_SECONDS)
    worker.stop(timeout=STOP_MILLISECONDS)
    broker.close()
    if process.problem is not None:
        raise process.problem


def _share_arenas() -> None:
    """Keep glibc from giving each thread a heap of its own, which holds on to what a burst needed (mallopt(3))."""
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)
