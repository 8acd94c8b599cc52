"""Domains that ask for less get less, come back by themselves, and hold up nobody else."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest

from app.campaigns.pacing import Allowed, allow, domain_rates, give_back, learn
from app.campaigns.pacing.known import known
from app.campaigns.record.signals import signals as redis
from app.channels.base import ACCEPTED, Outcome, Result
from app.settings import Settings, use_settings
from models.values import now
from tests.campaigns.test_pacing import Clock, campaign, clock, most_in

__all__ = ["clock"]

TOO_FAST = Outcome(result=Result.TEMPORARY, words="421 4.7.28 unusual rate of mail", slow_down=True)
BUSY = Outcome(result=Result.TEMPORARY, words="451 4.3.0 try later", slow_down=True)
GREYLISTED = Outcome(result=Result.TEMPORARY, words="451 4.7.1 come back in five minutes", slow_down=True)
MANY = 20
"""Complaints that are more than noise among the answers of eight seconds at 100 a second."""


async def send(one: dict[str, Any], clock: Clock, domain: str, per_second: int, seconds: float) -> list[float]:
    """Hand over at this pace, or slower where the domain has less room. When each one went."""
    end, went = clock.now + seconds, []
    while clock.now < end:
        allowed = await allow(one, [domain] * max(1, per_second // 10))
        went += [clock.now] * len(allowed.go)
        await learn([domain] * len(allowed.go), [ACCEPTED] * len(allowed.go))
        clock.now += 0.1
    return went


async def rate_of(domain: str) -> float | None:
    return next((one.per_second for one in await domain_rates() if one.domain == domain), None)


async def test_a_domain_that_asks_for_less_gets_half_of_what_it_got(clock: Clock):
    one = campaign()
    await send(one, clock, "gmail.com", 100, 8)
    assert await domain_rates() == []
    await learn(["gmail.com"] * MANY + ["x.org"], [TOO_FAST] * MANY + [ACCEPTED])
    (slowed,) = await domain_rates()
    assert slowed.domain == "gmail.com"
    assert slowed.per_second == pytest.approx(50, rel=0.12)
    assert slowed.was == pytest.approx(100, rel=0.12)
    assert slowed.words == TOO_FAST.words
    assert slowed.sentence.startswith("gmail.com slowed to ")
    assert slowed.sentence.endswith("a second because it answered: 421 4.7.28 unusual rate of mail")
    went = await send(one, clock, "gmail.com", 100, 9)
    assert len(went) == pytest.approx(9 * 50, rel=0.15)
    assert await rate_of("x.org") is None


async def test_each_further_complaint_halves_again_but_not_twice_in_a_second(clock: Clock):
    one = campaign()
    await send(one, clock, "gmail.com", 100, 8)
    await learn(["gmail.com"] * MANY, [TOO_FAST] * MANY)
    first = await rate_of("gmail.com")
    clock.now += 0.5
    await learn(["gmail.com"] * MANY, [TOO_FAST] * MANY)
    assert await rate_of("gmail.com") == first
    clock.now += 0.6
    await learn(["gmail.com"] * MANY, [TOO_FAST] * MANY)
    assert await rate_of("gmail.com") == pytest.approx(first / 2)
    for _ in range(40):
        clock.now += 1.1
        await learn(["gmail.com"] * MANY, [TOO_FAST] * MANY)
    assert await rate_of("gmail.com") == 0.1
    assert (await domain_rates())[0].sentence.startswith("gmail.com slowed to 1 in 10 seconds because")


async def test_a_quiet_domain_recovers_step_by_step_and_is_forgotten(clock: Clock):
    one = campaign()
    await send(one, clock, "gmail.com", 100, 8)
    await learn(["gmail.com"] * MANY, [TOO_FAST] * MANY)
    (slowed,) = await domain_rates()
    for step in range(1, 5):
        clock.now += 10.001
        assert await rate_of("gmail.com") == pytest.approx(slowed.per_second + step * slowed.was / 10)
    clock.now += 20
    assert await domain_rates() == []
    assert len((await allow(one, ["gmail.com"] * 50)).go) == 50


async def test_from_the_floor_it_at_most_doubles(clock: Clock):
    await learn(["slow.org"], [TOO_FAST])
    for _ in range(5):
        clock.now += 1.1
        await learn(["slow.org"], [TOO_FAST])
    seen = [await rate_of("slow.org")]
    while seen[-1] is not None and len(seen) < 50:
        clock.now += 10.001
        seen.append(await rate_of("slow.org"))
    assert seen[0] == 0.1
    assert seen[-1] is None
    assert all(after <= 2.001 * before for before, after in pairwise(seen[:-1]))


async def test_a_few_busy_answers_are_no_request_to_slow_down(clock: Clock):
    for _ in range(20):
        await learn(["x.org"] * 50, [BUSY, BUSY, *[ACCEPTED] * 48])
        clock.now += 0.5
    assert await domain_rates() == []
    for _ in range(20):
        await learn(["x.org"] * 10, [BUSY, BUSY, *[ACCEPTED] * 8])
        clock.now += 0.5
    assert await rate_of("x.org") is not None


async def test_greylisting_of_one_in_twentyfive_slows_nobody_however_few_go_a_second(clock: Clock):
    chance = random.Random(7)
    for per_second in (1, 3, 10, 100):
        for _ in range(120):
            answers = [GREYLISTED if chance.random() < 0.04 else ACCEPTED for _ in range(per_second)]
            await learn(["x.org"] * per_second, answers)
            clock.now += 1
    assert await domain_rates() == []


async def test_one_closed_connection_in_a_hundred_mails_slows_nobody(clock: Clock):
    for _ in range(60):
        await learn(["x.org"] * 100, [*[ACCEPTED] * 99, TOO_FAST])
        clock.now += 1
    assert await domain_rates() == []


async def test_a_domain_that_refuses_everybody_is_slowed_by_its_third_answer(clock: Clock):
    await learn(["x.org"] * 2, [GREYLISTED] * 2)
    assert await domain_rates() == []
    await learn(["x.org"], [GREYLISTED])
    assert await rate_of("x.org") is not None


async def test_what_was_never_offered_says_nothing_of_the_domain(clock: Clock):
    await learn(["x.org", ""], [Outcome(result=Result.UNTOUCHED, words="away", slow_down=True), TOO_FAST])
    assert await domain_rates() == []


async def test_a_slow_domain_waits_alone(clock: Clock):
    one = campaign(throttle_per_second=1_000)
    clock.now += 1
    await allow(one, ["x.org"])
    clock.now += 1
    await learn(["gmail.com"] * MANY, [TOO_FAST] * MANY)
    mixed = ["gmail.com", "x.org"] * 20
    allowed: Allowed = await allow(one, mixed)
    assert allowed.go == tuple(range(1, 40, 2))
    assert set(allowed.later) == set(range(0, 40, 2))
    assert (allowed.wait, allowed.until, allowed.reason) == (0, None, "")
    assert all(at > now() for at in allowed.later.values())
    # What waits for its domain takes nothing of the campaign's own limits.
    assert len((await allow(one, ["x.org"] * 40)).go) == 40


async def test_the_domains_rate_is_used_though_many_chunks_wait(clock: Clock):
    """Forty chunks of 100 each, which rest until their turn, as the sender does."""
    one = campaign()
    await send(one, clock, "gmail.com", 100, 8)
    await learn(["gmail.com"] * MANY, [TOO_FAST] * MANY)
    before = clock.now
    left = dict.fromkeys(range(40), 100)
    due = dict.fromkeys(left, clock.now)
    went: list[float] = []
    asked = 0
    while clock.now < before + 9:
        for number in [number for number, at in due.items() if at <= clock.now and left[number]]:
            asked += 1
            start = now()
            allowed = await allow(one, ["gmail.com"] * min(50, left[number]))
            left[number] -= len(allowed.go)
            went += [clock.now] * len(allowed.go)
            if allowed.later:
                due[number] = clock.now + (min(allowed.later.values()) - start).total_seconds()
        clock.now += 0.25
    rate = await rate_of("gmail.com")
    assert len(went) == pytest.approx(9 * rate, rel=0.25)
    assert most_in(went, 1) <= 3.1 * rate
    assert asked < 40 * 4


async def test_given_back_tokens_of_a_slow_domain_are_there_again(clock: Clock):
    one = campaign()
    await send(one, clock, "gmail.com", 40, 8)
    await learn(["gmail.com"] * MANY, [TOO_FAST] * MANY)
    await allow(one, ["gmail.com"])
    clock.now += 0.5
    taken = len((await allow(one, ["gmail.com"] * 50)).go)
    assert taken > 3
    assert (await allow(one, ["gmail.com"])).go == ()
    await give_back(one, ["gmail.com"] * taken)
    assert len((await allow(one, ["gmail.com"] * 50)).go) == taken


async def test_another_process_hears_of_it_within_a_second(clock: Clock):
    one = campaign()
    await allow(one, ["gmail.com"])
    mine = known.__dict__.copy()
    await learn(["gmail.com"] * MANY, [TOO_FAST] * MANY)
    known.__dict__.update(mine)
    assert (await allow(one, ["gmail.com"])).go == (0,)
    clock.now += 1
    assert set((await allow(one, ["gmail.com"] * 50)).later) != set()


async def test_what_redis_forgot_limits_nobody_and_its_absence_hurts_nobody(clock: Clock, settings: Settings):
    one = campaign()
    await learn(["gmail.com"] * MANY, [TOO_FAST] * MANY)
    assert (await allow(one, ["gmail.com"] * 3)).later
    await redis().flushdb()
    assert (await allow(one, ["gmail.com"] * 3)).go == (0, 1, 2)
    use_settings(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    await learn(["gmail.com"] * MANY, [TOO_FAST] * MANY)


async def test_numbers_have_no_domain(clock: Clock):
    assert (await allow(campaign(), [""] * 3)).go == (0, 1, 2)
    await learn([""], [TOO_FAST])
    assert await domain_rates() == []
