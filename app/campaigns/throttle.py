"""At most so many messages a second for a campaign, over all workers: a token bucket in Redis, one script."""

from __future__ import annotations

from dataclasses import dataclass

from bson import ObjectId

from app.campaigns.signals import signals

_TAKE = """
local clock = redis.call('TIME')
local moment = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local rate, want, room = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(kept[1]) or 1
local at = tonumber(kept[2]) or moment
tokens = math.min(room, tokens + math.max(0, moment - at) * rate)
local granted = math.min(want, math.floor(tokens))
tokens = tokens - granted
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.6f', moment))
redis.call('EXPIRE', KEYS[1], 60)
local wait = 0
if granted == 0 then wait = math.ceil((1 - tokens) / rate * 1000) end
return {granted, wait}
"""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """How many may be sent now; if none, `wait` is the seconds until the next token."""

    tokens: int
    wait: float


async def take_tokens(campaign_id: ObjectId, rate: int, want: int) -> Grant:
    """Take up to `want` tokens at once (0.2 ms for one or fifty). `rate` is per second.

    The bucket holds a quarter of a second's worth, so a pause is not made up for in a burst. Raises redis.RedisError.
    """
    room = max(1.0, rate / 4)
    granted, wait = await signals().eval(_TAKE, 1, f"cohort:throttle:{campaign_id}", rate, want, room)
    return Grant(tokens=int(granted), wait=int(wait) / 1000)
