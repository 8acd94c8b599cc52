"""Days that a rule means at a given moment: relative days, stretches, periods, anniversaries and ages.

Every range is half-open in days of the shop's zone, from local midnight to local midnight, and the compiler and the
evaluator both get their ranges here. With today = 15 May:

- `on D` is [D, D+1); `before D` is (-, D); `after D` is [D+1, -); `between A and B` is [A, B+1), so both days belong to
  it
- `inLast 90 day` is [today-90, today+1): from midnight 90 days ago to the end of today. `inNext 90 day` is [today,
  today+91)
- `notInLast 90 day` is (-, today-90): the date is known and lies before that stretch
- `inPeriod this month` is [1 May, 1 June)
- months are counted by the calendar: one month before 31 May is 30 April
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from math import ceil, floor
from zoneinfo import ZoneInfo

from app.segments.catalogue.fields import Catalogue
from app.segments.rule.nodes import DayValue, Period, RelativeDay, Span, Value
from app.settings import WEEKDAYS

DAY = timedelta(days=1)
MONTHS = {"month": 1, "quarter": 3, "year": 12}
WHOLE_YEAR = ((101, 1231),)


@dataclass(frozen=True)
class Clock:
    """What "today" is: the shop's calendar day, its zone, and the weekday (0 is Monday) its weeks begin on."""

    today: date
    zone: ZoneInfo
    week_start: int


@dataclass(frozen=True)
class Days:
    """The days from `start` on and before `end`; None leaves that side open."""

    start: date | None
    end: date | None


def clock_at(now: datetime, catalogue: Catalogue) -> Clock:
    """The shop's clock at an aware moment."""
    zone = ZoneInfo(catalogue.timezone)
    return Clock(now.astimezone(zone).date(), zone, WEEKDAYS.index(catalogue.week_start))


@lru_cache(maxsize=4096)
def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment a local day begins, in UTC; where the clock skips midnight, the moment of the skip."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def days_for(operator: str, value: Value, clock: Clock) -> Days:
    """The days that a date operator with this value selects. Raises ValueError where that is no range."""
    today = clock.today
    if isinstance(value, Span):
        if operator == "inLast":
            return Days(moved(today, -value.amount, value.unit), today + DAY)
        if operator == "notInLast":
            return Days(None, moved(today, -value.amount, value.unit))
        return Days(today, moved(today, value.amount, value.unit) + DAY)
    if isinstance(value, Period):
        return _period(value, clock)
    if isinstance(value, tuple):
        low, high = value
        return Days(_day(low, today), _day(high, today) + DAY)
    day = _day(value, today)
    if operator == "before":
        return Days(None, day)
    if operator == "after":
        return Days(day + DAY, None)
    if operator == "on":
        return Days(day, day + DAY)
    raise ValueError(f"no range of days for the operator {operator}")


def anniversaries(value: Value, clock: Clock) -> tuple[tuple[int, int], ...]:
    """The birthdays that fall into a stretch or period, as inclusive ranges of month * 100 + day.

    `anniversaryInNext 7 day` covers today and the seven days after it. Who was born on 29 February has the birthday on
    28 February in other years.
    """
    days = _period(value, clock) if isinstance(value, Period) else days_for("inNext", value, clock)
    if days.start is None or days.end is None or (days.end - days.start).days > 365:
        return WHOLE_YEAR
    first, last = days.start, days.end - DAY
    if first.year == last.year:
        return ((_month_day(first), _last_month_day(last)),)
    return ((_month_day(first), 1231), (101, _last_month_day(last)))


def moved(day: date, amount: int, unit: str) -> date:
    """The day `amount` units later (earlier when negative), cut to the last day of a shorter month."""
    if unit in ("day", "week"):
        return day + timedelta(days=amount * (7 if unit == "week" else 1))
    month = day.year * 12 + day.month - 1 + amount * MONTHS[unit]
    year, month = month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def age_on(birthday: date, today: date) -> int:
    """Full years lived; negative before birth."""
    return today.year - birthday.year - ((today.month, today.day) < _celebrated(birthday, today.year))


def birthdays_of_age(operator: str, value: Value, today: date) -> Days | None:
    """The birthdays of everybody whose age compares so today; None when no age does (`= 30.5`)."""
    low, high = value if isinstance(value, tuple) else (value, value)
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        raise ValueError(f"an age is a number, not {value!r}")
    if operator in ("=", "!="):
        return Days(_born_after(floor(low) + 1, today), _born_after(floor(low), today)) if low == floor(low) else None
    if operator == "between":
        return Days(_born_after(floor(high) + 1, today), _born_after(ceil(low), today))
    if operator in (">=", ">"):
        return Days(None, _born_after(ceil(low) if operator == ">=" else floor(low) + 1, today))
    return Days(_born_after(ceil(low) if operator == "<" else floor(low) + 1, today), None)


def _born_after(age: int, today: date) -> date:
    """The first birthday of those who are younger than `age` today."""
    latest = moved(today, -12 * age, "month")
    if not calendar.isleap(today.year) and calendar.isleap(latest.year) and (today.month, today.day) == (2, 28):
        latest = latest.replace(day=29)
    return latest + DAY


def _celebrated(birthday: date, year: int) -> tuple[int, int]:
    leapling = (birthday.month, birthday.day) == (2, 29) and not calendar.isleap(year)
    return (2, 28) if leapling else (birthday.month, birthday.day)


def _day(value: Value | DayValue, today: date) -> date:
    if isinstance(value, RelativeDay):
        return moved(today, value.amount if value.direction == "ahead" else -value.amount, value.unit)
    if isinstance(value, date):
        return value
    raise ValueError(f"not a day: {value!r}")


def _period(period: Period, clock: Clock) -> Days:
    today, unit = clock.today, period.unit
    if unit == "week":
        start = today - timedelta(days=(today.weekday() - clock.week_start) % 7)
    else:
        length = MONTHS[unit]
        start = date(today.year, (today.month - 1) // length * length + 1, 1)
    steps = {"last": -1, "this": 0, "next": 1}[period.period]
    return Days(moved(start, steps, unit), moved(start, steps + 1, unit))


def _month_day(day: date) -> int:
    return day.month * 100 + day.day


def _last_month_day(day: date) -> int:
    number = _month_day(day)
    return 229 if number == 228 and not calendar.isleap(day.year) else number
