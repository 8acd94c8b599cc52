"""What kind of value an operator takes, what it starts with, and what is still missing from it."""

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from babel.numbers import NumberFormatError, parse_decimal

from app.segments.catalogue import FieldType
from app.segments.rule.canonical import value_json


class Shape(StrEnum):
    """The form of a value, which decides its editor."""

    NOTHING = "nothing"
    TEXT = "text"
    TEXTS = "texts"
    NUMBER = "number"
    PAIR = "pair"
    BOOLEAN = "boolean"
    DAY = "day"
    DAYS = "days"
    SPAN = "span"
    PERIOD = "period"


_DATES = {
    "between": Shape.DAYS,
    "inLast": Shape.SPAN,
    "notInLast": Shape.SPAN,
    "inNext": Shape.SPAN,
    "anniversaryInNext": Shape.SPAN,
    "inPeriod": Shape.PERIOD,
    "anniversaryInPeriod": Shape.PERIOD,
}
_BLANKS: dict[Shape, Any] = {
    Shape.NOTHING: None,
    Shape.TEXT: "",
    Shape.TEXTS: [],
    Shape.NUMBER: None,
    Shape.PAIR: [None, None],
    Shape.BOOLEAN: True,
    Shape.DAY: {"amount": 90, "unit": "day", "direction": "ago"},
    Shape.DAYS: [
        {"amount": 90, "unit": "day", "direction": "ago"},
        {"amount": 0, "unit": "day", "direction": "ago"},
    ],
    Shape.SPAN: {"amount": 30, "unit": "day"},
    Shape.PERIOD: {"period": "this", "unit": "month"},
}


def shape_of(kind: FieldType, operator: str) -> Shape:
    """The shape of the value that this operator takes on a field of this type."""
    if operator in ("null", "notNull"):
        return Shape.NOTHING
    if kind is FieldType.DATE:
        return _DATES.get(operator, Shape.DAY)
    if kind is FieldType.BOOLEAN:
        return Shape.BOOLEAN
    if kind in (FieldType.NUMBER, FieldType.MONEY):
        return Shape.PAIR if operator == "between" else Shape.NUMBER
    return Shape.TEXTS if operator in ("in", "notIn", "anyOf", "allOf", "noneOf") else Shape.TEXT


def blank(shape: Shape) -> Any:
    """What a new value of this shape starts with: a usual choice where there is one, nothing where there is none."""
    return copy.deepcopy(_BLANKS[shape])


def carried(value: Any, old: Shape, new: Shape) -> Any:
    """The value for a new operator, keeping what the old one said wherever that still makes sense."""
    if old is new:
        return value
    if (old, new) == (Shape.TEXT, Shape.TEXTS):
        return [value] if value else []
    if (old, new) in ((Shape.TEXTS, Shape.TEXT), (Shape.PAIR, Shape.NUMBER), (Shape.DAYS, Shape.DAY)):
        return value[0] if value else blank(new)
    if (old, new) in ((Shape.NUMBER, Shape.PAIR), (Shape.DAY, Shape.DAYS)):
        return [value, blank(new)[1]]
    return blank(new)


def missing(value: Any, shape: Shape) -> str | None:
    """What a person still has to fill in, as a short request; None when the value is complete."""
    match shape:
        case Shape.TEXT if not isinstance(value, str) or not value.strip():
            return "Enter a value"
        case Shape.TEXTS if not value:
            return "Choose at least one"
        case Shape.NUMBER:
            return _missing_number(value)
        case Shape.PAIR:
            first, last = (*value, None, None)[:2] if isinstance(value, list) else (None, None)
            if problem := _missing_number(first) or _missing_number(last):
                return "Enter both numbers" if first is None or last is None else problem
        case Shape.SPAN:
            return _missing_amount(value)
        case Shape.DAY:
            return _missing_day(value)
        case Shape.DAYS:
            days = (*value, None, None)[:2] if isinstance(value, list) else (None, None)
            return next((problem for day in days if (problem := _missing_day(day))), None)
        case _:
            pass
    return None


def _missing_number(value: Any) -> str | None:
    if value is None or value == "":
        return "Enter a number"
    try:
        return None if Decimal(str(value)).is_finite() else "Enter a number"
    except InvalidOperation:
        return f"“{value}” is not a number"


def _missing_amount(value: Any) -> str | None:
    amount = value.get("amount") if isinstance(value, dict) else None
    return None if isinstance(amount, int) and amount > 0 else "Enter a whole number above 0"


def _missing_day(value: Any) -> str | None:
    if isinstance(value, dict):
        amount = value.get("amount")
        return None if isinstance(amount, int) and amount >= 0 else "Enter a whole number"
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return "Choose a day"
    return None


def typed_number(text: str | None, locale: str) -> int | float | str | None:
    """A typed number as JSON ("1,000.50" in en_US is 1000.5); what is no number stays text, nothing is None."""
    cleaned = (text or "").strip()
    if not cleaned:
        return None
    try:
        number = parse_decimal(cleaned, locale=locale)
    except NumberFormatError:
        return cleaned
    result: int | float | str = value_json(number) if number.is_finite() else cleaned
    return result
