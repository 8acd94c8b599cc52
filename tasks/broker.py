"""The Dramatiq broker of this process, with every actor declared."""

from __future__ import annotations

import dramatiq
from dramatiq.broker import Consumer
from dramatiq.brokers.redis import RedisBroker
from dramatiq.common import dq_name
from dramatiq.middleware import AgeLimit, Callbacks, Middleware, Pipelines, Retries, TimeLimit
from dramatiq.middleware.asyncio import AsyncIO

from app.settings import Settings
from tasks import campaigns, imports, receipts, segments
from tasks.queues import QUEUES

HEARTBEAT_MILLISECONDS = 15_000
MAINTENANCE_CHANCE = 100_000
"""Out of a million commands. With Dramatiq's own figures a dead worker's messages come back after eight minutes,
with these after 15 s."""

IDLE_MILLISECONDS = 500
"""How long a thread without work sleeps at most before it sees whether the worker is to stop."""

LOOK_MILLISECONDS = 100
"""How often a consumer without messages looks for some."""

QUIET_LOOK_MILLISECONDS = 300
"""The same where nobody watches a clock: all queues but the campaigns'."""

DELAYED_LOOK_MILLISECONDS = 500
"""The same for Dramatiq's queues of delayed messages, which stay empty, because times are kept in MongoDB. No longer,
because a worker that is to stop waits for it."""


class _Broker(RedisBroker):
    """Looks into each queue as often as it needs. Dramatiq looks into all of them, also into one of delayed messages
    for each, every 100 ms: that took an idle worker process 6 % of a core, and Valkey 2 %.
    """

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5_000) -> Consumer:
        """The consumer of a queue; `timeout` is not asked."""
        if queue_name == dq_name(queue_name):
            timeout = DELAYED_LOOK_MILLISECONDS
        else:
            timeout = LOOK_MILLISECONDS if queue_name == QUEUES["campaign"] else QUIET_LOOK_MILLISECONDS
        return super().consume(queue_name, prefetch, timeout)


def build_broker(settings: Settings, *, middleware: list[Middleware] | None = None) -> RedisBroker:
    """A broker on the queue's own Redis database, with every actor declared. Made after fork, never before.

    `middleware` comes after AsyncIO, so that its `before_worker_boot` finds the event loop running. Connects to nothing
    yet: a Redis that is away is waited for by the consumers.
    """
    broker = _Broker(  # type: ignore[no-untyped-call]  # dramatiq leaves it untyped
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
