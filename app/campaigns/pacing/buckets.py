"""So many a second: a token bucket that is held to its rate over any ten seconds.

A plain bucket either loses what it could not give during a stall, and is too slow, or keeps it and lets it go at once.
So this one is small, and a sliding window over ten seconds (`window.py`) stands beside it: while less has left than
should have, the bucket fills a little faster, and in no ten seconds does more leave than ten times the rate.
"""

from __future__ import annotations

import math
from typing import Any

from app.campaigns.pacing.script import PREFIX
from app.campaigns.pacing.window import window

MAKES_UP = 1.05
"""How much faster than its rate a bucket fills while it is behind."""

HELD_SECONDS = 10.0
LUMP_SECONDS = 0.05
ROOM_SECONDS = 0.25

BUCKET_LUA = """
local function bucket(one)
  local kept = redis.call('HMGET', one.key, 'tokens', 'at')
  local at = tonumber(kept[2]) or moment
  if behind[one.key] then one.rate = one.rate * one.makes_up end
  one.tokens = math.min(one.room, (tonumber(kept[1]) or 1) + math.max(0, moment - at) * one.rate)
  one.free = math.floor(one.tokens + 0.000001)
end
local function bucket_take(one, count)
  one.tokens = math.min(one.room, one.tokens - count)
  one.free = math.floor(one.tokens + 0.000001)
  redis.call('HSET', one.key, 'tokens', seconds(one.tokens), 'at', seconds(moment))
  redis.call('EXPIRE', one.key, 60)
end
local function bucket_wait(one, count) return (count - one.tokens) / one.rate end
"""


def lump_of(rate: float) -> int:
    """How many leave at once: the tokens of a twentieth of a second, so that slow rates do not drip one by one."""
    return max(1, math.ceil(rate * LUMP_SECONDS))


def per_second(name: str, rate: float, *, lump: int = 1) -> list[dict[str, Any]]:
    """The limits that hold whatever shares `name` to `rate` a second; nothing leaves before `lump` can."""
    key = f"{PREFIX}:{name}"
    room = max(2.0, 2.0 * lump, rate * ROOM_SECONDS)
    if rate * HELD_SECONDS < 10:
        return [{"kind": "bucket", "key": key, "rate": rate, "room": 1, "lump": 1}]
    held = window(f"{key}:held", math.floor(rate * HELD_SECONDS), HELD_SECONDS, lump=lump)
    return [
        {**held, "seed": [], "paces": key},
        {"kind": "bucket", "key": key, "rate": rate, "room": room, "lump": lump, "makes_up": MAKES_UP},
    ]
