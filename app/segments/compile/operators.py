"""MongoDB's spelling of one condition. With `compile` and `resolve`, the only place that writes a Mongo operator.

Text from people only ever becomes a value, or an escaped pattern; it is never an operator, a path or code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from bson import Decimal128

from app.segments.catalogue.fields import Field, FieldType
from app.segments.rule.dates import Clock, Days, anniversaries, birthdays_of_age, days_for, midnight
from app.segments.rule.nodes import Condition, Value
from models.values import fold

Filter = dict[str, Any]

NOBODY: Filter = {"_id": {"$in": []}}
SOME_TEXT = {"$gt": ""}
ANY_NUMBER = {"$gte": float("-inf")}
ANY_DATE = {"$gte": datetime.min.replace(tzinfo=UTC)}
WRITTEN_FROM, WRITTEN_TO = "0", ":"
"""ISO days lie between these as text: digits begin at "0", and ":" follows "9"."""


def condition_filter(condition: Condition, field: Field, clock: Clock) -> Filter:
    """A filter for one condition on one field, before its negation."""
    operator, value = condition.operator, condition.value
    if field.name == "age":
        return _age(operator, value, clock)
    if field.type is FieldType.DATE:
        return _date(operator, value, field, clock)
    if field.type in (FieldType.NUMBER, FieldType.MONEY):
        return {field.path: _number(operator, value)}
    if field.type is FieldType.BOOLEAN:
        return {field.path: {"$ne": True} if field.group == "Consent" and value is False else value}
    return {field.path: _folded(operator, value)}


def _folded(operator: str, value: Value) -> Any:
    """Text against a folded shadow: a string, or a list of strings of which any may match."""
    wanted = [fold(item) for item in (value if isinstance(value, tuple) else (value,)) if isinstance(item, str)]
    pattern = re.escape(wanted[0]) if wanted else ""
    spelled: Mapping[str, Callable[[], Any]] = {
        "=": lambda: wanted[0],
        "!=": lambda: {"$ne": wanted[0]},
        "in": lambda: {"$in": wanted},
        "anyOf": lambda: {"$in": wanted},
        "notIn": lambda: {"$nin": wanted},
        "noneOf": lambda: {"$nin": wanted},
        "allOf": lambda: {"$all": wanted},
        "contains": lambda: {"$regex": pattern},
        "doesNotContain": lambda: {"$not": {"$regex": pattern}},
        "beginsWith": lambda: {"$regex": f"^{pattern}"},
        "endsWith": lambda: {"$regex": rf"{pattern}\z"},
        "null": lambda: {"$not": SOME_TEXT},
        "notNull": lambda: SOME_TEXT,
    }
    return spelled[operator]()


def _number(operator: str, value: Value) -> Any:
    if operator in ("null", "notNull"):
        return {"$not": ANY_NUMBER} if operator == "null" else ANY_NUMBER
    if isinstance(value, tuple):
        return {"$gte": _exact(value[0]), "$lte": _exact(value[1])}
    names = {"!=": "$ne", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
    return _exact(value) if operator == "=" else {names[operator]: _exact(value)}


def _exact(value: object) -> object:
    return Decimal128(value) if isinstance(value, Decimal) else value


def _age(operator: str, value: Value, clock: Clock) -> Filter:
    """An age is a range of birthdays, so an index on the birthday serves it."""
    if operator in ("null", "notNull"):
        return {"birthday": {"$not": ANY_DATE} if operator == "null" else ANY_DATE}
    days = birthdays_of_age(operator, value, clock.today)
    if operator == "!=":
        return {"birthday": {"$not": _bounds(days, _utc)}} if days else {}
    return {"birthday": _bounds(days, _utc)} if days else NOBODY


def _date(operator: str, value: Value, field: Field, clock: Clock) -> Filter:
    written = field.name.startswith("attributes.")
    if operator in ("null", "notNull"):
        known: Filter = {field.path: ANY_DATE}
        if written:
            known = {"$or": [known, {field.path: {"$gte": WRITTEN_FROM, "$lt": WRITTEN_TO}}]}
        return known if operator == "notNull" else {"$nor": [known]}
    if operator.startswith("anniversary"):
        ranges = [{f"folded.{field.path}": _days_of_year(low, high)} for low, high in anniversaries(value, clock)]
        return ranges[0] if len(ranges) == 1 else {"$or": ranges}
    days = days_for(operator, value, clock)
    stored = {field.path: _bounds(days, _utc if field.calendar else lambda day: midnight(day, clock.zone))}
    if not written:
        return stored
    text = {
        "$gte": days.start.isoformat() if days.start else WRITTEN_FROM,
        "$lt": days.end.isoformat() if days.end else WRITTEN_TO,
    }
    return {"$or": [stored, {field.path: text}]}


def _days_of_year(low: int, high: int) -> Any:
    return low if low == high else {"$gte": low, "$lte": high}


def _bounds(days: Days, moment: Callable[[date], datetime]) -> Filter:
    bounds: Filter = {}
    if days.start is not None:
        bounds["$gte"] = moment(days.start)
    if days.end is not None:
        bounds["$lt"] = moment(days.end)
    return bounds


def _utc(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
