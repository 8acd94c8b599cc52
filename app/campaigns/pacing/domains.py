"""Domains that asked for less: nothing limits one until its servers say so, then it gets half of what it was getting.

Each further complaint halves again, at most once a second; ten quiet seconds add a tenth of what it was getting (at
least 1 a second, at most as much again), and when it is back there it is forgotten. Additive increase, multiplicative
decrease, as TCP does (RFC 5681). All processes share the rates through one hash in Redis, and tell each other once a
second what each domain is getting.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from redis.exceptions import RedisError

from app.campaigns.pacing.known import known
from app.campaigns.pacing.script import PREFIX, Script
from app.channels.base import Outcome, Result

SLOWEST = 0.1
"""Messages a second below which no domain falls: one in ten seconds."""

NOISE = 0.1
"""A share of a domain's answers: fewer that ask for less mean single mailboxes and greylisting, not the domain."""

NOISE_ANSWERS = 2
"""So many say nothing whatever their share: among few answers chance alone makes one of ten, and a rate that is halved
for it gets fewer answers still."""

EXPLICIT_NOISE = 0.02
"""The share for answers that name the rate: a server that ends every hundredth connection with 421 asks for nothing,
and a rate halved for each of them would end near none."""

EXPLICIT = re.compile(r"\s*(421|429|503)\b|.*\b4\.7\.(28|500|65\d)\b", re.DOTALL)
"""Answers that mean the sender's rate (RFC 5321 section 4.2.2, RFC 6585; 4.7.28 is Gmail's, 4.7.500 and 4.7.65x are
Outlook's). Other 4.7.x do not: 4.7.1 is how greylisting answers whoever comes for the first time (RFC 6647)."""

log = structlog.get_logger(__name__)

DOMAIN_LUA = f"""
local SLOWEST, STEP, LATER = {SLOWEST}, 10, 300
local DOMAINS, SEEN = '{PREFIX}:domains', '{PREFIX}:seen:'
"""
DOMAIN_LUA += """
local function told(seen)
  local slot = SEEN .. math.floor(moment)
  local any = false
  for name, count in pairs(seen or {}) do
    redis.call('HINCRBY', slot, name, count)
    any = true
  end
  if any then redis.call('EXPIRE', slot, 15) end
end
local function getting(name)
  local sum, oldest = 0, math.floor(moment)
  for back = 0, 9 do
    local count = redis.call('HGET', SEEN .. (math.floor(moment) - back), name)
    if count then
      sum = sum + tonumber(count)
      oldest = math.floor(moment) - back
    end
  end
  -- What is told in a second was seen in the second before as well.
  return math.max(1, sum / (moment - oldest + 1))
end
local function recovered(name, one)
  while moment - one.raised >= STEP do
    one.rate = one.rate + math.min(math.max(1, one.was / 10), one.rate)
    one.raised = one.raised + STEP
    if one.rate >= one.was then
      redis.call('HDEL', DOMAINS, name)
      return nil
    end
  end
  one.tokens = math.min(math.max(1, 2 * one.rate), one.tokens + math.max(0, moment - one.at) * one.rate)
  one.at = moment
  return one
end
local function slowed(name, text)
  if not text then return nil end
  return recovered(name, cjson.decode(text))
end
local function keep(name, one)
  redis.call('HSET', DOMAINS, name, cjson.encode(one))
  redis.call('EXPIRE', DOMAINS, 3600)
end
-- Seconds until whoever asked may come again. Those who wait get turns one after the other, each as long as its tokens
-- take and a second at most, so that not everybody comes back at once; the line is five minutes long at most.
local function promise(one, count)
  local tokens = math.min(count, math.max(1, one.rate))
  local first = moment + (tokens - one.tokens) / one.rate
  local turn = math.max(first, (one.line or 0) + tokens / one.rate)
  if turn > moment + LATER then turn = math.max(first, moment + LATER / 2) end
  one.line = turn
  return turn - moment
end
"""

_CUT = Script(
    DOMAIN_LUA,
    """
told(ask.seen)
local cut = {}
for name, words in pairs(ask.domains) do
  local one = slowed(name, redis.call('HGET', DOMAINS, name))
  if not one then
    local was = getting(name)
    one = {rate = math.max(SLOWEST, was / 2), was = was, tokens = 0, at = moment, cut = moment, since = moment}
    cut[name] = one.rate
  elseif moment - one.cut >= 1 then
    one.rate = math.max(SLOWEST, one.rate / 2)
    one.tokens = math.min(one.tokens, math.max(1, one.rate))
    one.cut = moment
    cut[name] = one.rate
  end
  one.raised = moment
  one.words = words
  keep(name, one)
end
return cjson.encode({cut = cut})
""",
)

_RATES = Script(
    DOMAIN_LUA,
    """
local found = {}
local all = redis.call('HGETALL', DOMAINS)
for place = 1, #all, 2 do
  local one = slowed(all[place], all[place + 1])
  if one then found[all[place]] = {one.rate, one.was, one.since, one.words} end
end
return cjson.encode({domains = found})
""",
)


@dataclass(frozen=True, kw_only=True)
class DomainRate:
    """A domain that asked for less: messages a second now and before, since when, and its servers' last words."""

    domain: str
    per_second: float
    was: float
    since: datetime
    words: str

    @property
    def sentence(self) -> str:
        """For the log and the page: "gmail.com slowed to 12 a second because it answered: 421 4.7.28 ..."."""
        pace = f"{self.per_second:.0f} a second" if self.per_second >= 1 else f"1 in {1 / self.per_second:.0f} seconds"
        return f"{self.domain} slowed to {pace} because it answered: {self.words}"


async def domain_rates() -> list[DomainRate]:
    """The domains that are slowed now, the slowest first. Raises redis.RedisError."""
    found = dict((await _RATES.run())["domains"])
    rates = [
        DomainRate(domain=name, per_second=rate, was=was, since=datetime.fromtimestamp(at, UTC), words=words)
        for name, (rate, was, at, words) in found.items()
    ]
    return sorted(rates, key=lambda one: (one.per_second, one.domain))


async def learn(domains: Sequence[str], outcomes: Sequence[Outcome]) -> None:
    """Slow those domains down that ask for it in these outcomes, given in the same order. Empty domains have no rate.

    Redis being away is no reason to lose an outcome: the domain will say it again.
    """
    asked: dict[str, str] = {}
    told = [place for place, outcome in enumerate(outcomes) if outcome.result is not Result.UNTOUCHED]
    slow = [(domains[place], outcomes[place].words) for place in told if outcomes[place].slow_down and domains[place]]
    answered = domains if len(told) == len(domains) else [domains[place] for place in told]
    known.answers(answered, [domain for domain, _ in slow])
    for domain, words in slow:
        if domain not in asked or EXPLICIT.match(words):
            asked[domain] = words
    asked = {name: words[:200] for name, words in asked.items() if _is_meant(name, words)}
    if not asked:
        return
    try:
        answer = await _CUT.run(domains=asked, seen=known.to_tell())
    except RedisError as problem:
        log.warning("domains cannot be slowed without Redis", domains=sorted(asked), problem=str(problem)[:200])
        return
    known.slow |= frozenset(asked)
    for name, rate in dict(answer["cut"]).items():
        log.warning("domain slowed", domain=name, per_second=round(rate, 2), words=asked[name])


def _is_meant(domain: str, words: str) -> bool:
    """Whether the domain asks for less, and not only chance, a full mailbox or greylisting."""
    if EXPLICIT.match(words):
        return known.share(domain) >= EXPLICIT_NOISE
    return known.share(domain) >= NOISE and known.asked(domain) > NOISE_ANSWERS
