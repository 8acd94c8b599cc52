"""Token buckets in Redis, filled on Redis's own clock, so that every process counts in the same ones.

A bucket holds `burst` tokens and gets `per_minute` new ones a minute. What asks takes one; an empty bucket says how
long to wait. While Redis is away nothing is limited: answering matters more then.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from redis.exceptions import RedisError

from app.campaigns.pacing.script import Script
from app.errors import CohortError
from app.limits import local

PREFIX = "cohort:limit"
REST_SECONDS = 5.0
"""Redis is left alone this long after it did not answer, so that requests do not wait for it one by one."""

AT_ONCE = 16
"""Questions to Redis under way: a flood of requests must not use up its connections and pass for an outage."""

log = structlog.get_logger(__name__)

_TAKE = Script(
    """
local function level(ask)
  local found = redis.call('HMGET', ask.key, 'left', 'at')
  local left, at = tonumber(found[1] or ask.burst), tonumber(found[2] or moment)
  return math.min(ask.burst, left + math.max(0, moment - at) * ask.per_second)
end
local wait, levels = 0, {}
for place, bucket in ipairs(ask.buckets) do
  levels[place] = level(bucket)
  if levels[place] < 1 then wait = math.max(wait, (1 - levels[place]) / bucket.per_second) end
end
if ask.want < 0 then wait = 0 end
local given, left = 0, ask.buckets[1].burst
for place, bucket in ipairs(ask.buckets) do
  local taken = 0
  if wait == 0 then taken = math.min(ask.want, math.floor(levels[place])) end
  local rest = math.min(bucket.burst, levels[place] - taken)
  if place == 1 then given = taken end
  left = math.min(left, rest)
  redis.call('HSET', bucket.key, 'left', seconds(rest), 'at', seconds(moment))
  redis.call('PEXPIRE', bucket.key, math.ceil(bucket.burst / bucket.per_second * 1000) + 1000)
end
return cjson.encode({wait = wait, given = given, left = left})
"""
)

_LEND = Script(
    """
local found = redis.call('HMGET', ask.key, 'left', 'at')
local left, at = tonumber(found[1] or ask.burst), tonumber(found[2] or moment)
left = math.min(ask.burst, left + math.max(0, moment - at) * ask.per_second)
if left - 1 >= -ask.debt then left = left - 1 end
redis.call('HSET', ask.key, 'left', seconds(left), 'at', seconds(moment))
redis.call('PEXPIRE', ask.key, math.ceil((ask.burst + ask.debt) / ask.per_second * 1000) + 1000)
return cjson.encode({wait = math.max(0, -left / ask.per_second)})
"""
)


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One kind of bucket. `name` is part of its key in Redis."""

    name: str
    per_minute: float
    burst: int

    @property
    def per_second(self) -> float:
        """New tokens a second."""
        return self.per_minute / 60


@dataclass(frozen=True)
class Taken:
    """What came of asking: how many tokens were `given` (0: wait `wait` seconds) and how many are `left`."""

    given: int
    left: float
    wait: float


class TooManyRequests(CohortError):
    """A bucket is empty; `retry_after` is in seconds."""

    status = 429
    slug = "too-many-requests"
    title = "Too many requests"

    def __init__(self, detail: str, retry_after: float) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


_resting_until = 0.0
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def take(buckets: Sequence[tuple[Limit, str]], *, want: int = 1) -> Taken:
    """Up to `want` tokens from each of these (limit, whose) buckets when each has one, else none of any.

    A negative `want` gives back.
    """
    asked = [
        {"key": key_of(limit, whose), "per_second": limit.per_second, "burst": limit.burst} for limit, whose in buckets
    ]
    answer = await _asked(_TAKE, local.take, buckets=asked, want=want)
    return Taken(int(answer["given"]), float(answer["left"]), float(answer["wait"]))


async def lend(limit: Limit, whose: str, *, debt: int) -> float:
    """Seconds to wait for one's turn: none while the bucket holds, at most those in which `debt` tokens come.

    For what may be slowed down and must not be refused.
    """
    key = key_of(limit, whose)
    answer = await _asked(_LEND, local.lend, key=key, per_second=limit.per_second, burst=limit.burst, debt=debt)
    return float(answer["wait"])


def key_of(limit: Limit, whose: str) -> str:
    """Hashed, so that Redis holds no addresses, names or tokens."""
    digest = hashlib.sha256(whose.encode("utf-8", "replace")).hexdigest()
    return f"{PREFIX}:{limit.name}:{digest[:32]}"


async def _asked(script: Script, instead: Callable[..., dict[str, float]], **ask: Any) -> dict[str, float]:
    global _resting_until
    if time.monotonic() >= _resting_until:
        turn = _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
        try:
            async with turn:
                return await script.run(**ask)
        except (RedisError, OSError) as problem:
            _resting_until = time.monotonic() + REST_SECONDS
            log.warning("each process limits by itself while Redis is away", error=type(problem).__name__)
    return instead(**ask)
