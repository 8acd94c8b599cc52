"""The Dramatiq broker of this process, with every actor declared."""

from __future__ import annotations

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, Callbacks, Middleware, Pipelines, Retries, TimeLimit
from dramatiq.middleware.asyncio import AsyncIO

from app.settings import Settings
from tasks import campaigns, imports, receipts, segments

HEARTBEAT_MILLISECONDS = 15_000
MAINTENANCE_CHANCE = 100_000
"""Out of a million commands. With Dramatiq's own figures a dead worker's messages come back after eight minutes,
with these after 15 s."""

IDLE_MILLISECONDS = 100
"""How long an idle worker rests before it looks at the queue again."""


def build_broker(settings: Settings, *, middleware: list[Middleware] | None = None) -> RedisBroker:
    """A broker on the queue's own Redis database, with every actor declared. Made after fork, never before.

    `middleware` comes after AsyncIO, so that its `before_worker_boot` finds the event loop running. Connects to nothing
    yet: a Redis that is away is waited for by the consumers.
    """
    broker = RedisBroker(  # type: ignore[no-untyped-call]  # dramatiq leaves it untyped
        url=settings.queue_url,
        middleware=[
            AgeLimit(),
            TimeLimit(),
            Callbacks(),
            Pipelines(),
            Retries(max_retries=3),
            *([AsyncIO()] if middleware is None else middleware),
        ],
        heartbeat_timeout=HEARTBEAT_MILLISECONDS,
        maintenance_chance=MAINTENANCE_CHANCE,
    )
    dramatiq.set_broker(broker)
    for actors in (campaigns, imports, receipts, segments):
        actors.declare(broker)
    return broker
