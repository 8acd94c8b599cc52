"""Limits of the campaign and of the installation, asked as the sender asks, with the hands of the clock turned here."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from redis.exceptions import RedisError

from app.campaigns.pacing import Allowed, allow, give_back, known, least_seconds, script, take_server, useful
from app.campaigns.record import signals
from app.campaigns.record.signals import signals as redis
from app.database import collection
from app.settings import Settings, use_settings

START = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
"""09:00 on a Monday in the shop's zone, Asia/Kolkata."""


class Clock:
    """Seconds since 1970 that pass only when told."""

    def __init__(self) -> None:
        self.now = START.timestamp()

    def __call__(self) -> float:
        return self.now

    @property
    def passed(self) -> float:
        return self.now - START.timestamp()


@pytest.fixture
async def clock(settings: Settings, database: object, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Clock]:
    """The time that limits go by, from Monday morning on; every process's memory is empty."""
    hands = Clock()
    monkeypatch.setattr(script, "CLOCK", hands)
    known.known.__init__()  # type: ignore[misc]  # a process that begins
    yield hands
    await signals.close_signals()


def campaign(**fields: Any) -> dict[str, Any]:
    return {"_id": ObjectId(), "started_at": START, "channel": "email", **fields}


async def chunk(one: dict[str, Any], *, in_hand: int = 0, at: datetime = START) -> None:
    """A chunk that a worker has begun, and so many of it are being handed over."""
    sending = {"owner": "x", "at": at, "ids": [ObjectId() for _ in range(in_hand)]} if in_hand else None
    await collection("chunks").update_one(
        {"_id": f"{one['_id']}:0"},
        {"$set": {"campaign_id": one["_id"], "touched": True, "sending": sending}},
        upsert=True,
    )


async def record(one: dict[str, Any], count: int, at: datetime, state: str = "sent") -> None:
    """What the ledger has of `count` hand-overs at this time."""
    await chunk(one)
    sent_at = at if state in ("sent", "delivered") else None
    await collection("deliveries").insert_many(
        {
            "_id": f"{one['_id']}:{ObjectId()}",
            "campaign_id": one["_id"],
            "state": state,
            "attempts": 1,
            "sent_at": sent_at,
            "updated_at": at,
        }
        for _ in range(count)
    )


def most_in(times: list[float], seconds: float) -> int:
    """The most that fall into any stretch of this length."""
    inside: deque[float] = deque()
    most = 0
    for at in times:
        inside.append(at)
        while inside[0] <= at - seconds + 0.0001:
            inside.popleft()
        most = max(most, len(inside))
    return most


async def run(
    one: dict[str, Any], clock: Clock, seconds: float, *, lag: Callable[[], float] = lambda: 0.0, want: int = 50
) -> list[float]:
    """Hand over for so long as one worker does: ask, go, wait as told (`lag` longer), ask again. When each one went."""
    end, went = clock.now + seconds, []
    while clock.now < end:
        allowed = await allow(one, ["x.org"] * min(want, useful(one)))
        went += [clock.now] * len(allowed.go)
        clock.now += (allowed.wait if not allowed.go else 0.002) + lag()
    return went


async def test_without_limits_everybody_goes_and_redis_is_hardly_asked(clock: Clock):
    one = campaign()
    assert (await allow(one, ["a.org", "b.org", ""])).go == (0, 1, 2)
    before = int((await redis().info("stats"))["total_commands_processed"])
    for _ in range(100):
        assert len((await allow(one, ["a.org"] * 50)).go) == 50
    assert int((await redis().info("stats"))["total_commands_processed"]) - before < 5


async def test_an_unlimited_campaign_goes_on_without_redis_and_a_limited_one_does_not(clock: Clock, settings: Settings):
    use_settings(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    assert (await allow(campaign(), ["a.org"])).go == (0,)
    with pytest.raises(RedisError):
        await allow(campaign(throttle_per_second=5), ["a.org"])


@pytest.mark.parametrize("rate", [1, 7, 200, 5_000])
async def test_a_throttle_is_held_to_its_rate_over_any_ten_seconds(clock: Clock, rate: int):
    went = await run(campaign(throttle_per_second=rate), clock, 40)
    assert most_in(went, 10) <= 10 * rate
    settled = [at for at in went if at - START.timestamp() > 5]
    assert len(settled) == pytest.approx(35 * rate, rel=0.02, abs=2)


async def test_what_a_stall_cost_is_made_up_gently_and_nothing_more(clock: Clock):
    one = campaign(throttle_per_second=200)
    await run(one, clock, 12)
    clock.now += 0.2
    stall = clock.now
    went = await run(one, clock, 10)
    assert len([at for at in went if at - stall < 1]) <= 206 + 50
    assert most_in(went, 10) <= 2000


async def test_a_pause_is_not_followed_by_a_burst(clock: Clock):
    one = campaign(throttle_per_second=200)
    before = await run(one, clock, 15)
    clock.now += 300
    after = await run(one, clock, 15)
    assert most_in(after, 1) <= 256
    assert most_in(before + after, 10) <= 2000


async def test_slow_hands_do_not_slow_the_throttle(clock: Clock):
    """Each answer comes up to 60 ms late, as on a busy machine."""
    lags = iter([0.06, 0.0, 0.03, 0.01, 0.05] * 10_000)
    went = await run(campaign(throttle_per_second=200), clock, 30, lag=lambda: next(lags))
    late = [at for at in went if at - START.timestamp() > 10]
    assert 195 <= len(late) / 20 <= 200.5


async def test_what_is_given_back_is_there_again(clock: Clock):
    one = campaign(throttle_per_second=100, window_messages=10, window_minutes=1)
    clock.now += 1
    assert len((await allow(one, ["a.org"] * 5)).go) == 0
    clock.now += 1
    assert len((await allow(one, ["a.org"] * 5)).go) == 5
    await give_back(one, ["a.org"] * 5)
    clock.now += 1
    assert len((await allow(one, ["a.org"] * 10)).go) == 10
    clock.now += 1
    assert (await allow(one, ["a.org"])).go == ()
    await give_back(one, ["a.org"] * 3)
    assert len((await allow(one, ["a.org"] * 10)).go) == 3


async def test_giving_back_more_than_was_taken_opens_no_door(clock: Clock):
    one = campaign(window_messages=10, window_minutes=1)
    await allow(one, ["a.org"] * 4)
    await give_back(one, ["a.org"] * 50)
    assert len((await allow(one, ["a.org"] * 50)).go) == 10


async def test_all_campaigns_share_the_installations_rate(clock: Clock, settings: Settings):
    use_settings(settings.model_copy(update={"send_per_second": 50}))
    one, other = campaign(), campaign(throttle_per_second=1_000)
    end, went = clock.now + 20, 0
    while clock.now < end:
        for each in (one, other):
            went += len((await allow(each, ["a.org"] * 10)).go)
        clock.now += 0.02
    assert 950 <= went <= 1000


async def test_a_servers_bucket_is_shared_by_name(clock: Clock):
    taken = 0
    for _ in range(400):
        taken += await take_server("first", 20, 3)
        taken += await take_server("first", 20, 1)
        clock.now += 0.05
    assert 380 <= taken <= 400
    clock.now += 1
    assert await take_server("other", 20, 50) == 1
    assert await take_server("slow", 0.5, 5) == 1
    clock.now += 1.9
    assert await take_server("slow", 0.5, 5) == 0
    clock.now += 0.2
    assert await take_server("slow", 0.5, 5) == 1


async def test_a_window_is_never_exceeded_and_gives_the_chunk_back(clock: Clock):
    one = campaign(window_messages=100, window_minutes=60)
    went: list[float] = []
    waits = 0
    while clock.passed < 3 * 3600 + 60:
        allowed = await allow(one, ["a.org"] * 7)
        went += [clock.now] * len(allowed.go)
        if allowed.until is not None and not allowed.go:
            waits += 1
            clock.now = allowed.until.timestamp()
        else:
            clock.now += max(allowed.wait, 11)
    assert most_in(went, 3600) == 100
    assert 300 <= len(went) <= 400
    assert waits < 100
    assert await redis().llen(f"cohort:pace:{one['_id']}:window") <= 501


async def test_a_full_window_says_when_it_goes_on(clock: Clock):
    one = campaign(window_messages=10, window_minutes=90)
    assert len((await allow(one, ["a.org"] * 30)).go) == 10
    full = await allow(one, ["a.org"])
    assert (full.go, full.later, full.wait) == ((), {}, pytest.approx(5402, abs=0.01))
    assert full.until == pytest.approx(START + timedelta(minutes=90, seconds=2), abs=timedelta(seconds=1))
    assert full.reason == "Limit: 10 messages in any 90 minutes; continues at 10:31"
    clock.now = full.until.timestamp() + 0.01
    assert (await allow(one, ["a.org"])).go == (0,)


async def test_a_window_survives_the_loss_of_redis(clock: Clock):
    one = campaign(window_messages=100, window_minutes=10)
    await record(one, 60, START - timedelta(minutes=4))
    await record(one, 20, START - timedelta(minutes=2), "failed")
    await record(one, 3, START, "unknown")
    await record(one, 500, START - timedelta(minutes=11))
    await record(campaign(), 500, START)
    await chunk(one, in_hand=2)
    first = await allow(one, ["a.org"] * 50)
    assert (first.go, first.until, first.wait) == ((), None, 1.5)
    clock.now += 1.5
    assert len((await allow(one, ["a.org"] * 50)).go) == 15
    full = await allow(one, ["a.org"])
    assert full.until == pytest.approx(START + timedelta(minutes=6, seconds=2), abs=timedelta(seconds=2))


async def test_a_warm_up_counts_days_from_the_start_in_the_shops_zone(clock: Clock):
    one = campaign(warm_up={"first_day": 20, "growth": 1.5})
    per_day: dict[int, int] = {}
    while clock.passed < 4 * 86_400 - 60:
        allowed: Allowed = await allow(one, ["a.org"] * 8)
        day = int(clock.passed // 86_400)
        per_day[day] = per_day.get(day, 0) + len(allowed.go)
        clock.now = allowed.until.timestamp() if allowed.until and not allowed.go else clock.now + 30
    assert per_day == {0: 20, 1: 30, 2: 45, 3: 68}


async def test_a_used_up_day_says_when_it_goes_on(clock: Clock):
    one = campaign(warm_up={"first_day": 50, "growth": 2})
    assert len((await allow(one, ["a.org"] * 60)).go) == 50
    full = await allow(one, ["a.org"])
    assert full.until == START + timedelta(days=1)
    assert full.reason == "Warm-up: 50 on day 1; continues on Tue 3 Mar at 09:00"


async def test_a_warm_up_survives_the_loss_of_redis(clock: Clock):
    one = campaign(warm_up={"first_day": 50, "growth": 2})
    await record(one, 50, START)
    await record(one, 30, START + timedelta(days=1, minutes=1))
    clock.now += 86_400 + 3_600
    assert (await allow(one, ["a.org"])).wait == 1.5
    clock.now += 1.5
    assert len((await allow(one, ["a.org"] * 100)).go) == 70
    await redis().flushdb()
    await record(one, 70, START + timedelta(days=1, hours=1))
    assert (await allow(one, ["a.org"])).wait == 1.5
    clock.now += 1.5
    assert (await allow(one, ["a.org"])).until == START + timedelta(days=2)


async def test_redis_emptied_in_the_middle_lets_nobody_through_twice(clock: Clock):
    """Three workers ask while Redis loses everything several times; the ledger is written after each hand-over."""
    one = campaign(window_messages=60, window_minutes=1)
    went: list[float] = []
    for turn in range(1_200):
        answers = await asyncio.gather(*(allow(one, ["a.org"] * 4) for _ in range(3)))
        for allowed in answers:
            if allowed.go:
                went += [clock.now] * len(allowed.go)
                await record(one, len(allowed.go), datetime.fromtimestamp(clock.now, UTC))
        if turn in (5, 6, 100, 301, 302, 900):
            await redis().flushdb()
        clock.now += 0.25
    assert most_in(went, 60) == 60
    assert len(went) >= 60 * 4


async def test_what_was_allowed_just_before_a_loss_counts(clock: Clock):
    one = campaign(window_messages=10, window_minutes=1)
    await record(one, 2, START)
    assert (await allow(one, ["a.org"] * 4)).wait == 1.5
    clock.now += 1.5
    assert len((await allow(one, ["a.org"] * 4)).go) == 4
    await redis().flushdb()
    assert (await allow(one, ["a.org"] * 4)).go == ()
    await record(one, 4, datetime.fromtimestamp(clock.now, UTC))
    clock.now += 1
    assert (await allow(one, ["a.org"] * 4)).wait == pytest.approx(0.5)
    clock.now += 0.5
    assert len((await allow(one, ["a.org"] * 50)).go) == 4


def test_how_long_the_limits_make_it_take(settings: Settings):
    assert least_seconds(campaign(), 1_000) == 0
    assert least_seconds(campaign(throttle_per_second=20), 1_000) == 50
    assert least_seconds(campaign(throttle_per_second=20), 0) == 0
    assert least_seconds(campaign(window_messages=100, window_minutes=10), 250) == 1_200
    started = {"started_at": datetime.now(UTC), "warm_up": {"first_day": 50, "growth": 2}}
    assert least_seconds(campaign(**started), 50) == 0
    assert least_seconds(campaign(**started), 51) == pytest.approx(86_400, abs=1)
    assert least_seconds(campaign(**started), 351) == pytest.approx(3 * 86_400, abs=1)
    waits = {"waiting_reason": "Limit", "waiting_until": datetime.now(UTC) + timedelta(minutes=5)}
    assert least_seconds(campaign(throttle_per_second=10, **waits), 100) == pytest.approx(310, abs=1)
    assert math.isfinite(least_seconds(campaign(warm_up={"first_day": 1, "growth": 1}), 10**9))


async def test_a_window_holds_at_the_other_end_too(clock: Clock):
    """The first messages wait for a connection, so they arrive a second late; the next ones go straight through."""
    one = campaign(window_messages=30, window_minutes=1)
    arrived: list[float] = []
    late = 1.5
    while clock.passed < 300:
        allowed = await allow(one, ["a.org"] * 30)
        arrived += [clock.now + late] * len(allowed.go)
        late = 0.0 if clock.passed > 30 else late
        clock.now += 0.5
    assert len(arrived) >= 4 * 30
    assert most_in(sorted(arrived), 60) == 30
