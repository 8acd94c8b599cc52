"""Days counted back from today: "more than 90 days ago", "between 30 and 60 days ago", "90+ days ago"."""

from __future__ import annotations

from dataclasses import replace

from app.segments.grammar.durations import UNITS, Duration, Frame, duration
from app.segments.grammar.numbers import Number, count
from app.segments.grammar.prompt import Prompt, Unclear

_MORE = ("more than", "over", "longer than", "earlier than", "at least", "before", "greater than", "well over")
_LESS = ("less than", "under", "within", "fewer than", "at most", "no more than", "not more than", "up to", "since")
_AGO = ("ago", "back")
_OR_MORE = ("or more", "or longer", "or earlier", "and more")


def ago(prompt: Prompt, at: int) -> Frame | None:
    """A day, or everything before or since it."""
    between = _between(prompt, at)
    if between is not None:
        return between
    more, less = prompt.skip(at, *_MORE), prompt.skip(at, *_LESS)
    start = max(more, less)
    length, plus = _length(prompt, start)
    if length is None or prompt.word(length.end) not in _AGO:
        return None
    end = prompt.skip(length.end + 1, *_OR_MORE)
    if plus or end > length.end + 1:
        if start > at:
            return None
        more = at + 1
    if max(more, less) == at:
        if length.unit != "day":
            text = prompt.span(at, end)
            raise Unclear(f"Does “{text}” mean more than that long ago, or within that time?", [text])
        return Frame("on", length.day(), prompt.skip(end, "exactly"), remarks=length.remarks)
    if more > less:
        edge = plus or end > length.end + 1 or prompt.has(at, "at least")
        return replace(length, end=end).before(prompt.span(at, end), at_least=edge)
    return Frame("inLast", length.span, end, running=True, remarks=length.remarks)


def _length(prompt: Prompt, at: int) -> tuple[Duration | None, bool]:
    """A length of time, and whether it is said with "+" or "or more": 90+ days, 90 or more days."""
    length = duration(prompt, at)
    if length is not None:
        return length, False
    number = count(prompt, at)
    after = prompt.skip(number.end, "+", "plus", "or more") if number else at
    unit = UNITS.get(prompt.word(after))
    if number is None or after == number.end or unit is None or not _whole(number):
        return None, False
    return Duration(int(number.value), unit, after + 1), True


def _between(prompt: Prompt, at: int) -> Frame | None:
    """Between 30 and 90 days ago, 30 to 90 days ago, between 3 months and a year ago."""
    opened = prompt.skip(at, "between", "anywhere between", "from", "somewhere between")
    joints = ("and", "to", "-") if opened > at else ("to", "-")
    first = duration(prompt, opened)
    low = count(prompt, opened) if first is None else None
    end = first.end if first else low.end if low else opened
    middle = prompt.skip(prompt.skip(end, *_AGO), *joints)
    last = duration(prompt, middle) if end > opened and middle > end else None
    if last is None or prompt.word(last.end) not in _AGO:
        return None
    if first is None and low is not None and _whole(low):
        first = Duration(int(low.value), last.unit, low.end)
    if first is None:
        return None
    days = sorted((first, last), key=_about)
    return Frame("between", [days[1].day(), days[0].day()], last.end + 1)


def _whole(number: Number) -> bool:
    return number.value == number.value.to_integral_value() and number.value >= 1


def _about(length: Duration) -> int:
    return length.amount * {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}[length.unit]
