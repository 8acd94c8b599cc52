"""Contentless signals over Redis: "this campaign moved", "there is work". Losing one costs a second, never work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.settings import get_settings

PROGRESS = "cohort:progress"
WAKE = "cohort:wake"
STATE = "cohort:state"
"""Said of a campaign whose state changed, for who is sending it."""

SESSIONS = "cohort:sessions"
"""Said of a member of whose sessions some have just ended, for who has their pages open."""

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0

log = structlog.get_logger(__name__)

_clients: dict[tuple[str, asyncio.AbstractEventLoop], Redis] = {}


def signals() -> Redis:
    """The running loop's client for everything in Redis but the queue."""
    key = (get_settings().signals_url, asyncio.get_running_loop())
    if key not in _clients:
        _clients[key] = Redis.from_url(
            key[0], socket_connect_timeout=2, socket_timeout=2, decode_responses=True, health_check_interval=30
        )
    return _clients[key]


async def publish(channel: str, text: str) -> None:
    """Say it to whoever listens. Trouble is logged and swallowed, because readers also look by themselves."""
    if not get_settings().redis_url:
        return
    try:
        await signals().publish(channel, text)
    except (RedisError, OSError) as problem:
        log.debug("signal lost", channel=channel, problem=str(problem))


async def wake() -> None:
    """Tell the workers that there is work, so that they look now instead of at their next tick."""
    await publish(WAKE, "now")


async def follow(channel: str, heard: Callable[[str], None]) -> None:
    """Call `heard` with every text said on this channel, until cancelled. Redis being away is waited for."""
    pause = FIRST_PAUSE
    while True:
        try:
            async with signals().pubsub() as said:
                await said.subscribe(channel)
                pause = FIRST_PAUSE
                while True:
                    found = await said.get_message(ignore_subscribe_messages=True, timeout=5)
                    if found is not None:
                        heard(str(found["data"]))
        except (RedisError, OSError, ValueError) as problem:
            log.info("no signals from Redis for now", channel=channel, problem=str(problem))
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


async def end_tasks(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel until they have ended: redis-py swallows a cancellation that comes while it reconnects."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.5)


async def close_signals() -> None:
    """Close the running loop's client and forget those of loops that ended."""
    loop = asyncio.get_running_loop()
    for key in [key for key in _clients if key[1] is loop or key[1].is_closed()]:
        client = _clients.pop(key)
        if key[1] is loop:
            await client.aclose()
