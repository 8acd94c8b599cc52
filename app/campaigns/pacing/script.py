"""Running a Lua script in Redis: one round trip, one question and one answer in JSON, on Redis's own clock."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

from redis.exceptions import NoScriptError

from app.campaigns.record.signals import signals

PREFIX = "cohort:pace"

CLOCK: Callable[[], float] | None = None
"""Where the time comes from instead of Redis, in seconds since 1970: a test turns the hands itself."""

_OPENING = """
local ask = cjson.decode(ARGV[1])
local moment = ask.now
if not moment or moment == cjson.null then
  local clock = redis.call('TIME')
  moment = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
end
local function seconds(value) return string.format('%.6f', value) end
"""


class Script:
    """A Lua script that finds the question in `ask`, the time in `moment` and returns a table as JSON."""

    def __init__(self, *parts: str) -> None:
        self._text = "\n".join((_OPENING, *parts))
        self._sha = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    async def run(self, **ask: Any) -> dict[str, Any]:
        """The answer. Raises redis.RedisError. Redis knows no script after a restart, so it is sent again then."""
        text = json.dumps({"now": CLOCK() if CLOCK else None, **ask}, separators=(",", ":"))
        try:
            found = await signals().evalsha(self._sha, 0, text)
        except NoScriptError:
            found = await signals().eval(self._text, 0, text)
        answer: dict[str, Any] = json.loads(found)
        return answer


def moment_now() -> float:
    """Seconds since 1970 by this machine, or by the test's clock."""
    return CLOCK() if CLOCK else time.time()
