"""Values of a rule in words: money, numbers, days, stretches and lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, get_currency_precision

from app.segments.catalogue.fields import Field, FieldType
from app.segments.rule.nodes import Period, RelativeDay, Span, Value

NAMES = frozenset({"gender", "source", "country", "region", "city", "postal_code", "category", "product", "channel"})
"""Fields whose values read well without quotation marks."""

NAME = re.compile(r"\w[\w.&'’/-]*( [\w.&'’/-]+)*")
GRAMMATICAL = frozenset(
    {"and", "or", "not", "is", "are", "in", "who", "whose", "the", "known", "unknown", "with", "on"}
)

COMPARED = {">": "more than", ">=": "at least", "<": "less than", "<=": "at most", "=": "exactly", "!=": "exactly"}

MOST_DIGITS = 20
"""Decimal places a number is written out with; smaller ones are written as 1e-30."""


@lru_cache(maxsize=64)
def known_locale(name: str) -> Locale:
    """The locale of this name, else American English; numbers, money and dates follow it."""
    try:
        return Locale.parse(name.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale.parse("en_US")


class Wording:
    """Puts values into words for one currency and locale."""

    def __init__(self, currency: str, locale: str) -> None:
        self.currency = currency
        self.locale = locale

    def money(self, value: Value) -> str:
        """`$10,000`, `$99.95`: cents only where there are some."""
        return _money(value, self.currency, self.locale) if isinstance(value, Decimal) else self.number(value)

    def number(self, value: Value) -> str:
        """`1,200`, `42.5`."""
        if isinstance(value, int | float | Decimal):
            return _number(value, self.locale)
        return str(value)

    def compared(self, operator: str, value: Value, *, money: bool, plain: str = "exactly") -> str:
        """`more than $50`, `between 2 and 4`; `plain` is said for equality."""
        said = self.money if money else self.number
        if isinstance(value, tuple):
            return f"between {said(value[0])} and {said(value[1])}"
        word = plain if operator in ("=", "!=") else COMPARED[operator]
        return f"{word} {said(value)}".strip()

    def day(self, day: date) -> str:
        """`March 1, 2026`."""
        return str(format_date(day, "long", locale=known_locale(self.locale)))

    def when(self, operator: str, value: Value) -> str:
        """A date operator in words that follow a verb: `in the last 90 days`, `before March 1, 2026`, `this month`."""
        if isinstance(value, Period):
            return f"{value.period} {value.unit}"
        if isinstance(value, Span):
            if operator == "notInLast":
                return f"more than {_amount(value.amount, value.unit)} ago"
            side = "next" if operator in ("inNext", "anniversaryInNext") else "last"
            return f"in the {side} {_stretch(value)}"
        if isinstance(value, tuple):
            return f"between {self._named(value[0])} and {self._named(value[1])}"
        return self._relative(operator, value) if isinstance(value, RelativeDay) else f"{operator} {self._named(value)}"

    def _relative(self, operator: str, value: RelativeDay) -> str:
        if value.amount and value.direction == "ago":
            words = {"before": "more than ", "after": "less than ", "on": "exactly "}[operator]
            return f"{words}{_amount(value.amount, value.unit)} ago"
        named = self._named(value)
        return named if operator == "on" and not value.amount else f"{operator} {named}"

    def _named(self, value: Value) -> str:
        if isinstance(value, date):
            return self.day(value)
        if not isinstance(value, RelativeDay):
            return str(value)
        if not value.amount:
            return "today"
        return f"the day {_amount(value.amount, value.unit)} {'ago' if value.direction == 'ago' else 'from now'}"


def quoted(text: object) -> str:
    """Text as the shop wrote it, in quotation marks; marks within it are doubled, so that its end is always plain."""
    return f"“{str(text).replace('“', '““').replace('”', '””')}”"


def spoken(value: object, field: Field) -> str:
    """A value without quotation marks where it reads as a name in the sentence and nothing else, with them elsewhere.

    So the one city "Mumbai or Pune" never reads like the two of them.
    """
    text = str(value)
    plain = (field.name in NAMES or field.type is FieldType.ENUM) and NAME.fullmatch(text)
    return text if plain and not GRAMMATICAL & set(text.lower().split()) else quoted(text)


def listed(words: Iterable[str], joint: str) -> str:
    """`a`, `a or b`, `a, b, or c`."""
    parts = list(words)
    if len(parts) < 3:
        return f" {joint} ".join(parts)
    return f"{', '.join(parts[:-1])}, {joint} {parts[-1]}"


def lowered(label: str) -> str:
    """A label inside a sentence: without its capital, unless it is an abbreviation."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _number(value: float | Decimal, name: str) -> str:
    """Every digit there is: two numbers never look alike."""
    exact = value if isinstance(value, int) else Decimal(str(value))
    exponent = exact.as_tuple().exponent if isinstance(exact, Decimal) else 0
    digits = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    if digits > MOST_DIGITS:
        return str(value)
    pattern = f"#,##0.{'#' * digits}" if digits else "#,##0"
    return str(format_decimal(exact, format=pattern, locale=known_locale(name), decimal_quantization=False))


@lru_cache(maxsize=4096)
def _money(value: Decimal, currency: str, name: str) -> str:
    locale = known_locale(name)
    pattern = str(locale.currency_formats["standard"].pattern)
    exponent = value.as_tuple().exponent
    digits = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    digits = max(digits, get_currency_precision(currency)) if digits else 0
    whole = pattern.replace(".00", f".{'0' * digits}" if digits else "")
    return str(format_currency(value, currency, whole, locale=locale, currency_digits=False))


def _amount(amount: int, unit: str) -> str:
    return f"{amount:,} {unit}" if amount == 1 else f"{amount:,} {unit}s"


def _stretch(span: Span) -> str:
    return span.unit if span.amount == 1 else _amount(span.amount, span.unit)
