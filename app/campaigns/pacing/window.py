"""At most so many in any stretch of time: a sliding window that keeps its own short history in Redis.

The history is a list of "time:count so far", one entry for each slot (a five-hundredth of the window) in which
something left; the first entry is the last that has left the window. The time in an entry is that of the latest in its
slot, so a window never holds more than it may.
"""

from __future__ import annotations

from typing import Any

SLOTS = 500

WINDOW_LUA = """
local behind = {}
local function entry(text)
  local colon = string.find(text, ':', 1, true)
  return tonumber(string.sub(text, 1, colon - 1)), tonumber(string.sub(text, colon + 1))
end
local function window_begin(one)
  redis.call('RPUSH', one.key, '0:0')
  local count = 0
  for _, pair in ipairs(one.seed) do
    count = count + pair[2]
    redis.call('RPUSH', one.key, seconds(pair[1]) .. ':' .. count)
  end
end
local function window(one)
  local head = redis.call('LINDEX', one.key, 0)
  if not head then
    window_begin(one)
    head = '0:0'
  end
  local _, gone = entry(head)
  local second = redis.call('LINDEX', one.key, 1)
  while second do
    local at, count = entry(second)
    if at + one.seconds > moment then break end
    redis.call('LPOP', one.key)
    -- What was given back is counted as gone, so `gone` may be ahead of the entry.
    if count < gone then redis.call('LSET', one.key, 0, seconds(at) .. ':' .. gone) else gone = count end
    second = redis.call('LINDEX', one.key, 1)
  end
  one.gone = gone
  one.at, one.count = entry(redis.call('LINDEX', one.key, -1))
  one.free = one.limit - math.max(0, one.count - gone)
  if one.paces and second then
    local should = one.limit / one.seconds * math.min(one.seconds, moment - entry(second))
    behind[one.paces] = one.limit - one.free < 0.995 * should
  end
  redis.call('EXPIRE', one.key, math.ceil(one.seconds) + 60)
end
local function window_take(one, count)
  if count == 0 then return end
  one.count = math.max(one.count, one.gone) + count
  local text = seconds(moment) .. ':' .. one.count
  local same = math.floor(one.at / one.slot) == math.floor(moment / one.slot)
  if same and redis.call('LLEN', one.key) > 1 then
    redis.call('LSET', one.key, -1, text)
  else
    redis.call('RPUSH', one.key, text)
  end
  one.at = moment
  one.free = one.free - count
end
local function window_give(one, count)
  -- The oldest are taken out, not those that came back: what stays is then never counted too early.
  local back = math.min(count, math.max(0, one.count - one.gone))
  local at = entry(redis.call('LINDEX', one.key, 0))
  redis.call('LSET', one.key, 0, seconds(at) .. ':' .. (one.gone + back))
end
local function window_wait(one, count)
  local enough = one.count - (one.limit - count)
  local at = moment
  for first = 1, one.slots, 50 do
    local found = redis.call('LRANGE', one.key, first, first + 49)
    for _, text in ipairs(found) do
      local sofar
      at, sofar = entry(text)
      if sofar >= enough then return at + one.seconds - moment end
    end
    if #found < 50 then break end
  end
  return at + one.seconds - moment
end
"""


def window(key: str, limit: int, length: float, *, lump: int) -> dict[str, Any]:
    """The limit of `limit` in any `length` seconds; once it is reached nothing leaves before `lump` can."""
    slot = length / SLOTS
    return {
        "kind": "window",
        "key": key,
        "limit": limit,
        "seconds": length,
        "slot": slot,
        "slots": SLOTS * 2,
        "lump": lump,
    }
