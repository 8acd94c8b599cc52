"""Days a rule means: ranges, periods, anniversaries and ages at the edges of the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.segments.catalogue import bare_catalogue
from app.segments.rule import Period, RelativeDay, Span, Value
from app.segments.rule.dates import (
    Clock,
    Days,
    age_on,
    anniversaries,
    birthdays_of_age,
    clock_at,
    days_for,
    midnight,
    moved,
)

TODAY = date(2026, 5, 15)
KOLKATA = ZoneInfo("Asia/Kolkata")
CLOCK = Clock(TODAY, KOLKATA, 0)


def test_today_is_the_shops_day() -> None:
    moment = datetime(2026, 5, 14, 20, 0, tzinfo=UTC)
    assert clock_at(moment, bare_catalogue(timezone="Asia/Kolkata")).today == TODAY
    assert clock_at(moment, bare_catalogue()).today == date(2026, 5, 14)


@pytest.mark.parametrize(
    ("operator", "value", "days"),
    [
        ("on", TODAY, (TODAY, date(2026, 5, 16))),
        ("before", TODAY, (None, TODAY)),
        ("after", TODAY, (date(2026, 5, 16), None)),
        ("between", (date(2026, 5, 1), TODAY), (date(2026, 5, 1), date(2026, 5, 16))),
        ("before", RelativeDay(amount=90, unit="day"), (None, date(2026, 2, 14))),
        ("on", RelativeDay(amount=1, unit="week", direction="ahead"), (date(2026, 5, 22), date(2026, 5, 23))),
        ("inLast", Span(amount=90, unit="day"), (date(2026, 2, 14), date(2026, 5, 16))),
        ("notInLast", Span(amount=90, unit="day"), (None, date(2026, 2, 14))),
        ("inNext", Span(amount=1, unit="month"), (TODAY, date(2026, 6, 16))),
        ("inPeriod", Period(period="this", unit="week"), (date(2026, 5, 11), date(2026, 5, 18))),
        ("inPeriod", Period(period="last", unit="month"), (date(2026, 4, 1), date(2026, 5, 1))),
        ("inPeriod", Period(period="next", unit="quarter"), (date(2026, 7, 1), date(2026, 10, 1))),
        ("inPeriod", Period(period="last", unit="year"), (date(2025, 1, 1), date(2026, 1, 1))),
    ],
)
def test_ranges(operator: str, value: Value, days: tuple[date | None, date | None]) -> None:
    assert days_for(operator, value, CLOCK) == Days(*days)


def test_weeks_begin_when_the_shop_says() -> None:
    sunday = Clock(TODAY, KOLKATA, 6)
    assert days_for("inPeriod", Period(period="this", unit="week"), sunday).start == date(2026, 5, 10)


def test_months_end_with_the_month() -> None:
    assert moved(date(2026, 5, 31), -1, "month") == date(2026, 4, 30)
    assert moved(date(2024, 2, 29), 1, "year") == date(2025, 2, 28)
    assert moved(date(2026, 1, 31), 1, "quarter") == date(2026, 4, 30)


def test_local_midnight_also_where_the_clock_skips_it() -> None:
    assert midnight(TODAY, KOLKATA) == datetime(2026, 5, 14, 18, 30, tzinfo=UTC)
    beirut = ZoneInfo("Asia/Beirut")
    assert midnight(date(2024, 3, 31), beirut) == datetime(2024, 3, 30, 22, 0, tzinfo=UTC)
    assert midnight(date(2024, 4, 1), beirut) - midnight(date(2024, 3, 31), beirut) == timedelta(hours=23)


@pytest.mark.parametrize(
    ("today", "value", "ranges"),
    [
        (date(2026, 5, 15), Span(amount=7, unit="day"), ((515, 522),)),
        (date(2026, 12, 29), Span(amount=7, unit="day"), ((1229, 1231), (101, 105))),
        (date(2026, 2, 21), Span(amount=7, unit="day"), ((221, 229),)),
        (date(2024, 2, 21), Span(amount=7, unit="day"), ((221, 228),)),
        (date(2026, 2, 20), Span(amount=7, unit="day"), ((220, 227),)),
        (date(2026, 5, 15), Span(amount=1, unit="year"), ((101, 1231),)),
        (date(2026, 2, 3), Period(period="this", unit="month"), ((201, 229),)),
        (date(2026, 5, 15), Period(period="this", unit="year"), ((101, 1231),)),
        (date(2026, 12, 31), Period(period="this", unit="week"), ((1228, 1231), (101, 103))),
    ],
)
def test_anniversaries(today: date, value: Value, ranges: tuple[tuple[int, int], ...]) -> None:
    assert anniversaries(value, Clock(today, KOLKATA, 0)) == ranges


def test_who_was_born_on_29_february_has_the_birthday_on_28_february_in_other_years() -> None:
    leapling = date(2000, 2, 29)
    assert age_on(leapling, date(2027, 2, 27)) == 26
    assert age_on(leapling, date(2027, 2, 28)) == 27
    assert age_on(leapling, date(2028, 2, 28)) == 27
    assert age_on(leapling, date(2028, 2, 29)) == 28


def test_birthdays_of_an_age_are_exactly_those_of_that_age() -> None:
    todays = [date(2026, 2, 28), date(2024, 2, 28), date(2024, 2, 29), date(2026, 3, 1), date(2026, 5, 15)]
    tests = {
        "=": lambda age, n: age == n,
        ">": lambda age, n: age > n,
        ">=": lambda age, n: age >= n,
        "<": lambda age, n: age < n,
        "<=": lambda age, n: age <= n,
    }
    for today in todays:
        births = [today - timedelta(days=n) for n in range(-3, 9 * 366)]
        for operator, holds in tests.items():
            for years in (0, 1, 2, 4, 5, 7, 2.5):
                days = birthdays_of_age(operator, years, today)
                for born in births:
                    inside = days is not None and (
                        (days.start is None or born >= days.start) and (days.end is None or born < days.end)
                    )
                    assert inside == holds(age_on(born, today), years), (today, operator, years, born)
