"""Time frames: "in the last 90 days", "this month", "more than a year ago", "since March", "in 2025"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.segments.grammar.days import Stretch, day_before, stretch
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
_PERIODS = ("week", "month", "quarter", "year")
_ROLLING = ("in", "within", "over", "in just", "at any time in")
_MORE_AGO = ("more than", "over", "longer than", "earlier than", "at least", "before", "greater than")
_LESS_AGO = ("less than", "under", "within", "fewer than", "at most", "no more than", "not more than", "up to")


@dataclass(frozen=True)
class Frame:
    """A date operator with its value, up to token `end`. `running` tells that it reaches to today."""

    operator: str
    value: Any
    end: int
    running: bool = False
    remarks: tuple[Remark, ...] = ()

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

    @property
    def span(self) -> dict[str, Any]:
        """As the value of inLast and inNext."""
        return {"amount": self.amount, "unit": self.unit}

    def day(self, direction: str = "ago") -> dict[str, Any]:
        """As a day counted from today."""
        return {**self.span, "direction": direction}


def duration(prompt: Prompt, at: int) -> Duration | None:
    """The length of time written at a token: 90 days, 3 months, two weeks, a year, 30d."""
    token = prompt.token(at)
    if token is not None and token.kind == "number" and token.suffix:
        unit = _SHORT.get(token.suffix.lower())
        return Duration(int(token.word), unit, at + 1) if unit and token.word.isdigit() and int(token.word) else None
    if prompt.word(at) in ("a", "an", "one") and prompt.word(at + 1) in UNITS:
        return Duration(1, UNITS[prompt.word(at + 1)], at + 2)
    number = count(prompt, at)
    unit = UNITS.get(prompt.word(number.end)) if number else None
    if number is None or unit is None or number.value < 1 or number.value != number.value.to_integral_value():
        return None
    return Duration(int(number.value), unit, number.end + 1)


def time_frame(prompt: Prompt, at: int, *, future: bool = False) -> Frame | None:
    """The longest time frame written at a token; frames ahead of today only with `future`."""
    frames = [
        frame for reader in (_recent, _ago, _period, _day, _calendar) if (frame := reader(prompt, at)) is not None
    ]
    if future and (ahead := _ahead(prompt, at)) is not None:
        frames.append(ahead)
    return max(frames, key=lambda frame: frame.end, default=None)


def _recent(prompt: Prompt, at: int) -> Frame | None:
    """In the last 30 days, within 2 weeks, over the past year."""
    start = prompt.skip(at, "in", "within", "over", "during", "for", "throughout", "on", "at any time in", "inside")
    if prompt.word(start - 1) == "on" and start > at:
        return None
    for end in _after_last(prompt, prompt.skip(start, "the", "just the")):
        length = duration(prompt, end)
        if length is not None and prompt.word(length.end) != "ago":
            return Frame("inLast", length.span, length.end, running=True)
    if prompt.word(at) == "within" and (length := duration(prompt, at + 1)) is not None:
        return Frame("inLast", length.span, length.end, running=True)
    return _rolling(prompt, at)


def _after_last(prompt: Prompt, at: int) -> Iterator[int]:
    end = prompt.skip(at, "last", "past", "previous", "preceding", "trailing")
    if end > at:
        yield end


def _rolling(prompt: Prompt, at: int) -> Frame | None:
    """In the last month, over the past year: up to today. Without "in the" it is the calendar's last month."""
    start = prompt.skip(at, *_ROLLING, "during", "for", "throughout")
    last = prompt.skip(start, "the last", "the past", "last", "past")
    unit = UNITS.get(prompt.word(last))
    if start == at or last == start or unit is None:
        return None
    text = prompt.span(at, last + 1)
    exact = prompt.has(start, "the past", "past") or (prompt.has(start, "the last") and prompt.has(at, *_ROLLING))
    if not exact or (unit == "quarter" and not prompt.has(start, "the past", "past")):
        raise Unclear(f"Does “{text}” mean the calendar's last {unit}, or one {unit} up to today?", [text])
    remark = Remark("rolling_window", f"“{text}” is one {unit} up to today, not the calendar's last {unit}.")
    return Frame("inLast", {"amount": 1, "unit": unit}, last + 1, running=True, remarks=(remark,))


def _ago(prompt: Prompt, at: int) -> Frame | None:
    """More than 90 days ago, less than a month ago, 3 days ago."""
    more, less = prompt.skip(at, *_MORE_AGO), prompt.skip(at, *_LESS_AGO)
    start = max(more, less)
    length = duration(prompt, start)
    if length is None or prompt.word(length.end) != "ago":
        return None
    end = length.end + 1
    if start == at:
        if length.unit != "day":
            text = prompt.span(at, end)
            raise Unclear(f"Does “{text}” mean more than that long ago, or within that time?", [text])
        return Frame("on", length.day(), end)
    if more > less:
        return Frame("before", length.day(), end)
    return Frame("inLast", length.span, end, running=True)


def _period(prompt: Prompt, at: int) -> Frame | None:
    """This month, last quarter, so far this year."""
    if prompt.has(at, "ytd", "year to date"):
        return Frame(
            "inPeriod", {"period": "this", "unit": "year"}, prompt.skip(at, "ytd", "year to date"), running=True
        )
    start = prompt.skip(at, "in", "during", "within", "so far", "in the", "during the", "within the")
    word, unit = prompt.word(start), UNITS.get(prompt.word(start + 1))
    if unit not in _PERIODS or prompt.word(start + 1) not in _PERIODS:
        return None
    if word in ("this", "current"):
        end = prompt.skip(start + 2, "so far")
        return Frame("inPeriod", {"period": "this", "unit": unit}, end, running=True)
    if word in ("last", "previous") and (start == at or word == "previous"):
        return Frame("inPeriod", {"period": "last", "unit": unit}, start + 2)
    return None


def _day(prompt: Prompt, at: int) -> Frame | None:
    if prompt.word(at) == "today":
        return Frame("on", {"amount": 0, "unit": "day", "direction": "ago"}, at + 1, running=True)
    if prompt.word(at) == "yesterday":
        return Frame("on", {"amount": 1, "unit": "day", "direction": "ago"}, at + 1)
    return None


def _ahead(prompt: Prompt, at: int) -> Frame | None:
    """In the next 7 days, within the coming month, next week, tomorrow."""
    if prompt.word(at) == "tomorrow":
        return Frame("on", {"amount": 1, "unit": "day", "direction": "ahead"}, at + 1)
    start = prompt.skip(at, "in", "within", "over", "during", "in the", "within the", "over the", "during the", "the")
    if prompt.word(start) not in ("next", "coming", "upcoming", "following"):
        return None
    length = duration(prompt, start + 1)
    if length is not None:
        return Frame("inNext", length.span, length.end)
    unit = prompt.word(start + 1)
    if prompt.word(start) == "next" and unit in _PERIODS and prompt.word(start - 1) != "the":
        return Frame("inPeriod", {"period": "next", "unit": unit}, start + 2)
    return None


def _calendar(prompt: Prompt, at: int) -> Frame | None:
    """Since March, before 2026-03-01, between 1 and 31 of a month, in 2025."""
    if prompt.has(at, "between", "from") and (both := _between(prompt, at)) is not None:
        return both
    since = prompt.skip(at, "since", "on or after", "starting", "starting from", "from", "beginning")
    if since > at and (days := stretch(prompt, since)) is not None:
        end = prompt.skip(days.end, "onwards", "onward", "on")
        if prompt.word(at) == "from" and end == days.end:
            return None
        return Frame("after", day_before(days.first).isoformat(), end, running=True, remarks=days.remarks)
    for operator, phrases in (("before", ("before", "prior to", "earlier than")), ("after", ("after", "later than"))):
        start = prompt.skip(at, *phrases)
        days = stretch(prompt, start) if start > at else None
        if days is not None:
            edge = days.first if operator == "before" else days.last
            return Frame(operator, edge.isoformat(), days.end, running=operator == "after", remarks=days.remarks)
    start = prompt.skip(at, "in", "on", "during", "in the month of", "in the year")
    days = stretch(prompt, start)
    if days is None or (start == at and (not days.single or days.remarks)):
        return None
    if days.single != (prompt.word(start - 1) == "on" or start == at):
        return None
    if days.single:
        return Frame("on", days.first.isoformat(), days.end, remarks=days.remarks)
    return Frame("between", [days.first.isoformat(), days.last.isoformat()], days.end, remarks=days.remarks)


def _between(prompt: Prompt, at: int) -> Frame | None:
    first = stretch(prompt, at + 1)
    joint = ("and",) if prompt.word(at) == "between" else ("to", "until", "till", "through", "-")
    middle = prompt.skip(first.end, *joint) if first else at
    last = stretch(prompt, middle) if first and middle > first.end else None
    if first is None or last is None:
        return None
    first = _with_year_of(first, last)
    text = prompt.span(at, last.end)
    if first.first > last.last:
        raise Unclear(f"“{text}” ends before it begins. Which days do you mean?", [text])
    value = [first.first.isoformat(), last.last.isoformat()]
    return Frame("between", value, last.end, remarks=tuple(dict.fromkeys((*first.remarks, *last.remarks))))


def _with_year_of(first: Stretch, last: Stretch) -> Stretch:
    """In "1 March to 31 March 2026" the year is said once and belongs to both."""
    if not first.remarks or last.remarks:
        return first
    year = (
        last.last.year
        if (first.first.month, first.first.day) <= (last.last.month, last.last.day)
        else last.last.year - 1
    )
    try:
        return Stretch(first.first.replace(year=year), first.last.replace(year=year), first.end)
    except ValueError:
        return first
