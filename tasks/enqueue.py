"""Putting a message on the queue without holding up the event loop."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker
from redis import Redis
from redis.exceptions import RedisError

from app.settings import get_settings
from tasks.queues import queue_of

log = structlog.get_logger(__name__)

_brokers: dict[str, RedisBroker] = {}


async def enqueue(actor_name: str, *args: Any) -> bool:
    """Ask a worker to run this actor with these JSON arguments. False when the queue is away.

    That is logged and no more: whatever has to be done is written in MongoDB, and the clock derives the message again.
    """
    try:
        await asyncio.to_thread(_put, actor_name, args)
    except (RedisError, OSError) as problem:
        log.warning("queue away, the message will be derived again", actor=actor_name, problem=str(problem))
        return False
    return True


def _put(actor_name: str, args: tuple[Any, ...]) -> None:
    url = get_settings().queue_url
    broker = _brokers.get(url)
    if broker is None:
        # No actors are declared on it: whoever enqueues need not import what does the work.
        client = Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5)
        broker = _brokers.setdefault(url, RedisBroker(client=client, middleware=[]))  # type: ignore[no-untyped-call]
    broker.enqueue(Message(queue_name=queue_of(actor_name), actor_name=actor_name, args=args, kwargs={}, options={}))
