"""A fact: something computed, with its unit, and how it is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, TypeAlias

from babel.numbers import format_currency, format_decimal

Unit: TypeAlias = Literal["count", "money", "percent", "points", "days", "name"]
"""`percent` is of a hundred (31.8), `points` are percentage points, `name` is a text such as a category."""

NBSP = "\u00a0"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One computed value. `label` says what it is, numbers that belong to it included ("in the last 30 days").

    `change` marks a difference, whose sign says whether it went up or down. `proof` marks one that measures an effect
    against a group that was held out by lot: it alone allows to speak of causes.
    """

    id: str
    label: str
    value: Decimal | str
    unit: Unit
    change: bool = False
    proof: bool = False

    @property
    def number(self) -> Decimal:
        """The value of a fact that is no name."""
        assert isinstance(self.value, Decimal)
        return self.value


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence and the ids of the facts it stands on."""

    text: str
    facts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known about one subject. `said` puts it into words without an AI.

    `missing` says what there is not enough data for; with nothing in `facts` there is nothing else to say.
    """

    subject: Literal["campaign", "customer", "shop"]
    currency: str
    facts: tuple[Fact, ...] = ()
    said: tuple[Sentence, ...] = ()
    missing: str | None = None

    def get(self, id: str) -> Fact | None:
        """The fact of this id."""
        return next((fact for fact in self.facts if fact.id == id), None)


@dataclass
class Notebook:
    """Collects facts and sentences while they are computed."""

    currency: str
    locale: str = "en_US"
    facts: list[Fact] = field(default_factory=list)
    said: list[Sentence] = field(default_factory=list)

    def note(
        self,
        id: str,
        label: str,
        value: Decimal | int | float | str,
        unit: Unit,
        *,
        change: bool = False,
        proof: bool = False,
    ) -> str:
        """Keep a fact; answers how it is written, without its sign if it is a change."""
        kept = value if isinstance(value, str) else Decimal(str(value))
        fact = Fact(id=id, label=label, value=kept, unit=unit, change=change, proof=proof)
        self.facts.append(fact)
        return written(fact, self.currency, self.locale, signed=False)

    def say(self, text: str, *facts: str) -> None:
        """Keep a sentence that stands on these facts."""
        self.said.append(Sentence(text=text, facts=facts))

    def closed(self, subject: Literal["campaign", "customer", "shop"], missing: str | None = None) -> Facts:
        """All of it."""
        return Facts(
            subject=subject, currency=self.currency, facts=tuple(self.facts), said=tuple(self.said), missing=missing
        )


def written(fact: Fact, currency: str, locale: str = "en_US", *, signed: bool = True) -> str:
    """The value as people read it: `12,345`, `$1,284.50`, `31.8 %`, `2.4 points`, `14 days`. A change has its sign."""
    if isinstance(fact.value, str):
        return fact.value
    value = abs(fact.value) if fact.change else fact.value
    sign = ("+" if fact.value > 0 else "−" if fact.value < 0 else "") if fact.change and signed else ""
    if fact.unit == "money":
        whole = abs(value) >= 1_000
        shown = value.quantize(Decimal(1), ROUND_HALF_UP) if whole else value
        text = (
            format_currency(shown, currency, "¤#,##0", locale=locale, currency_digits=False)
            if whole
            else format_currency(shown, currency, locale=locale)
        )
        return f"{sign}{text}"
    if fact.unit in ("percent", "points"):
        step, pattern = ("0.01", "#,##0.0#") if 0 < abs(value) < Decimal("0.1") else ("0.1", "#,##0.0")
        text = format_decimal(value.quantize(Decimal(step), ROUND_HALF_UP), pattern, locale=locale)
        return f"{sign}{text}{NBSP}{'%' if fact.unit == 'percent' else 'points'}"
    text = format_decimal(value, locale=locale)
    return f"{sign}{text}{NBSP}{'day' if value == 1 else 'days'}" if fact.unit == "days" else f"{sign}{text}"


def share(part: int, whole: int) -> Decimal:
    """Part of a whole in percent, to two decimals."""
    return (Decimal(100 * part) / Decimal(whole)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def cited(facts: Facts, ids: Sequence[str]) -> Iterator[Fact]:
    """The facts of these ids, those that exist."""
    for id in ids:
        if (fact := facts.get(id)) is not None:
            yield fact
