"""Lengths of time and the frame that a condition puts around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.segments.grammar.numbers import count
from app.segments.grammar.prompt import Prompt, Remark, Unclear

UNITS = {
    name: unit
    for unit, names in {
        "day": "day days",
        "week": "week weeks wk wks",
        "month": "month months mth mths",
        "quarter": "quarter quarters",
        "year": "year years yr yrs",
    }.items()
    for name in names.split()
}
_SHORT = {"d": "day", "w": "week", "mo": "month", "y": "year", "yr": "year"} | UNITS
_HOURS = ("hour", "hours", "hr", "hrs", "h")
_FORTNIGHTS = ("fortnight", "fortnights")
_HALF_YEARS = ("half a year", "half year", "half an year")


@dataclass(frozen=True)
class Frame:
    """A date operator with its value, up to token `end`. `running` tells that it reaches to today."""

    operator: str
    value: Any
    end: int
    running: bool = False
    remarks: tuple[Remark, ...] = ()
    loose: bool = False
    """Said as "within 7 days", which after another event may be counted from it."""

    @property
    def window(self) -> dict[str, Any]:
        """As the `window` of a condition."""
        return {"operator": self.operator, "value": self.value}


@dataclass(frozen=True)
class Duration:
    """A length of time, such as 90 days, up to token `end`."""

    amount: int
    unit: str
    end: int
    remarks: tuple[Remark, ...] = ()

    @property
    def span(self) -> dict[str, Any]:
        """As the value of inLast and inNext."""
        return {"amount": self.amount, "unit": self.unit}

    def day(self, direction: str = "ago") -> dict[str, Any]:
        """As a day counted from today."""
        return {**self.span, "direction": direction}

    def before(self, text: str, *, at_least: bool) -> Frame:
        """Longer ago than this. Whole days have no "at least so long ago" for months, so the edge is named."""
        edge = Remark("edge_left_out", f"“{text}” is read as more than that: the very day is left out.")
        return Frame("before", self.day(), self.end, remarks=(*self.remarks, edge) if at_least else self.remarks)


def duration(prompt: Prompt, at: int) -> Duration | None:
    """The length of time written at a token: 90 days, 3 months, two weeks, a year, 30d, a fortnight, 48 hours."""
    token = prompt.token(at)
    if token is not None and token.kind == "number" and token.suffix:
        unit = _SHORT.get(token.suffix.lower())
        return Duration(int(token.word), unit, at + 1) if unit and token.word.isdigit() and int(token.word) else None
    half = prompt.skip(at, *_HALF_YEARS)
    if half > at:
        return Duration(6, "month", half)
    article = prompt.word(at) in ("a", "an", "one")
    if (article or prompt.word(at) == "full") and prompt.word(at + 1) in UNITS:
        return Duration(1, UNITS[prompt.word(at + 1)], at + 2)
    if article and prompt.word(at + 1) in _FORTNIGHTS:
        return Duration(2, "week", at + 2)
    number = count(prompt, at)
    if number is None or number.value < 1 or number.value != number.value.to_integral_value():
        return None
    word = prompt.word(number.end)
    if word in _HOURS:
        return _hours(prompt, at, int(number.value), number.end + 1)
    if word in _FORTNIGHTS:
        return Duration(int(number.value) * 2, "week", number.end + 1)
    full = prompt.skip(number.end, "full", "whole", "consecutive", "straight", "calendar")
    unit = UNITS.get(prompt.word(full))
    if unit is None or (prompt.word(number.end) == "calendar" and unit != "day"):
        return None
    return Duration(int(number.value), unit, full + 1)


def bare_unit(prompt: Prompt, at: int) -> Duration | None:
    """A unit without its number, as in "the past year" or "the past fortnight"."""
    if prompt.word(at) in ("fortnight",):
        return Duration(2, "week", at + 1)
    unit = UNITS.get(prompt.word(at))
    return Duration(1, unit, at + 1) if unit else None


def _hours(prompt: Prompt, at: int, hours: int, end: int) -> Duration:
    text = prompt.span(at, end)
    if hours % 24:
        raise Unclear(f"Times are counted in whole days. How many days are meant by “{text}”?", [text])
    days = hours // 24
    remark = Remark("whole_days", f"“{text}” is counted as {days} day{'s' if days > 1 else ''}, from midnight.")
    return Duration(days, "day", end, (remark,))
