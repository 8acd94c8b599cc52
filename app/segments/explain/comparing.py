"""Whether one field of one document meets one condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from app.segments.catalogue.fields import Field, FieldType
from app.segments.explain import found
from app.segments.rule.dates import Clock, Days, age_on, anniversaries, days_for, midnight
from app.segments.rule.nodes import Condition, Value
from models.values import fold

WRITTEN = ("0", ":")
"""ISO days lie between these as text: digits begin at "0", and ":" follows "9"."""


def condition_holds(condition: Condition, field: Field, document: Mapping[str, Any], clock: Clock) -> bool:
    """Whether a condition on a field of a customer or an order holds, before its negation."""
    operator, value = condition.operator, condition.value
    if field.type is FieldType.DATE or field.name == "age":
        return _date_holds(operator, value, field, document, clock)
    if field.type in (FieldType.NUMBER, FieldType.MONEY):
        return compares(operator, found.numbers(document, field), value)
    if field.type is FieldType.BOOLEAN:
        flags = found.booleans(document, field)
        return (True in flags) is value if field.group == "Consent" else value in flags
    return text_holds(operator, found.texts(document, field), value)


def text_holds(operator: str, have: Sequence[str], value: Value) -> bool:
    """Whether folded texts (none, one, or a list's) meet a text, choice or tags operator."""
    wanted = [fold(item) for item in (value if isinstance(value, tuple) else (value,)) if isinstance(item, str)]
    tests: Mapping[str, Callable[[], bool]] = {
        "=": lambda: wanted[0] in have,
        "!=": lambda: wanted[0] not in have,
        "in": lambda: any(item in have for item in wanted),
        "anyOf": lambda: any(item in have for item in wanted),
        "notIn": lambda: not any(item in have for item in wanted),
        "noneOf": lambda: not any(item in have for item in wanted),
        "allOf": lambda: all(item in have for item in wanted),
        "contains": lambda: any(wanted[0] in text for text in have),
        "doesNotContain": lambda: not any(wanted[0] in text for text in have),
        "beginsWith": lambda: any(text.startswith(wanted[0]) for text in have),
        "endsWith": lambda: any(text.endswith(wanted[0]) for text in have),
        "null": lambda: not have,
        "notNull": lambda: bool(have),
    }
    return tests[operator]()


def compares(operator: str, have: Sequence[Any], value: Any) -> bool:
    """Whether numbers (none, one, or a list's) meet a number operator; of a list, any element may."""
    tests: Mapping[str, Callable[[], bool]] = {
        "=": lambda: any(item == value for item in have),
        "!=": lambda: all(item != value for item in have),
        "<": lambda: any(item < value for item in have),
        "<=": lambda: any(item <= value for item in have),
        ">": lambda: any(item > value for item in have),
        ">=": lambda: any(item >= value for item in have),
        "between": lambda: any(item >= value[0] for item in have) and any(item <= value[1] for item in have),
        "null": lambda: not have,
        "notNull": lambda: bool(have),
    }
    return tests[operator]()


def within(days: Days, moment: datetime, clock: Clock) -> bool:
    """Whether a moment lies in these days of the shop's zone."""
    return (days.start is None or moment >= midnight(days.start, clock.zone)) and (
        days.end is None or moment < midnight(days.end, clock.zone)
    )


def _date_holds(operator: str, value: Value, field: Field, document: Mapping[str, Any], clock: Clock) -> bool:
    moments, written = found.moments(document, field), found.written_days(document, field)
    if field.name == "age":
        return compares(operator, [age_on(moment.date(), clock.today) for moment in moments], value)
    if operator in ("null", "notNull"):
        return bool(moments or _between(written, *WRITTEN)) == (operator == "notNull")
    if operator.startswith("anniversary"):
        ranges = anniversaries(value, clock)
        return any(low <= moment.month * 100 + moment.day <= high for moment in moments for low, high in ranges)
    days = days_for(operator, value, clock)
    begins = _utc if field.calendar else lambda day: midnight(day, clock.zone)
    low, high = (None if day is None else begins(day) for day in (days.start, days.end))
    return _between(moments, low, high) or _between(
        written, _iso(days.start) or WRITTEN[0], _iso(days.end) or WRITTEN[1]
    )


def _between(have: Sequence[Any], low: Any, high: Any) -> bool:
    return (
        bool(have)
        and (low is None or any(item >= low for item in have))
        and (high is None or any(item < high for item in have))
    )


def _utc(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
