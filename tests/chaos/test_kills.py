"""kill -9 at seeded moments: short here, long with `make chaos`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.accidents import KILLS, Accident, plan
from tests.chaos.ordeal import go_through

PEOPLE = 500
LATENCY = 0.03
"""Slow enough that each kill finds mails on their way: 16 connections take 500 a second."""


@pytest.mark.journey
@pytest.mark.parametrize("policy", ["unknown", "resend"])
async def test_nobody_is_missed_whatever_is_killed(policy: str, tmp_path: Path) -> None:
    accidents = {
        "unknown": [Accident("worker", 60, 0.1), Accident("mongod", 160, 0.0), Accident("all", 280, 0.1)],
        "resend": [Accident("workers", 80, 0.0), Accident("valkey", 180, 0.0), Accident("master", 300, 0.0)],
    }[policy]
    verdict = await go_through(tmp_path, accidents, seed=1, people=PEOPLE, policy=policy, latency=LATENCY)
    assert verdict.faults == [], verdict.story()
    assert verdict.reads > 0


def test_the_same_seed_plans_the_same_accidents_and_each_kind_comes() -> None:
    for seed in range(20):
        accidents = plan(seed, 20_000, 10)
        assert accidents == plan(seed, 20_000, 10)
        assert {one.what for one in accidents} == set(KILLS)
        assert [one.at for one in accidents] == sorted(one.at for one in accidents)
        assert all(0 <= one.at < 20_000 for one in accidents)
    assert len({tuple(plan(seed, 20_000, 10)) for seed in range(20)}) == 20
