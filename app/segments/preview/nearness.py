"""How far a customer is from a condition that compares numbers, money or dates, and what was found instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from bson import Decimal128

from app.segments.catalogue.fields import Catalogue, Field, FieldType
from app.segments.compile.operators import Filter
from app.segments.explain import found, load_facts
from app.segments.explain.evaluate import Evaluator
from app.segments.rule.dates import Clock, age_on, birthdays_of_age, days_for, midnight
from app.segments.rule.nodes import CampaignCondition, Condition, Group, Leaf, OrdersCondition
from app.segments.sentence.phrases import plural
from app.segments.sentence.wording import Wording, listed, lowered
from models.customer import Customer

RANGES = frozenset({"=", "<", "<=", ">", ">=", "between"})
DAYS = frozenset({"before", "after", "on", "between", "inLast", "notInLast", "inNext", "inPeriod"})


@dataclass(frozen=True)
class Side:
    """Those beyond one end of the wanted range, and the order in which the nearest come first."""

    wanted: Filter
    order: list[tuple[str, int]]


@dataclass(frozen=True)
class Gap:
    """The range that a condition wants of `path`, from `low` up to `high`; None is no bound."""

    path: str
    low: Any
    high: Any
    value_of: Callable[[Customer], Any]

    def sides(self) -> list[Side]:
        """Below the range and above it, as far as there is something."""
        below = Side({self.path: {"$lte": _stored(self.low)}}, [(self.path, -1)])
        above = Side({self.path: {"$gte": _stored(self.high)}}, [(self.path, 1)])
        return [*([below] if self.low is not None else []), *([above] if self.high is not None else [])]

    def distance(self, customer: Customer) -> float:
        """In the field's own unit, or seconds."""
        value = self.value_of(customer)
        gaps = [_between(value, bound) for bound in (self.low, self.high) if bound is not None]
        return min(gaps, default=0.0)


def gap_of(leaf: Condition, catalogue: Catalogue, clock: Clock) -> Gap | None:
    """The range the condition wants, or None where nobody is nearer to it than others."""
    field = catalogue.fields[leaf.field]
    if leaf.negated:
        return None
    bounds = _bounds(leaf, field, clock)
    if bounds is None:
        return None

    def value_of(customer: Customer) -> Any:
        return (_numbers(customer, field) or _moments(customer, field) or [None])[0]

    return Gap(field.path, *bounds, value_of)


def _bounds(leaf: Condition, field: Field, clock: Clock) -> tuple[Any, Any] | None:
    operator, value = leaf.operator, leaf.value
    if field.type is FieldType.DATE or field.name == "age":
        if operator not in (RANGES if field.name == "age" else DAYS):
            return None
        days = (
            birthdays_of_age(operator, value, clock.today) if field.name == "age" else days_for(operator, value, clock)
        )
        if days is None:
            return None
        begins = _utc if field.calendar or field.name == "age" else lambda day: midnight(day, clock.zone)
        return (begins(days.start) if days.start else None, begins(days.end) if days.end else None)
    if field.type not in (FieldType.NUMBER, FieldType.MONEY) or operator not in RANGES:
        return None
    low, high = value if isinstance(value, tuple) else (value, value)
    return (None if operator in ("<", "<=") else low, None if operator in (">", ">=") else high)


async def told(leaf: Leaf, customer: Customer, catalogue: Catalogue, clock: Clock, locale: str) -> str:
    """What was found where the condition looks: "total spent $9,990", "2 orders", "city is not known"."""
    raw = raw_of(customer)
    words = Wording(catalogue.currency, locale)
    if isinstance(leaf, OrdersCondition | CampaignCondition):
        group = Group(rules=(leaf,))
        evaluator = Evaluator(raw, catalogue, clock, await load_facts(group, raw["_id"], catalogue))
        if isinstance(leaf, CampaignCondition):
            times = evaluator.happened(leaf)
            return f"{leaf.operator} on {words.day(times[-1].astimezone(clock.zone).date())}" if times else "no message"
        return _measured(leaf, evaluator.measured(leaf), words)
    if not isinstance(leaf, Condition):
        return "in the segment" if leaf.negated or leaf.operator == "notIn" else "not in the segment"
    return _own(catalogue.fields[leaf.field], raw, words, clock)


def _measured(leaf: OrdersCondition, value: Any, words: Wording) -> str:
    if leaf.measure == "count":
        return f"{words.number(value)} {plural('order', value)}"
    if value is None:
        return "no orders"
    of = {"sum": "in total", "avg": "on average", "max": "at most"}[leaf.measure]
    return f"{words.money(value)} {of}"


def _own(field: Field, raw: dict[str, Any], words: Wording, clock: Clock) -> str:
    label = lowered(field.label)
    if field.name == "age":
        ages = [age_on(moment.date(), clock.today) for moment in found.moments(raw, field)]
        return f"age {words.number(ages[0])}" if ages else "age is not known"
    if field.type is FieldType.BOOLEAN:
        flags = found.booleans(raw, field)
        return f"{label}: {'yes' if flags[0] else 'no'}" if flags else f"{label}: not known"
    if field.type is FieldType.DATE:
        moments = found.moments(raw, field)
        if moments:
            day = moments[0] if field.calendar else moments[0].astimezone(clock.zone)
            return f"{label} {words.day(day.date())}"
        return " ".join([label, *(found.written_days(raw, field)[:1] or ["is not known"])])
    if field.type in (FieldType.NUMBER, FieldType.MONEY):
        numbers = found.numbers(raw, field)
        if not numbers:
            return f"{label} is not known"
        said = words.money(Decimal(numbers[0])) if field.type is FieldType.MONEY else words.number(numbers[0])
        return f"{label} {said}"
    value = found.raw_value(raw, field)
    texts = [str(item) for item in (value if isinstance(value, list) else [value]) if item]
    return f"{label} {listed(texts, 'and')}" if texts else f"{label} is not known"


def raw_of(customer: Customer) -> dict[str, Any]:
    """The customer as the evaluator reads it."""
    return {**customer.model_dump(exclude={"id"}), "_id": customer.id}


def _numbers(customer: Customer, field: Field) -> list[Any]:
    return [] if field.name == "age" or field.type is FieldType.DATE else found.numbers(raw_of(customer), field)


def _moments(customer: Customer, field: Field) -> list[datetime]:
    return found.moments(raw_of(customer), field)


def _between(value: Any, bound: Any) -> float:
    if value is None:
        return float("inf")
    if isinstance(value, datetime):
        return abs(float((value - bound).total_seconds()))
    return abs(float(value) - float(bound))


def _stored(value: Any) -> Any:
    return Decimal128(value) if isinstance(value, Decimal) else value


def _utc(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
