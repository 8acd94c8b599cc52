"""Amounts as files write them: with a point or a comma before the cents, with or without thousands marks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from app.imports.dates import Undecided

MARKED = re.compile(r"[+-]?[\d.,]+")
ONE_MARK = re.compile(r"[+-]?\d{1,3}([.,])\d{3}")
BLANKS = re.compile(r"[\s'’_]")
"""Thousands marks that can be nothing else: blanks of any width (SI), apostrophes (Switzerland), underscores."""

GROUPED = {
    ".": re.compile(r"[+-]?\d{1,3}(?:(?:,\d{2,3})*,\d{3})?(?:\.\d*)?|[+-]?\d*(?:\.\d*)?"),
    ",": re.compile(r"[+-]?\d{1,3}(?:(?:\.\d{2,3})*\.\d{3})?(?:,\d*)?|[+-]?\d*(?:,\d*)?"),
}
"""Groups of three, or the two-two-three of India, then the decimals."""


class DecimalMark(StrEnum):
    """What stands before the cents."""

    POINT = "point"
    COMMA = "comma"


def decide_mark(sample: Iterable[str]) -> DecimalMark:
    """The mark that the values speak for: the last of two different ones, or one that no group of three follows.

    Raises Undecided when values have only such as "1,234" or "1.234", or when two values tell different things.
    """
    point = comma = either = ""
    for value in sample:
        text = BLANKS.sub("", value)
        last = max(text.rfind("."), text.rfind(","))
        if last < 0 or not MARKED.fullmatch(text):
            continue
        if ONE_MARK.fullmatch(text) and not text.lstrip("+-").startswith("0"):
            either = either or value
        elif text.count(text[last]) > 1:
            point, comma = (point, comma or value) if text[last] == "." else (point or value, comma)
        else:
            point, comma = (point or value, comma) if text[last] == "." else (point, comma or value)
    if (point and comma) or (either and not point and not comma):
        raise Undecided(either or comma, tuple(DecimalMark))
    return DecimalMark.COMMA if comma else DecimalMark.POINT


def read_money(text: str, mark: DecimalMark) -> Decimal:
    """An exact amount without a currency sign. Raises ValueError."""
    digits = BLANKS.sub("", text)
    decimal, thousands = (".", ",") if mark is DecimalMark.POINT else (",", ".")
    if not GROUPED[decimal].fullmatch(digits) or not any(character.isdigit() for character in digits):
        raise ValueError(f"{text[:40]!r} is not an amount such as 1234.50")
    return Decimal(digits.replace(thousands, "").replace(decimal, "."))


def read_whole(text: str) -> int:
    """A whole number, zero or more. Raises ValueError."""
    digits = re.sub(r"\.0+$", "", text.strip())
    if not re.fullmatch(r"\d{1,9}", digits, re.ASCII):
        raise ValueError(f"{text[:40]!r} is not a whole number")
    return int(digits)
