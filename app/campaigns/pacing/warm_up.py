"""Slowly at first: so many on a campaign's first day, and some times as many on each day after.

A sender that nobody knows and that writes to many at once is taken for a spammer; mailbox providers ask new ones to
begin with few and to grow (Google, "Email sender guidelines": increase the sending volume slowly). A campaign's day
begins at the time of day at which it was started, in the shop's zone, so it goes on at a good hour, not at midnight.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.campaigns.pacing.script import PREFIX
from app.settings import get_settings
from models.campaign_plan import WarmUp

LONGEST_PLAN = 366
MOST = 1_000_000_000

DAY_LUA = """
local function day(one)
  local used = redis.call('GET', one.key)
  if not used then
    used = 0
    for _, pair in ipairs(one.seed) do used = used + pair[2] end
    redis.call('SET', one.key, used)
  end
  one.free = one.limit - tonumber(used)
  redis.call('EXPIRE', one.key, math.ceil(one.left) + 3600)
end
local function day_take(one, count)
  if count ~= 0 then redis.call('INCRBY', one.key, count) end
  one.free = one.free - count
end
local function day_wait(one, count) return one.left end
"""


def day_number(start: datetime, moment: datetime) -> tuple[int, datetime, datetime]:
    """Which day of a campaign started at `start` it is at `moment`, from 1, and when it began and the next begins."""
    zone = get_settings().zone
    first = start.astimezone(zone)
    passed = max((moment.astimezone(zone).date() - first.date()).days, 0)

    def begin(days: int) -> datetime:
        return datetime.combine(first.date() + timedelta(days=days), first.timetz()).astimezone(UTC)

    if passed and begin(passed) > moment:
        passed -= 1
    return passed + 1, begin(passed), begin(passed + 1)


def allowance(warm_up: WarmUp, day: int) -> int:
    """How many may leave on this day, from 1."""
    if math.log(warm_up.first_day) + (day - 1) * math.log(warm_up.growth) >= math.log(MOST):
        return MOST
    return math.floor(warm_up.first_day * warm_up.growth ** (day - 1) + 0.5)


def plan(warm_up: WarmUp, audience: int, start: datetime) -> list[tuple[date, int]]:
    """How many leave on which day, in the shop's zone, when an audience of this size is begun at `start`.

    Ends when everybody has been written to, or after 366 days.
    """
    first = start.astimezone(get_settings().zone).date()
    days: list[tuple[date, int]] = []
    while audience > 0 and len(days) < LONGEST_PLAN:
        count = min(audience, allowance(warm_up, len(days) + 1))
        days.append((first + timedelta(days=len(days)), count))
        audience -= count
    return days


def today(campaign_id: Any, warm_up: WarmUp, start: datetime, moment: datetime) -> dict[str, Any]:
    """The limit in force at `moment`."""
    number, begun, ends = day_number(start, moment)
    return {
        "kind": "day",
        "key": f"{PREFIX}:{campaign_id}:day:{number}",
        "limit": allowance(warm_up, number),
        "left": (ends - moment).total_seconds(),
        "begun": begun.timestamp(),
        "day": number,
        "lump": 1,
    }
