"""Days of the shop's zone, judged anew by the local calendar: a moment belongs to the day a clock there shows."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.segments.explain.comparing import within
from app.segments.rule.dates import Clock, age_on, anniversaries, days_for
from app.segments.rule.nodes import Period, RelativeDay, Span
from tests.segments.crowd import MOMENTS
from tests.segments.proving import tries

ZONES = sorted({zone for zone, _ in MOMENTS} | {"Europe/London", "Asia/Tehran", "Australia/Lord_Howe", "Asia/Gaza"})
UNITS = ("day", "week", "month", "quarter", "year")

zones = st.sampled_from(ZONES).map(ZoneInfo)
moments = st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
spans = st.builds(Span, amount=st.integers(1, 40), unit=st.sampled_from(UNITS))
days = st.dates(date(2004, 1, 1), date(2036, 1, 1)) | st.builds(
    RelativeDay,
    amount=st.integers(0, 40),
    unit=st.sampled_from(UNITS),
    direction=st.sampled_from(["ago", "ahead"]),
)
periods = st.builds(
    Period, period=st.sampled_from(["this", "last", "next"]), unit=st.sampled_from(["week", "month", "quarter", "year"])
)
asked = st.one_of(
    st.tuples(st.sampled_from(["before", "after", "on"]), days),
    st.tuples(st.sampled_from(["inLast", "notInLast", "inNext"]), spans),
    st.tuples(st.just("inPeriod"), periods),
)


def later(day: date, amount: int, unit: str) -> date:
    """Step by step: a month is the same day of the next month, or that month's last day."""
    if unit in ("day", "week"):
        return day + timedelta(days=amount * {"day": 1, "week": 7}[unit])
    months = amount * {"month": 1, "quarter": 3, "year": 12}[unit]
    years, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))


def same_period(day: date, today: date, period: Period, week_start: int) -> bool:
    """Whether the day lies in the period, by naming the period of each."""
    step = {"last": -1, "this": 0, "next": 1}[period.period]
    if period.unit == "week":
        begins = [one - timedelta((one.weekday() - week_start) % 7) for one in (day, today)]
        return (begins[0] - begins[1]).days == 7 * step
    months = [one.year * 12 + one.month - 1 for one in (day, today)]
    length = {"month": 1, "quarter": 3, "year": 12}[period.unit]
    return months[0] // length - months[1] // length == step


def belongs(operator: str, value: Any, day: date, today: date, week_start: int) -> bool:
    """Whether a local day is meant."""
    if isinstance(value, Period):
        return same_period(day, today, value, week_start)
    if isinstance(value, Span):
        if operator == "inNext":
            return today <= day <= later(today, value.amount, value.unit)
        begins = later(today, -value.amount, value.unit)
        return day < begins if operator == "notInLast" else begins <= day <= today
    if isinstance(value, RelativeDay):
        value = later(today, value.amount * (1 if value.direction == "ahead" else -1), value.unit)
    return {"before": day < value, "after": day > value, "on": day == value}[operator]


@tries(400, thorough=20_000)
@given(zones, moments, st.integers(0, 6), asked, st.data())
def test_a_moment_belongs_to_its_local_day(
    zone: ZoneInfo, now: datetime, week_start: int, question: tuple[str, Any], data: st.DataObject
) -> None:
    operator, value = question
    today = now.astimezone(zone).date()
    found = days_for(operator, value, Clock(today, zone, week_start))
    edges = [day for day in (found.start, found.end) if day is not None]
    edge = data.draw(st.sampled_from(edges))
    shift = data.draw(st.sampled_from([-1, 0, 1, 3_600_000, -3_600_000]) | st.integers(-90_000_000, 90_000_000))
    begins = datetime(edge.year, edge.month, edge.day, tzinfo=zone).astimezone(UTC)
    moment = begins + timedelta(milliseconds=shift)
    said = within(found, moment, Clock(today, zone, week_start))
    assert said == belongs(operator, value, moment.astimezone(zone).date(), today, week_start)


@tries(300, thorough=20_000)
@given(st.dates(date(1930, 1, 1), date(2026, 1, 1)), st.dates(date(2026, 1, 1), date(2036, 1, 1)), spans, zones)
def test_birthdays_come_round(born: date, today: date, span: Span, zone: ZoneInfo) -> None:
    def birthday_in(year: int) -> date:
        leapling = (born.month, born.day) == (2, 29) and not calendar.isleap(year)
        return date(year, 2, 28) if leapling else born.replace(year=year)

    until = later(today, span.amount, span.unit)
    expected = any(today <= birthday_in(year) <= until for year in range(today.year, until.year + 1))
    number = born.month * 100 + born.day
    ranges = anniversaries(span, Clock(today, zone, 0))
    assert any(low <= number <= high for low, high in ranges) == expected
    assert age_on(born, today) == sum(birthday_in(year) <= today for year in range(born.year + 1, today.year + 1))
