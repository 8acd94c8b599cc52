"""Time frames: "in the last 90 days", "this month", "more than a year ago", "yesterday"; dates are in `dates`."""

from __future__ import annotations

from app.segments.grammar.ago import ago
from app.segments.grammar.dates import calendar_frame
from app.segments.grammar.durations import UNITS, Frame, bare_unit, duration
from app.segments.grammar.prompt import Prompt, Remark, Unclear

__all__ = ["duration", "time_frame"]

_PERIODS = ("week", "month", "quarter", "year")
_ROLLING = ("in", "within", "over", "in just", "at any time in", "sometime in", "at some point in", "anytime in")
_DURING = (*_ROLLING, "during", "for", "throughout", "inside", "across")
_RECENT = ("last", "past", "previous", "preceding", "trailing", "most recent")
_TO_DATE = {
    "ytd": "year", "year to date": "year", "mtd": "month", "month to date": "month", "qtd": "quarter",
    "quarter to date": "quarter", "wtd": "week", "week to date": "week",
}  # fmt: skip


def time_frame(prompt: Prompt, at: int, *, future: bool = False) -> Frame | None:
    """The longest time frame written at a token; frames ahead of today only with `future`."""
    frames = [
        frame for reader in (_recent, ago, _period, _day, calendar_frame) if (frame := reader(prompt, at)) is not None
    ]
    if future and (ahead := _ahead(prompt, at)) is not None:
        frames.append(ahead)
    return max(frames, key=lambda frame: frame.end, default=None)


def _recent(prompt: Prompt, at: int) -> Frame | None:
    """In the last 30 days, within 2 weeks, over the past year."""
    start = prompt.skip(at, *_DURING)
    article = prompt.skip(start, "the", "just the", "these", "our")
    end = prompt.skip(article, *_RECENT)
    if end > article:
        length = duration(prompt, end)
        if length is not None and prompt.word(length.end) != "ago":
            return Frame("inLast", length.span, length.end, running=True, remarks=length.remarks)
    if prompt.word(at) == "within" and (length := duration(prompt, at + 1)) is not None:
        end = prompt.skip(length.end, "of today", "from today")
        if prompt.word(length.end) not in ("of", "from", "after", "before") or end > length.end:
            text = prompt.span(at, end)
            today = Remark("up_to_today", f"“{text}” is counted back from today.")
            remarks = length.remarks if end > length.end else (*length.remarks, today)
            return Frame("inLast", length.span, end, running=True, remarks=remarks, loose=True)
    return _rolling(prompt, at)


def _rolling(prompt: Prompt, at: int) -> Frame | None:
    """In the last month, over the past year: up to today. Without "in the" it is the calendar's last month."""
    start = prompt.skip(at, *_ROLLING, "during", "for", "throughout")
    last = prompt.skip(start, "the last", "the past", "last", "past")
    length = bare_unit(prompt, last)
    if start == at or last == start or length is None:
        return None
    past = prompt.has(start, "the past", "past")
    unit, text = length.unit, prompt.span(at, length.end)
    if prompt.word(at) == "during" and prompt.word(start) == "last":
        return None
    exact = past or (prompt.has(start, "the last") and prompt.has(at, *_ROLLING))
    if not exact or (unit == "quarter" and not past):
        raise Unclear(f"Does “{text}” mean the calendar's last {unit}, or one {unit} up to today?", [text])
    if length.amount > 1:
        return Frame("inLast", length.span, length.end, running=True)
    remark = Remark("rolling_window", f"“{text}” is one {unit} up to today, not the calendar's last {unit}.")
    return Frame("inLast", length.span, length.end, running=True, remarks=(remark,))


def _period(prompt: Prompt, at: int) -> Frame | None:
    """This month, last quarter, so far this year, year to date."""
    to_date = prompt.lookup(at, _TO_DATE)
    if to_date is not None:
        return Frame("inPeriod", {"period": "this", "unit": to_date[0]}, to_date[1], running=True)
    start = prompt.skip(at, "in", "during", "within", "so far", "in the", "during the", "within the", "the")
    word, noun = prompt.word(start), prompt.skip(start + 1, "calendar")
    unit = UNITS.get(prompt.word(noun))
    if unit not in _PERIODS or prompt.word(noun) not in _PERIODS:
        return None
    if word in ("this", "current"):
        return Frame("inPeriod", {"period": "this", "unit": unit}, prompt.skip(noun + 1, "so far"), running=True)
    calendar = noun > start + 1
    bare = start == at or (prompt.has(at, "during") and prompt.word(start - 1) == "during")
    if (word == "last" and (bare or calendar)) or word == "previous":
        return Frame("inPeriod", {"period": "last", "unit": unit}, noun + 1)
    return None


def _day(prompt: Prompt, at: int) -> Frame | None:
    if prompt.word(at) == "today":
        return Frame("on", {"amount": 0, "unit": "day", "direction": "ago"}, at + 1, running=True)
    if prompt.word(at) == "yesterday":
        return Frame("on", {"amount": 1, "unit": "day", "direction": "ago"}, at + 1)
    if prompt.has(at, "since yesterday"):
        return Frame("inLast", {"amount": 1, "unit": "day"}, at + 2, running=True)
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
        return Frame("inNext", length.span, length.end, remarks=length.remarks)
    unit = prompt.word(start + 1)
    if prompt.word(start) in ("next", "coming", "upcoming") and unit in _PERIODS:
        if prompt.word(start) == "next" and prompt.word(start - 1) != "the":
            return Frame("inPeriod", {"period": "next", "unit": unit}, start + 2)
        text = prompt.span(at, start + 2)
        raise Unclear(f"Does “{text}” mean the calendar's next {unit}, or one {unit} from today?", [text])
    return None
