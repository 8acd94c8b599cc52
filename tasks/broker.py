"""The Dramatiq broker of this process and the names of its queues."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, Callbacks, Middleware, Pipelines, Retries, TimeLimit
from dramatiq.middleware.asyncio import AsyncIO

from app.settings import Settings

HEARTBEAT_MILLISECONDS = 15_000
MAINTENANCE_CHANCE = 100_000
"""Out of a million commands. With Dramatiq's own figures a dead worker's messages come back after eight minutes,
with these after 15 s."""

IDLE_MILLISECONDS = 100
"""How long an idle worker rests before it looks at the queue again."""

QUEUES = {"campaign": "campaigns", "import": "imports"}
"""The queue of an actor, by the first part of its name: an import of a million rows holds up no campaign."""

DEFAULT_QUEUE = "default"
ACTOR_MODULES = ("tasks.campaigns", "tasks.imports")


def queue_of(actor_name: str) -> str:
    """The queue this actor's messages go to."""
    return QUEUES.get(actor_name.partition(".")[0], DEFAULT_QUEUE)


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
    for name in ACTOR_MODULES:
        if find_spec(name) is not None:
            _declare(broker, name)
    return broker


def _declare(broker: RedisBroker, name: str) -> None:
    """Have a module's actors work for this broker: its `declare(broker)`, or the actors it holds."""
    module = import_module(name)
    declare = getattr(module, "declare", None)
    if declare is not None:
        declare(broker)
        return
    for actor in vars(module).values():
        if isinstance(actor, dramatiq.Actor) and actor.actor_name not in broker.actors:
            actor.broker = broker
            broker.declare_actor(actor)
