"""What can be worked out beforehand: the days of a warm-up, and when a message is tried again."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.campaigns.pacing import plan
from app.campaigns.pacing.retries import LADDER
from app.campaigns.pacing.warm_up import LONGEST_PLAN, allowance, day_number
from app.settings import Settings, use_settings
from models.campaign_plan import WarmUp

START = datetime(2026, 3, 27, 20, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def berlin(settings: Settings):
    use_settings(settings.model_copy(update={"timezone": "Europe/Berlin"}))
    yield
    use_settings(None)


def test_a_plan_grows_and_ends_with_the_last_one():
    assert plan(WarmUp(first_day=50, growth=2), 200, START) == [
        (date(2026, 3, 27), 50),
        (date(2026, 3, 28), 100),
        (date(2026, 3, 29), 50),
    ]
    assert plan(WarmUp(first_day=20, growth=1.5), 10_000, START)[:4] == [
        (date(2026, 3, 27), 20),
        (date(2026, 3, 28), 30),
        (date(2026, 3, 29), 45),
        (date(2026, 3, 30), 68),
    ]
    assert plan(WarmUp(), 0, START) == []


def test_a_plan_without_growth_is_cut_off():
    days = plan(WarmUp(first_day=1, growth=1), 1_000_000, START)
    assert len(days) == LONGEST_PLAN
    assert {count for _, count in days} == {1}


@given(st.integers(1, 10**6), st.floats(1, 10), st.integers(0, 10**7))
def test_a_plan_adds_up(first_day: int, growth: float, audience: int):
    warm_up = WarmUp(first_day=first_day, growth=growth)
    days = plan(warm_up, audience, START)
    counts = [count for _, count in days]
    assert sum(counts) == audience or (sum(counts) < audience and len(days) == LONGEST_PLAN)
    assert counts[:-1] == sorted(counts[:-1])
    assert all(count <= allowance(warm_up, day) for day, count in enumerate(counts, 1))


def test_days_follow_the_clock_on_the_wall_when_summer_time_begins():
    """Started at 21:00 in Berlin; the second night has an hour less."""
    assert day_number(START, START)[0] == 1
    assert day_number(START, START + timedelta(hours=23, minutes=59))[0] == 1
    assert day_number(START, START + timedelta(hours=24)) == (
        2,
        START + timedelta(hours=24),
        START + timedelta(hours=47),
    )
    assert day_number(START, START + timedelta(hours=47))[0] == 3


@given(st.integers(0, 400 * 86_400))
def test_a_moment_is_within_its_day(seconds: int):
    moment = START + timedelta(seconds=seconds)
    number, begun, ends = day_number(START, moment)
    assert begun <= moment < ends
    assert timedelta(hours=22) < ends - begun < timedelta(hours=26)
    assert day_number(START, ends)[0] == number + 1


@given(st.integers(1, 50), st.floats(0, 60 * 3600))
def test_the_next_try_keeps_to_the_ladder(attempts: int, passed: float):
    moment = START + timedelta(seconds=passed)
    due = LADDER.next_try(attempts, START, moment)
    step = (60, 300, 900, 3_600, 14_400, 43_200)[min(attempts, 6) - 1]
    if due is None:
        assert passed + 1.2 * step > 48 * 3600
    else:
        assert timedelta(seconds=0.8 * step) <= due - moment <= timedelta(seconds=1.2 * step)
        assert due - START <= timedelta(hours=48)


@given(st.floats(0, 900))
def test_a_message_is_tried_about_ten_times_in_two_days(answer: float):
    moment = START
    for attempts in itertools.count(1):
        moment += timedelta(seconds=answer)
        due = LADDER.next_try(attempts, START, moment)
        if due is None:
            break
        assert due > moment
        moment = due
    assert 8 <= attempts <= 11
    assert moment - START <= timedelta(hours=48, seconds=answer)


def test_tries_do_not_bunch():
    dues = [LADDER.next_try(1, START, START) for _ in range(200)]
    assert len(set(dues)) > 150
    assert max(due for due in dues if due) - min(due for due in dues if due) > timedelta(seconds=15)
