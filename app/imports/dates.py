"""Dates as files write them: ISO, or with day and month in an order that the whole column must agree on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ]+(.+))?")
YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[T, ]+(.+))?")
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(.+))?")
CLOCK = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)? ?([AaPp][Mm])? ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)


class DateOrder(StrEnum):
    """How a date that does not begin with the year is read."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


class Undecided(ValueError):
    """Nothing in the column tells how it is meant; `example` is one of its values, `ways` the ways to read it."""

    def __init__(self, example: str, ways: tuple[str, ...]) -> None:
        super().__init__(f"{example!r} can be read in two ways")
        self.example = example
        self.ways = ways


def decide_order(sample: Iterable[str]) -> DateOrder:
    """The order that the values speak for: a number above 12 can be no month, and points mean day first (CLDR).

    Raises Undecided when no value tells, or when two values tell different things.
    """
    day_first = month_first = either = ""
    for value in sample:
        match = YEAR_LAST.fullmatch(value.strip())
        if not match:
            continue
        first, second = int(match[1]), int(match[3])
        if match[2] == "." or first > 12:
            day_first = day_first or value
        elif second > 12:
            month_first = month_first or value
        elif first != second:
            either = either or value
    if (day_first and month_first) or (either and not day_first and not month_first):
        raise Undecided(either or month_first, tuple(DateOrder))
    return DateOrder.MONTH_FIRST if month_first else DateOrder.DAY_FIRST


def read_day(text: str, order: DateOrder) -> date:
    """A calendar day; a time of day behind it is ignored. Raises ValueError."""
    year, month, day, _ = _parts(text, order)
    return date(year, month, day)


def read_moment(text: str, order: DateOrder, zone: ZoneInfo) -> datetime:
    """An aware UTC time. A day alone is its midnight in `zone`, and so is a time without an offset local to it.

    Raises ValueError.
    """
    year, month, day, clock = _parts(text, order)
    moment = datetime(year, month, day, tzinfo=zone) if clock is None else _at(clock, year, month, day, zone)
    return moment.astimezone(UTC)


def _parts(text: str, order: DateOrder) -> tuple[int, int, int, str | None]:
    text = text.strip()
    if match := YEAR_FIRST.fullmatch(text):
        parts = int(match[1]), int(match[3]), int(match[4]), match[5]
    elif match := COMPACT.fullmatch(text):
        parts = int(match[1]), int(match[2]), int(match[3]), match[4]
    elif match := YEAR_LAST.fullmatch(text):
        first, second = int(match[1]), int(match[3])
        month, day = (second, first) if order is DateOrder.DAY_FIRST else (first, second)
        parts = int(match[4]), month, day, match[5]
    else:
        raise ValueError(f"{_short(text)} is not a date such as 2026-03-31")
    if not 1900 <= parts[0] <= 2199:
        raise ValueError(f"{_short(text)} is not a date between 1900 and 2199")
    try:
        date(*parts[:3])
    except ValueError:
        raise ValueError(f"{_short(text)} is not a date that exists") from None
    return parts


def _at(clock: str, year: int, month: int, day: int, zone: ZoneInfo) -> datetime:
    match = CLOCK.fullmatch(clock.strip())
    if not match:
        raise ValueError(f"{_short(clock)} is not a time such as 14:30")
    hour = int(match[1])
    if match[5]:
        if not 1 <= hour <= 12:
            raise ValueError(f"{_short(clock)} is not a time such as 2:30 PM")
        hour = hour % 12 + (12 if match[5].lower() == "pm" else 0)
    milliseconds = int((match[4] or "0").ljust(3, "0")[:3])
    text = f"{year:04}-{month:02}-{day:02}T{hour:02}:{match[2]}:{match[3] or '00'}.{milliseconds:03}"
    offset = match[6] or ""
    try:
        moment = datetime.fromisoformat(text + ("+00:00" if offset in ("Z", "UTC", "GMT") else offset))
    except ValueError:
        raise ValueError(f"{_short(clock)} is not a time of day") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")
