"""Who may go now: every limit asked at once, in one round trip for a whole micro-batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.exceptions import RedisError

from app.campaigns.pacing import words
from app.campaigns.pacing.allowed import Allowed
from app.campaigns.pacing.buckets import BUCKET_LUA, per_second
from app.campaigns.pacing.domains import DOMAIN_LUA
from app.campaigns.pacing.known import known
from app.campaigns.pacing.limits import limits_of
from app.campaigns.pacing.rebuild import fill_in
from app.campaigns.pacing.script import Script, moment_now
from app.campaigns.pacing.warm_up import DAY_LUA
from app.campaigns.pacing.window import WINDOW_LUA
from models.values import now

HELD_SECONDS = 2.0
"""A longer wait is no reason to keep a chunk in hand."""

_LIMITS_LUA = """
local look = {bucket = bucket, window = window, day = day}
local take = {bucket = bucket_take, window = window_take, day = day_take}
local wait_for = {bucket = bucket_wait, window = window_wait, day = day_wait}
"""

_ALLOW = Script(
    WINDOW_LUA,
    BUCKET_LUA,
    DAY_LUA,
    DOMAIN_LUA,
    _LIMITS_LUA,
    """
local missing = {}
for place, one in ipairs(ask.limits) do
  if one.kind ~= 'bucket' and not one.seed and redis.call('EXISTS', one.key) == 0 then
    missing[#missing + 1] = place - 1
  end
end
if #missing > 0 then return cjson.encode({missing = missing}) end

local want, room = #ask.of, #ask.of
for _, one in ipairs(ask.limits) do
  look[one.kind](one)
  if one.kind == 'bucket' and one.free < math.min(one.lump, want) then room = 0 end
  room = math.min(room, one.free)
end

told(ask.seen)
local states, changed = {}, {}
if #ask.domains > 0 then
  local kept = redis.call('HMGET', DOMAINS, unpack(ask.domains))
  for place, name in ipairs(ask.domains) do states[place] = slowed(name, kept[place]) end
end

local go, later, undecided, waiting = {}, {}, 0, {}
for position, place in ipairs(ask.of) do
  local slow = states[place]
  if slow and slow.tokens < 1 then
    waiting[place] = waiting[place] or {}
    table.insert(waiting[place], position - 1)
  elseif #go < room then
    go[#go + 1] = position - 1
    if slow then
      slow.tokens = slow.tokens - 1
      changed[place] = true
    end
  else
    undecided = undecided + 1
  end
end
for place, positions in pairs(waiting) do
  local wait = promise(states[place], #positions)
  for _, position in ipairs(positions) do later[#later + 1] = {position, wait} end
  changed[place] = true
end
for place in pairs(changed) do keep(ask.domains[place], states[place]) end

local longest, by = 0, -1
for place, one in ipairs(ask.limits) do
  take[one.kind](one, #go)
  local next = math.min(one.lump, undecided)
  if one.free < next then
    local wait = wait_for[one.kind](one, next)
    if wait > longest then longest, by = wait, place - 1 end
  end
end
local slow = ask.sync and redis.call('HKEYS', DOMAINS) or {}
return cjson.encode({go = go, later = later, undecided = undecided, wait = longest, by = by, slow = slow})
""",
)

_GIVE_BACK = Script(
    WINDOW_LUA,
    BUCKET_LUA,
    DAY_LUA,
    DOMAIN_LUA,
    _LIMITS_LUA,
    """
take.window = window_give
take.day = function(one, count) day_take(one, -math.min(count, one.limit - one.free)) end
take.bucket = function(one, count) bucket_take(one, -count) end
for _, one in ipairs(ask.limits) do
  if redis.call('EXISTS', one.key) == 1 then
    one.seed = {}
    look[one.kind](one)
    take[one.kind](one, ask.count)
  end
end
for name, count in pairs(ask.domains) do
  local one = slowed(name, redis.call('HGET', DOMAINS, name))
  if one then
    one.tokens = math.min(math.max(1, 2 * one.rate), one.tokens + count)
    keep(name, one)
  end
end
return '{}'
""",
)


async def allow(campaign: Mapping[str, Any], domains: Sequence[str]) -> Allowed:
    """Who of these recipients, given by the domains of their addresses, may be handed over now.

    `campaign` is the raw document. Takes the tokens of those in `go`: use them or `give_back`. One round trip to Redis
    (0.2 ms for one or fifty), none while nothing limits anybody. Raises redis.RedisError when there are limits and
    Redis is away; then nobody may go.
    """
    limits = limits_of(campaign)
    if not limits and not known.is_stale and known.slow.isdisjoint(domains):
        known.went(domains)
        return Allowed(go=tuple(range(len(domains))))
    try:
        answer = await _ask(campaign, limits, domains)
    except RedisError:
        if limits or not known.slow.isdisjoint(domains):
            raise
        known.retry_later()
        return Allowed(go=tuple(range(len(domains))))
    if "pause" in answer:
        return Allowed(wait=answer["pause"])
    go = tuple(answer["go"])
    known.went([domains[position] for position in go])
    moment = now()
    later = {position: moment + timedelta(seconds=wait) for position, wait in list(answer["later"])}
    wait = max(float(answer["wait"]), 0.001) if answer["undecided"] else 0.0
    if wait <= HELD_SECONDS:
        return Allowed(go=go, later=later, wait=wait)
    until = datetime.fromtimestamp(moment_now() + wait, UTC)
    return Allowed(go=go, later=later, wait=wait, until=until, reason=words.reason(limits[answer["by"]], until))


async def give_back(campaign: Mapping[str, Any], domains: Sequence[str]) -> None:
    """Tokens that `allow` gave for these and that nobody used. Raises redis.RedisError."""
    known.came_back(domains)
    limits = limits_of(campaign)
    slow = [domain for domain in domains if domain in known.slow]
    if domains and (limits or slow):
        counts = {domain: slow.count(domain) for domain in slow}
        await _GIVE_BACK.run(limits=limits, count=len(domains), domains=counts)


async def take_server(name: str, rate: float, want: int) -> int:
    """Up to `want` messages that the mail server of this name may take now at `rate` a second, over all processes.

    Raises redis.RedisError.
    """
    answer = await _ALLOW.run(limits=per_second(f"server:{name}", rate), of=[0] * want, domains=[], seen={}, sync=False)
    return len(answer["go"])


async def _ask(campaign: Mapping[str, Any], limits: Sequence[dict[str, Any]], domains: Sequence[str]) -> dict[str, Any]:
    names = sorted(set(domains) & known.slow) if not known.is_stale else sorted(set(domains) - {""})
    place = {name: number for number, name in enumerate(names, 1)}
    sync = known.is_stale
    ask = {
        "of": [place.get(domain, 0) for domain in domains],
        "domains": names,
        "sync": sync,
        "seen": known.to_tell() if sync else {},
    }
    answer = await _ALLOW.run(limits=limits, **ask)
    if "missing" in answer:
        lost = [limits[number] for number in answer["missing"]]
        pause = await fill_in(campaign, lost)
        if pause:
            return {"pause": pause}
        answer = await _ALLOW.run(limits=limits, **ask)
    if sync:
        known.synced(list(answer["slow"]))
    return answer
