"""One condition and one customer in words: why it holds or not, and what would have to be different.

"total spent $812.40 is not more than $1,000"; "needs more than $187.60 more total spend".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.segments.catalogue.fields import Catalogue, FieldType
from app.segments.rule.dates import Clock
from app.segments.rule.nodes import CampaignCondition, Condition, Leaf, OrdersCondition
from app.segments.rule.normal import PRESENCE_OF_ORDERS
from app.segments.sentence import which_orders
from app.segments.sentence.terms import Terms, terms
from app.segments.sentence.wording import Wording, listed, quoted

EQUALITY = frozenset({"=", "!=", "in", "notIn"})
OPPOSITE_ORDER = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}
INFINITIVES = (
    ("is not ", "not be "),
    ("is ", "be "),
    ("does not ", "not "),
    ("do not ", "not "),
    ("did not open", "not have opened"),
    ("did not click", "not have clicked"),
    ("did not order", "not have ordered"),
    ("was not ", "not have been "),
    ("was ", "have been "),
    ("opened", "have opened"),
    ("clicked", "have clicked"),
    ("ordered", "have ordered"),
    ("accepts", "accept"),
    ("includes", "include"),
    ("contains", "contain"),
    ("begins", "begin"),
    ("ends", "end"),
    ("comes", "come"),
)


class Reasons:
    """Puts single conditions into words for one catalogue, day and locale."""

    def __init__(self, catalogue: Catalogue, clock: Clock, locale: str) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._locale = locale
        self._words = Wording(catalogue.currency, locale)

    def because(self, leaf: Leaf, truth: bool, value: Any) -> str:
        """A clause with the value that was found: "city is Delhi, not Pune". `truth` has the negation included."""
        said = terms(leaf, self._catalogue, locale=self._locale)
        outcome = said.test if truth else said.denial
        if not isinstance(leaf, Condition | OrdersCondition) or not said.subject:
            return f"{said.subject} {outcome}".strip()
        if _nothing(value):
            if isinstance(leaf, Condition) and leaf.field in PRESENCE_OF_ORDERS:
                return "there is no order yet"
            return f"{said.subject} {'are none' if self._is_tags(leaf) else 'is unknown'}"
        if isinstance(leaf, Condition):
            if self._is_tags(leaf) or leaf.operator in ("null", "notNull"):
                return f"{said.subject} {outcome}"
            if leaf.operator in EQUALITY and self._type(leaf) in (FieldType.TEXT, FieldType.ENUM):
                found = self.found(leaf, value)
                other = f", {outcome.removeprefix('is ')}" if outcome.startswith("is not ") else ""
                return f"{said.subject} is {found}{other}"
        found = self.found(leaf, value)
        if self._type(leaf) is FieldType.NUMBER and outcome.startswith("is "):
            told = outcome.removeprefix("is ")
            return f"{said.subject} is {found}{f', {told}' if told != found else ''}"
        return f"{said.subject} {found} {outcome}"

    def fact(self, leaf: Leaf, value: Any) -> str:
        """What was found where the condition holds, without the test: "$2,400 spent", "last order today"."""
        said = terms(leaf, self._catalogue, locale=self._locale)
        if not isinstance(leaf, Condition | OrdersCondition) or not said.subject or _nothing(value):
            return self.because(leaf, True, value)
        if self._type(leaf) not in (FieldType.NUMBER, FieldType.MONEY, FieldType.DATE):
            return self.because(leaf, True, value)
        found = self.found(leaf, value)
        noun = self._noun(leaf, Decimal(value)) if isinstance(value, int | Decimal) else None
        if noun == "total spend":
            return f"{found} spent"
        return f"{found} {noun}" if noun else f"{said.subject} {found}"

    def change(self, leaf: Leaf, value: Any) -> str:
        """What would have to be different for the condition to hold, its negation included, now that it does not."""
        said = terms(leaf, self._catalogue, locale=self._locale)
        demand = self._demand(leaf, said)
        if isinstance(leaf, CampaignCondition) or not isinstance(leaf, Condition | OrdersCondition):
            return demand
        if _nothing(value):
            if isinstance(leaf, Condition) and leaf.field in PRESENCE_OF_ORDERS:
                return f"{demand}; there is none yet"
            return demand if self._is_tags(leaf) or not said.subject else f"{demand}; it is unknown"
        if self._type(leaf) is FieldType.DATE:
            return f"{demand}; it was {self.found(leaf, value)}" if leaf.operator != "null" else demand
        distance = self._distance(leaf, value)
        return distance or demand

    def found(self, leaf: Leaf, value: Any) -> str:
        """A value in words: "$812.40", "42 days ago", "“new” and “web”", "unknown"."""
        if _nothing(value):
            return "unknown"
        if isinstance(value, list):
            return listed([self.found(leaf, item) for item in value], "and")
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, datetime):
            birthday = isinstance(leaf, Condition) and self._catalogue.fields[leaf.field].calendar
            return self._words.day(value.date()) if birthday else self._ago(value.astimezone(self._clock.zone).date())
        if isinstance(value, date):
            return self._words.day(value)
        if isinstance(value, int | float | Decimal):
            return self._words.money(Decimal(value)) if self._is_money(leaf) else self._words.number(value)
        return quoted(value) if self._is_tags(leaf) else str(value)

    def _demand(self, leaf: Leaf, said: Terms) -> str:
        if isinstance(leaf, Condition) and leaf.field == "tags" and isinstance(leaf.value, tuple):
            which = said.test.removeprefix("do not ").removeprefix("include ")
            return f"would have to be {'not ' * (said.test != f'include {which}')}tagged {which}"
        for verb, infinitive in INFINITIVES:
            if said.test.startswith(verb):
                rest = said.test.removeprefix(verb)
                return f"{said.subject} would have to {infinitive}{rest}".strip()
        return f"{said.subject} would have to {said.test}".strip()

    def _distance(self, leaf: Condition | OrdersCondition, value: Any) -> str | None:
        """How far a number is from what is asked, where more or less of it would do."""
        bound = _bound(leaf, value)
        if bound is None:
            return None
        operator, wanted = bound
        whole = isinstance(leaf, OrdersCondition) and leaf.measure == "count"
        whole = whole or (isinstance(leaf, Condition) and leaf.field == "order_count")
        gap = abs(Decimal(str(wanted)) - Decimal(str(value)))
        if whole and operator in (">", "<"):
            gap += 1
        strict = "more than " if operator in (">", "<") and not whole else ""
        amount = self._words.money(gap) if self._is_money(leaf) else self._words.number(gap)
        noun = self._noun(leaf, gap)
        if operator in (">", ">=") and noun:
            return f"needs {strict}{amount} more {noun}"
        subject = terms(leaf, self._catalogue, locale=self._locale).subject
        return f"{subject} would have to be {strict}{amount} {'higher' if operator in ('>', '>=') else 'lower'}"

    def _noun(self, leaf: Condition | OrdersCondition, gap: Decimal) -> str | None:
        """What there would have to be more of; None where more of something does not simply add up."""
        orders = "order" if gap == 1 else "orders"
        if isinstance(leaf, OrdersCondition):
            which = which_orders(leaf, self._catalogue, locale=self._locale)
            return {"count": f"{orders}{which}", "sum": f"spending on orders{which}"}.get(leaf.measure)
        return {"order_count": orders, "total_spent": "total spend"}.get(leaf.field)

    def _ago(self, day: date) -> str:
        days = (self._clock.today - day).days
        if days in (0, 1, -1):
            return {0: "today", 1: "yesterday", -1: "tomorrow"}[days]
        return f"{days:,} days ago" if days > 0 else f"in {-days:,} days"

    def _type(self, leaf: Condition | OrdersCondition) -> FieldType:
        if isinstance(leaf, Condition):
            return self._catalogue.fields[leaf.field].type
        return FieldType.NUMBER if leaf.measure == "count" else FieldType.MONEY

    def _is_money(self, leaf: Leaf) -> bool:
        return isinstance(leaf, Condition | OrdersCondition) and self._type(leaf) is FieldType.MONEY

    def _is_tags(self, leaf: Leaf) -> bool:
        return isinstance(leaf, Condition) and self._type(leaf) is FieldType.TAGS


def _bound(leaf: Condition | OrdersCondition, value: Any) -> tuple[str, Any] | None:
    """The side on which a number misses, as a comparison that it would have to meet."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not math.isfinite(value):
        return None
    operator, wanted = leaf.operator, leaf.value
    if leaf.negated:
        operator = OPPOSITE_ORDER.get(operator, "")
    if operator == "between" and isinstance(wanted, tuple):
        low, high = wanted
        return (">=", low) if Decimal(str(value)) < Decimal(str(low)) else ("<=", high)
    return (operator, wanted) if operator in OPPOSITE_ORDER else None


def _nothing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, Sequence) and not value)
