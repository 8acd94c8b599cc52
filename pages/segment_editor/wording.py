"""The builder's words: operators, measures, periods and relative days as a person would say them."""

from __future__ import annotations

from datetime import date
from typing import Any

from babel.dates import format_date

from app.segments.catalogue import Field, FieldType
from pages.segment_editor.tree import Mode

MODES = {
    Mode.ALL: ("all of", "everything below is true"),
    Mode.ANY: ("any of", "at least one of these is true"),
    Mode.NONE: ("none of", "nothing below is true"),
    Mode.NOT_ALL: ("not all of", "at least one of these is false"),
}
"""Chip and explanation of each way to join."""

_TEXT = {
    "=": "is",
    "!=": "is not",
    "in": "is one of",
    "notIn": "is none of",
    "contains": "contains",
    "doesNotContain": "does not contain",
    "beginsWith": "begins with",
    "endsWith": "ends with",
    "null": "is empty",
    "notNull": "is filled in",
}
_NUMBER = {
    "=": "is exactly",
    "!=": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
    "between": "is between",
    "null": "is unknown",
    "notNull": "is known",
}
_DATE = {
    "before": "is before",
    "after": "is after",
    "on": "is on",
    "between": "is between",
    "inLast": "in the last",
    "notInLast": "not in the last",
    "inNext": "in the next",
    "inPeriod": "falls in",
    "anniversaryInNext": "comes up in the next",
    "anniversaryInPeriod": "comes up",
    "null": "never",
    "notNull": "at any time",
}
_BIRTHDAY = {**_DATE, "null": "is unknown", "notNull": "is known"}
_TAGS = {
    "anyOf": "include any of",
    "allOf": "include all of",
    "noneOf": "include none of",
    "null": "are empty",
    "notNull": "are not empty",
}

MEASURES = {
    "count": "number of orders",
    "sum": "total of orders",
    "avg": "average order",
    "max": "largest order",
}
CAMPAIGN = {
    ("sent", False): "was sent",
    ("sent", True): "was not sent",
    ("opened", False): "opened",
    ("opened", True): "did not open",
    ("clicked", False): "clicked in",
    ("clicked", True): "did not click in",
    ("converted", False): "bought after",
    ("converted", True): "did not buy after",
}
SEGMENT = {"in": "is in", "notIn": "is not in"}
SPECIAL = {
    "orders": ("Matching orders", "shopping-bag"),
    "campaign": ("Campaign activity", "send"),
    "segment": ("Segment membership", "filter"),
}
"""Label and icon of the conditions that are no plain field."""

WINDOWS = {
    "before": "before",
    "after": "after",
    "on": "on",
    "between": "between",
    "inLast": "in the last",
    "notInLast": "longer ago than",
    "inNext": "in the next",
    "inPeriod": "in",
}
UNITS = ("day", "week", "month", "quarter", "year")
PERIODS = {
    f"{period} {unit}": {"period": period, "unit": unit}
    for unit in ("week", "month", "quarter", "year")
    for period in ("this", "last", "next")
}


def operator_word(field: Field, operator: str) -> str:
    """The operator in plain words, fitting the field's type."""
    if field.type is FieldType.DATE:
        words = _BIRTHDAY if field.calendar else _DATE
    elif field.type in (FieldType.NUMBER, FieldType.MONEY):
        words = _NUMBER
    elif field.type is FieldType.TAGS:
        words = _TAGS
    else:
        words = _TEXT
    return words.get(operator, operator)


def number_word(operator: str) -> str:
    """An operator that compares numbers."""
    return _NUMBER.get(operator, operator)


def units(amount: object) -> dict[str, str]:
    """Units as options, in the plural unless the amount is one."""
    return {unit: unit if amount == 1 else f"{unit}s" for unit in UNITS}


def day_word(value: Any, locale: str) -> str:
    """A fixed or relative day: "90 days ago", "today", "Mar 1, 2026"."""
    if isinstance(value, dict):
        amount, unit = value.get("amount"), value.get("unit", "day")
        if amount == 0:
            return "today"
        word = unit if amount == 1 else f"{unit}s"
        return f"{amount} {word} {'ago' if value.get('direction', 'ago') == 'ago' else 'from now'}"
    try:
        return format_date(date.fromisoformat(str(value)), "medium", locale=locale)
    except ValueError:
        return "choose a day"
