"""Requests counted in this process, out of tokens that it takes from Redis some at a time.

A bucket of thousands a minute need not be asked for each request: a process takes a tenth of a second's worth and
counts by itself until that is used up. A refusal is remembered too, so a flood of requests costs Redis nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import monotonic
from weakref import WeakValueDictionary

from app.limits.buckets import Limit, take

HELD_SECONDS = 10.0
"""What is not used by then is lost, at most a sixtieth of what the bucket gets in that time."""

SHUT_SECONDS = 1.0
"""A refusal is looked at again after this, or earlier when the bucket has something earlier."""

MOST_KEPT = 10_000


@dataclass(slots=True)
class _Held:
    tokens: int
    left: float
    until: float
    shut_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Spent:
    """One request's place in its bucket: `wait` is 0 when it may go on, else the seconds until another may."""

    limit: Limit
    left: int
    wait: float

    @property
    def full_in(self) -> int:
        """Seconds until the bucket is full again if nobody asks."""
        return max(0, round((self.limit.burst - self.left) / self.limit.per_second))


_held: dict[tuple[Limit, str], _Held] = {}


_asking: WeakValueDictionary[tuple[int, Limit, str], asyncio.Lock] = WeakValueDictionary()


async def spend(limit: Limit, whose: str) -> Spent:
    """Take one token of theirs. Of many requests at once, one asks Redis and the others wait for its answer."""
    if (spent := _from_held(limit, whose)) is not None:
        return spent
    key = (id(asyncio.get_running_loop()), limit, whose)
    lock = _asking.get(key)
    if lock is None:
        lock = _asking[key] = asyncio.Lock()
    async with lock:
        if (spent := _from_held(limit, whose)) is not None:
            return spent
        taken = await take([(limit, whose)], want=max(1, int(limit.per_minute // 600)))
        moment = monotonic()
        _make_room(moment)
        if not taken.given:
            _held[limit, whose] = _Held(0, 0.0, 0.0, moment + min(taken.wait, SHUT_SECONDS))
            return Spent(limit, 0, taken.wait)
        _held[limit, whose] = _Held(taken.given - 1, taken.left, moment + HELD_SECONDS)
        return Spent(limit, int(taken.left) + taken.given - 1, 0.0)


def _from_held(limit: Limit, whose: str) -> Spent | None:
    held = _held.get((limit, whose))
    if held is None:
        return None
    moment = monotonic()
    if held.tokens > 0 and moment < held.until:
        held.tokens -= 1
        return Spent(limit, int(held.left) + held.tokens, 0.0)
    if moment < held.shut_until:
        return Spent(limit, 0, held.shut_until - moment)
    return None


def forget() -> None:
    """Give up what is held, as a new process begins."""
    _held.clear()


def _make_room(moment: float) -> None:
    if len(_held) < MOST_KEPT:
        return
    for key in [key for key, held in _held.items() if max(held.until, held.shut_until) <= moment]:
        del _held[key]
    if len(_held) >= MOST_KEPT:
        _held.clear()
