"""Whether two limits on the same thing leave nobody: "at least 3 orders" and "no orders"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
"""About: enough to tell which of two lengths of time is the longer."""
_SURE = 1.1
"""Two lengths in different units must differ by a tenth to be told apart."""
_Edge: TypeAlias = tuple[float, bool]
"""A number and whether it belongs to the interval itself."""


def apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether no customer can meet both conditions, each a limit on one number or moment."""
    if one["field"] != other["field"] or one["field"] in ("segment", "tags"):
        return False
    if one["field"] == "campaign":
        return _but(one, "not") == _but(other, "not") and one.get("not", False) != other.get("not", False)
    if one["field"] == "orders" and _but(one, "operator", "value") != _but(other, "operator", "value"):
        return False
    low, high = _interval(one)
    least, most = _interval(other)
    return _over(low, most) or _over(least, high)


def _but(leaf: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in leaf.items() if key not in keys}


def _over(low: _Edge | None, high: _Edge | None) -> bool:
    if low is None or high is None:
        return False
    return low[0] > high[0] or (low[0] == high[0] and not (low[1] and high[1]))


def _interval(leaf: Mapping[str, Any]) -> tuple[_Edge | None, _Edge | None]:
    """Lower and upper edge; None where there is none. Moments count as days before today, so that less is later."""
    operator, value = leaf["operator"], leaf["value"]
    numbers = [_number(item) for item in (value if isinstance(value, list) else [value])]
    if any(item is None for item in numbers) or not numbers:
        return _moment(operator, value)
    first, last = (item for item in (numbers[0], numbers[-1]) if item is not None)
    lower = {">": (first, False), ">=": (first, True), "=": (first, True), "between": (first, True)}.get(operator)
    upper = {"<": (last, False), "<=": (last, True), "=": (last, True), "between": (last, True)}.get(operator)
    return lower, upper


def _moment(operator: str, value: object) -> tuple[_Edge | None, _Edge | None]:
    if not isinstance(value, dict) or value.get("unit") not in _DAYS or "amount" not in value:
        return None, None
    days = float(value["amount"] * _DAYS[value["unit"]])
    if operator in ("before", "notInLast") and value.get("direction") != "ahead":
        return (days, False), None
    if operator == "inLast":
        return None, (days if value["unit"] == "day" else days / _SURE, True)
    return None, None


def _number(item: object) -> float | None:
    if isinstance(item, bool) or not isinstance(item, int | float | str):
        return None
    try:
        return float(item)
    except ValueError:
        return None
