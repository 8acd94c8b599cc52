"""Calendar days and stretches as people write them: 1 March 2026, 2026-03-01, March, 2025."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from app.segments.grammar.prompt import Prompt, Remark, Unclear

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
MONTHS = (
    {name: n for n, name in enumerate(_MONTHS, 1)} | {name[:3]: n for n, name in enumerate(_MONTHS, 1)} | {"sept": 9}
)
_ORDINALS = ("", "st", "nd", "rd", "th")
_YEAR = re.compile(r"(19|20)[0-9]{2}")


@dataclass(frozen=True)
class Stretch:
    """The days from `first` to `last`, both included, as written up to token `end`; one day when they are equal."""

    first: date
    last: date
    end: int
    remarks: tuple[Remark, ...] = ()
    month: bool = False
    """Whether it is a month, which needs no "in" before it when its year is said."""

    @property
    def single(self) -> bool:
        """Whether it is one day."""
        return self.first == self.last


def stretch(prompt: Prompt, at: int) -> Stretch | None:
    """The day, month or year written at a token. A missing year is the latest one that has begun by today."""
    return _iso(prompt, at) or _day_month(prompt, at) or _year(prompt, at)


def _iso(prompt: Prompt, at: int) -> Stretch | None:
    token = prompt.token(at)
    if token is None or token.kind != "day":
        return None
    numbers = [int(part) for part in re.split(r"[-/]", token.word)]
    if "-" in token.word:
        day = _date(*numbers, text=token.text)
    elif numbers[0] > 12 or numbers[0] == numbers[1]:
        day = _date(numbers[2], numbers[1], numbers[0], text=token.text)
    elif numbers[1] > 12:
        day = _date(numbers[2], numbers[0], numbers[1], text=token.text)
    else:
        raise Unclear(
            f"“{token.text}” can be read in two ways. Which day do you mean? Write it like 1 March 2026.", [token.text]
        )
    return Stretch(day, day, at + 1)


def _day_month(prompt: Prompt, at: int) -> Stretch | None:
    """1 March 2026, 1st of March, March 1, 2026, March 2026, March."""
    day, end = _ordinal(prompt, prompt.skip(at, "the"))
    end = at if day is None else prompt.skip(end, "of")
    month = MONTHS.get(prompt.word(end))
    if month is None:
        return None
    end = prompt.skip(end + 1, ".") if prompt.word(end) not in _MONTHS and prompt.has(end + 1, ".") else end + 1
    if day is None:
        after, later = _ordinal(prompt, end)
        if after is not None and not _YEAR.fullmatch(prompt.word(end)):
            day, end = after, later
    year, end, remarks = _year_after(prompt, end, month, day)
    if day is not None:
        exact = _date(year, month, day, text=prompt.span(at, end))
        return Stretch(exact, exact, end, remarks)
    return Stretch(date(year, month, 1), date(year, month, monthrange(year, month)[1]), end, remarks, month=True)


def _ordinal(prompt: Prompt, at: int) -> tuple[int | None, int]:
    token = prompt.token(at)
    if token is None or token.kind != "number" or token.suffix.lower() not in _ORDINALS or not token.word.isdigit():
        return None, at
    return (int(token.word), at + 1) if 1 <= int(token.word) <= 31 else (None, at)


def _year_after(prompt: Prompt, at: int, month: int, day: int | None) -> tuple[int, int, tuple[Remark, ...]]:
    start = prompt.skip(at, ",", "of") if _YEAR.fullmatch(prompt.word(prompt.skip(at, ",", "of"))) else at
    if _YEAR.fullmatch(prompt.word(start)):
        return int(prompt.word(start)), start + 1, ()
    today = prompt.today
    year = today.year if (month, day or 1) <= (today.month, today.day) else today.year - 1
    text = f"{day} " if day else ""
    name = _MONTHS[month - 1].capitalize()
    return year, at, (Remark("year_assumed", f"{text}{name} is taken as {text}{name} {year}, the latest one."),)


def _year(prompt: Prompt, at: int) -> Stretch | None:
    start = prompt.skip(at, "the year", "year")
    token = prompt.token(start)
    if token is None or token.kind != "number" or not _YEAR.fullmatch(prompt.word(start)):
        return None
    return Stretch(date(int(token.word), 1, 1), date(int(token.word), 12, 31), start + 1)


def _date(year: int, month: int, day: int, *, text: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Unclear(f"“{text}” is not a day of the calendar. Which day do you mean?", [text]) from None


def day_after(day: date) -> date:
    """The next day."""
    return day + timedelta(days=1)


def day_before(day: date) -> date:
    """The day before."""
    return day - timedelta(days=1)
