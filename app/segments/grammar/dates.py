"""Time frames with dates: "since March", "before 1 March 2026", "between 1 and 31 May 2026", "in 2025"."""

from __future__ import annotations

from dataclasses import replace

from app.segments.grammar.days import Stretch, day_after, day_before, stretch
from app.segments.grammar.durations import Frame
from app.segments.grammar.prompt import Prompt, Remark, Unclear

_SINCE = ("since", "on or after", "starting", "starting from", "from", "beginning", "after or on", "no earlier than")
_EDGES = (
    ("before", ("before", "prior to", "earlier than")),
    ("after", ("after", "later than")),
    ("through", ("on or before", "before or on", "no later than", "up to and including")),
)
_DURING = ("in", "on", "during", "in the month of", "in the year", "back in", "in month")

_LONGEST_TURN = 200
"""Days that a stretch over the turn of the year may have while its year is said once."""


def calendar_frame(prompt: Prompt, at: int) -> Frame | None:
    """The time frame with a date that is written at a token."""
    if prompt.has(at, "between", "from") and (both := _between(prompt, at)) is not None:
        return both
    return _since(prompt, at) or _edge(prompt, at) or _during(prompt, at)


def _since(prompt: Prompt, at: int) -> Frame | None:
    since = prompt.skip(at, *_SINCE)
    days = stretch(prompt, since) if since > at else None
    if days is None:
        return None
    end = prompt.skip(days.end, "onwards", "onward", "on")
    if prompt.word(at) == "from" and end == days.end:
        return None
    return Frame("after", day_before(days.first).isoformat(), end, running=True, remarks=days.remarks)


def _edge(prompt: Prompt, at: int) -> Frame | None:
    for operator, phrases in _EDGES:
        start = prompt.skip(at, *phrases)
        days = stretch(prompt, start) if start > at else None
        if days is None:
            continue
        if operator == "through":
            return Frame("before", day_after(days.last).isoformat(), days.end, remarks=days.remarks)
        edge = days.first if operator == "before" else days.last
        return Frame(operator, edge.isoformat(), days.end, running=operator == "after", remarks=days.remarks)
    return None


def _during(prompt: Prompt, at: int) -> Frame | None:
    start = prompt.skip(at, *_DURING)
    days = stretch(prompt, start)
    if days is None or (start == at and (days.remarks or not (days.single or days.month))):
        return None
    if start > at and days.single != (prompt.word(start - 1) == "on"):
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
    text = prompt.span(at, last.end)
    first = _with_year_of(first, last, text)
    if first.first > last.last:
        raise Unclear(f"“{text}” ends before it begins. Which days do you mean?", [text])
    value = [first.first.isoformat(), last.last.isoformat()]
    return Frame("between", value, last.end, remarks=tuple(dict.fromkeys((*first.remarks, *last.remarks))))


def _with_year_of(first: Stretch, last: Stretch, text: str) -> Stretch:
    """In "1 March to 31 March 2026" the year is said once and belongs to both.

    From December to January 2026 it turns in between; "31 May to 1 May 2026" is rather the wrong way round.
    """
    if not first.remarks or last.remarks:
        return first
    turned = (first.first.month, first.first.day) > (last.last.month, last.last.day)
    year = last.last.year - turned
    try:
        dated = Stretch(first.first.replace(year=year), first.last.replace(year=year), first.end)
    except ValueError:
        return first
    if turned and (last.last - dated.first).days > _LONGEST_TURN:
        raise Unclear(f"“{text}” ends before it begins. Which days do you mean?", [text])
    remark = Remark("year_assumed", f"“{text}” begins in {year}.")
    return replace(dated, remarks=(remark,)) if turned else dated
