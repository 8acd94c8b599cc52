"""How the cells of one column become values: decided once from a sample of it, then applied to every row."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from app.errors import InvalidInput
from app.imports.dates import DateOrder, Undecided, decide_order, read_day, read_moment
from app.imports.fields import ImportField, ValueType
from app.imports.numbers import DecimalMark, decide_mark, read_money, read_whole

Reader = Callable[[str], Any]
"""Turns a cell that is not blank into a value; raises ValueError with the rest of the sentence "<column>: ..."."""

YES = frozenset({"yes", "y", "true", "t", "1", "on", "subscribed"})
NO = frozenset({"no", "n", "false", "f", "0", "off", "unsubscribed", "not subscribed", "never subscribed"})
WORDS_OF_TRUTH = frozenset({"yes", "no", "true", "false", "y", "n"})

NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,6})?", re.ASCII)
"""A number that loses nothing by being one: no leading zeros (postcodes, ids), at most 15 digits before the point."""

REMEMBERED = 4_096
"""Distinct cells whose value is remembered per column: dates and amounts repeat a great deal."""

HINTS: dict[ValueType, tuple[str, ...]] = {
    ValueType.DAY: tuple(DateOrder),
    ValueType.MOMENT: tuple(DateOrder),
    ValueType.MONEY: tuple(DecimalMark),
}
"""What may follow a field in an explicit mapping, as in `placed_at:day-first`."""


def reader_for(column: str, field: ImportField, hint: str, sample: Sequence[str], zone: ZoneInfo) -> Reader:
    """The reader of a column whose first cells are `sample`. Raises InvalidInput when they can be read in two ways."""
    cells = [cell.strip() for cell in sample if cell and not cell.isspace()]
    try:
        match field.type:
            case ValueType.MOMENT:
                order = DateOrder(hint) if hint else decide_order(cells)
                return _remembering(lambda text: read_moment(text, order, zone))
            case ValueType.DAY:
                order = DateOrder(hint) if hint else decide_order(cells)
                return _remembering(lambda text: read_day(text, order))
            case ValueType.MONEY:
                mark = DecimalMark(hint) if hint else decide_mark(cells)
                return _remembering(lambda text: read_money(text, mark))
            case ValueType.WHOLE:
                return _remembering(read_whole)
            case ValueType.BOOLEAN:
                return read_boolean
            case ValueType.TAGS:
                return read_tags
            case ValueType.ATTRIBUTE:
                return _attribute_reader(cells)
            case _:
                return str.strip
    except Undecided as undecided:
        raise _ambiguous(column, field, undecided) from undecided


def read_boolean(text: str) -> bool:
    """Yes or no. Raises ValueError."""
    word = text.strip().lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise ValueError(f"{text[:40]!r} is neither yes nor no")


def read_tags(text: str) -> list[str]:
    """Tags apart, each once, in their order."""
    return list(dict.fromkeys(tag for part in re.split(r"[;,|]", text) if (tag := part.strip())))


def _attribute_reader(cells: Sequence[str]) -> Reader:
    """A custom attribute has the type that the whole sample agrees on; a later cell that does not fit stays text."""
    if cells and all(NUMBER.fullmatch(cell) for cell in cells):
        return _number_or_text
    if cells and all(cell.lower() in WORDS_OF_TRUTH for cell in cells):
        return lambda text: read_boolean(text) if text.strip().lower() in WORDS_OF_TRUTH else text.strip()
    return str.strip


def _number_or_text(text: str) -> float | int | str:
    text = text.strip()
    if not NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)


def _remembering(read: Reader) -> Reader:
    known: dict[str, Any] = {}

    def remembered(text: str) -> Any:
        value = known.get(text)
        if value is None:
            value = read(text)
            if len(known) < REMEMBERED:
                known[text] = value
        return value

    return remembered


def _ambiguous(column: str, field: ImportField, undecided: Undecided) -> InvalidInput:
    plain = "as 1234.50, without thousands marks" if field.type is ValueType.MONEY else "as 2026-03-31"
    ways = " or ".join(f"{field.name}:{way}" for way in undecided.ways)
    return InvalidInput.of(
        column, f"{undecided.example!r} can be read in two ways. Write the values {plain}, or map the column to {ways}."
    )
