"""Token buckets on the real Valkey: shared, filled by time, never in the way when Redis is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from app.campaigns.pacing import script
from app.limits import allowance, buckets, local
from app.limits.buckets import Limit, lend, take
from app.settings import Settings, use_settings

TEN = Limit(name="test", per_minute=60, burst=10)


class Clock:
    """Hands that a test turns."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(database: object, monkeypatch: pytest.MonkeyPatch) -> Clock:
    hands = Clock()
    monkeypatch.setattr(script, "CLOCK", hands)
    return hands


async def taken(*whose: str, want: int = 1) -> int:
    return (await take([(TEN, one) for one in whose], want=want)).given


async def test_a_burst_then_one_at_a_time(clock: Clock):
    assert [await taken("ann") for _ in range(11)] == [1] * 10 + [0]
    found = await take([(TEN, "ann")])
    assert found.wait == pytest.approx(1, abs=0.01)
    clock.now += 1
    assert [await taken("ann"), await taken("ann")] == [1, 0]
    clock.now += 3_600
    assert [await taken("ann") for _ in range(11)] == [1] * 10 + [0]


async def test_several_at_once_and_back_again(clock: Clock):
    assert [await taken("ann", want=7), await taken("ann", want=7), await taken("ann", want=7)] == [7, 3, 0]
    await taken("ann", want=-4)
    assert await taken("ann", want=7) == 4
    await taken("ann", want=-1_000)
    assert await taken("ann", want=1_000) == 10


async def test_of_several_buckets_each_has_to_have_one(clock: Clock):
    assert await taken("ann", want=10) == 10
    assert await taken("bob", "ann") == 0
    assert await taken("bob", want=10) == 10


async def test_everybody_has_a_bucket_and_all_hands_share_it(clock: Clock):
    given = await asyncio.gather(*(taken("ann") for _ in range(40)), *(taken("bob") for _ in range(40)))
    assert (sum(given[:40]), sum(given[40:])) == (10, 10)


async def test_what_is_lent_is_waited_for_and_never_refused(clock: Clock):
    waits = [await lend(TEN, "ann", debt=3) for _ in range(15)]
    assert waits == pytest.approx([0] * 10 + [1, 2, 3, 3, 3], abs=0.01)


async def test_a_clock_that_goes_back_gives_nothing_and_takes_nothing(clock: Clock):
    assert await taken("ann", want=10) == 10
    clock.now -= 600
    assert await taken("ann") == 0


@pytest.fixture
def away(settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Redis that is not there."""
    local.forget()
    monkeypatch.setattr(buckets, "_resting_until", 0.0)
    use_settings(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    yield
    local.forget()


async def test_without_redis_a_process_counts_by_itself(away, clock: Clock):
    assert [await taken("ann") for _ in range(11)] == [1] * 10 + [0]
    assert buckets._resting_until > 0
    assert await taken("bob", "ann") == 0
    assert await taken("bob", want=4) == 4
    await taken("ann", want=-2)
    assert [await taken("ann"), await taken("ann"), await taken("ann")] == [1, 1, 0]
    waits = [await lend(TEN, "carl", debt=3) for _ in range(15)]
    assert waits == pytest.approx([0] * 10 + [1, 2, 3, 3, 3], abs=0.01)
    clock.now += 1
    assert [await taken("ann"), await taken("ann")] == [1, 0]


async def test_a_flood_neither_uses_up_redis_nor_passes_for_an_outage(clock: Clock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(buckets, "_resting_until", 0.0)
    allowance.forget()
    one = await asyncio.gather(*(allowance.spend(TEN, "ann") for _ in range(2_000)))
    assert sum(not spent.wait for spent in one) == 10
    many = await asyncio.gather(*(allowance.spend(TEN, f"person {n}") for n in range(1_000)))
    assert not any(spent.wait for spent in many)
    assert buckets._resting_until == 0.0
