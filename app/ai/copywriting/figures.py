"""Numbers in a text, each with what it counts: percent, money, or anything else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from babel.numbers import list_currencies

from app.segments.grammar.numbers import TENS, UNITS

_SCALES = {"hundred": 100, "thousand": 1_000, "lakh": 100_000, "million": 1_000_000, "crore": 10_000_000}
_WORDS = {**UNITS, **TENS, **_SCALES}
_SUFFIXES = {"k": 1_000, "m": 1_000_000, **{word: value for word, value in _SCALES.items() if value >= 1_000}}
_MONEY = {
    "dollar": "$", "dollars": "$", "bucks": "$", "euro": "€", "euros": "€", "pound": "£", "pounds": "£", "quid": "£",
    "rs": "₹", "rs.": "₹", "rupee": "₹", "rupees": "₹", "yen": "¥",
    "usd": "$", "eur": "€", "gbp": "£", "inr": "₹", "jpy": "¥",
}  # fmt: skip
_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_SIGN = r"[\$€£₹¥₩₽₺฿₫₪₴₦]"
_LONG = "|".join(sorted((word for word in _MONEY if word.isalpha() and len(word) > 3), key=len, reverse=True))
_FIGURE = re.compile(
    rf"(?P<before>{_SIGN}|(?<![^\W\d_])(?:[A-Z]{{3}}(?=\s?\d)|[Rr]s\.?))?\s?"
    rf"(?:(?P<digits>\d+(?:[.,'’\u00a0\u202f]\d+)*)(?:\s?(?P<suffix>(?i:k|m|thousand|lakh|million|crore))(?![^\W\d_]))?"
    rf"|(?<![^\W\d_])(?P<words>(?i:(?:{_WORD})(?:(?:\s+and\s+|[\s-]+)(?:{_WORD}))*))(?![^\W\d_]))"
    rf"(?:\s?(?P<percent>%|٪|(?i:percent\b|per cent\b|pct\b))"
    rf"|\s?(?P<after>{_SIGN}|(?:[A-Z]{{3}}|[Rr]s\.?|(?i:{_LONG}))(?![^\W\d_])))?"
)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}|\d{1,3}(?:\.\d{3}){2,}")


@dataclass(frozen=True)
class Figure:
    """A number in a text: its value, `kind` (`percent`, `number`, or the sign of a currency) and its place.

    `places` is how many decimals it was written with, after `scale` (1,000 for `12.3k`) was taken out.
    """

    value: Decimal
    kind: str
    start: int
    end: int
    places: int = 0
    scale: int = 1
    spelled: bool = False


def plain_characters(text: str) -> str:
    """The text in the characters people mean by it: full-width and other digits become 0 to 9, compatible forms one."""
    digits = "".join(str(unicodedata.digit(char)) if char.isdigit() and not char.isascii() else char for char in text)
    return unicodedata.normalize("NFKC", digits)


def figures(text: str) -> Iterator[Figure]:
    """Every number, in digits or in English words, from left to right. Give it `plain_characters`."""
    for found in _FIGURE.finditer(text):
        value, places = _value(found)
        if value is None:
            continue
        scale = _SUFFIXES.get((found["suffix"] or "").lower(), 1)
        yield Figure(
            value=value * scale,
            kind=_kind(found),
            start=found.start() + len(found[0]) - len(found[0].lstrip()),
            end=found.end(),
            places=places,
            scale=scale,
            spelled=found["words"] is not None,
        )


def _kind(found: re.Match[str]) -> str:
    if found["percent"]:
        return "percent"
    for group in ("before", "after"):
        said = (found[group] or "").strip()
        if not said:
            continue
        known = _MONEY.get(said.lower())
        if known or not said.isalpha():
            return known or said
        if said.isupper() and said in list_currencies():
            return said
    return "number"


def _value(found: re.Match[str]) -> tuple[Decimal | None, int]:
    if found["words"]:
        return Decimal(_spelled(found["words"])), 0
    written = re.sub(r"['’\u00a0\u202f]", "", found["digits"])
    if "." in written and "," in written:
        decimal = max(written.rfind("."), written.rfind(","))
        written = re.sub(r"[.,]", "", written[:decimal]) + "." + written[decimal + 1 :]
    elif _GROUPED.fullmatch(written):
        written = re.sub(r"[.,]", "", written)
    else:
        written = written.replace(",", ".")
    try:
        return Decimal(written), len(written.partition(".")[2])
    except InvalidOperation:
        # 1.2.3 or 24.12.2026: a date or a version, each part of which has to be known.
        return Decimal(re.sub(r"\D", "", written)), 0


def _spelled(words: str) -> int:
    """`twenty-five` is 25, `two thousand five hundred` 2500."""
    total = current = 0
    for word in re.split(r"[\s-]+", words.lower()):
        if word == "and":
            continue
        value = _WORDS[word]
        if value >= 1_000:
            total += max(current, 1) * value
            current = 0
        elif value == 100:
            current = max(current, 1) * 100
        else:
            current += value
    return total + current
