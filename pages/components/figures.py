"""Numbers and money as the member's locale writes them (CLDR through Babel)."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_compact_decimal, format_currency, format_decimal
from nicegui.elements.mixins.text_element import TextElement

from pages.components.text import text

NBSP = "\u00a0"


def money(amount: Decimal | int | None, currency: str, locale: str = "en_US", *, whole: bool = False) -> str:
    """`$1,284.50`; `whole` leaves the cents out; no amount is a dash."""
    if amount is None:
        return "–"
    if whole:
        return str(format_currency(amount, currency, "¤#,##0", locale=locale, currency_digits=False))
    return str(format_currency(amount, currency, locale=locale))


@lru_cache(maxsize=4_096, typed=True)
def number(value: Decimal | int | float | None, locale: str = "en_US") -> str:
    """`23,570`; no value is a dash. Kept, because every open page of a campaign asks for the same ones."""
    return "–" if value is None else str(format_decimal(value, locale=locale))


def compact(value: int | float, locale: str = "en_US") -> str:
    """`24K`, for axes and narrow places."""
    return str(format_compact_decimal(value, locale=locale, fraction_digits=1))


@lru_cache(maxsize=4_096, typed=True)
def percent(share: float | None, locale: str = "en_US", *, digits: int = 1) -> str:
    """A share of one as `31.8 %`, the space not breaking; no value is a dash."""
    if share is None:
        return "–"
    return str(format_decimal(share * 100, "#,##0." + "0" * digits if digits else "#,##0", locale=locale)) + f"{NBSP}%"


def signed(value: float, locale: str = "en_US", *, unit: str = "%", digits: int = 1) -> str:
    """A change with its sign, `+12.4 %` or `−1.9 pt`."""
    figure = format_decimal(abs(value), "#,##0." + "0" * digits if digits else "#,##0", locale=locale)
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{figure}" + (f"{NBSP}{unit}" if unit else "")


def plural(count: int, one: str, many: str | None = None, locale: str = "en_US") -> str:
    """`1 order`, `1,204 people`."""
    return f"{number(count, locale)} {one if count == 1 else many or one + 's'}"


def money_label(amount: Decimal | None, currency: str, locale: str = "en_US", css: str = "") -> TextElement:
    """An amount whose digits line up."""
    return text(money(amount, currency, locale), f"num {css}", tag="span")
