"""Checks no model can talk its way around: amounts, days and values come from the prompt or the shop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from app.ai.directions import check_directions
from app.ai.faults import Fault
from app.segments.catalogue import Catalogue, Field, FieldType
from app.segments.grammar.days import day_after, day_before, stretch
from app.segments.grammar.names import Names
from app.segments.grammar.numbers import amount, number
from app.segments.grammar.prompt import Prompt, Unclear
from app.segments.grammar.tokens import tokenize
from app.segments.rule import CampaignCondition
from app.segments.rule.nodes import Condition, Group, Node, OrdersCondition, RelativeDay, Span, Value, leaves
from models.values import fold

ALWAYS_SAID = frozenset(map(Decimal, (0, 1)))
"""Numbers that "never", "any" and "a month" say without a digit."""
_NEVER_NEGATIVE = ("order_count", "total_spent", "average_order_value", "age")
_WORDS = {"once": 1, "twice": 2, "thrice": 3, "both": 2, "repeat": 2, "returning": 2, "multiple": 2, "dozen": 12}
_TEXT = (FieldType.TEXT, FieldType.ENUM, FieldType.TAGS)


def reading(prompt: str, catalogue: Catalogue, today: date) -> Prompt:
    """The prompt as the grammar's tokens, for looking things up in it."""
    return Prompt(prompt, tuple(tokenize(prompt)), catalogue, today, Names(catalogue))


def currency_question(prompt: Prompt) -> str | None:
    """What to ask when an amount bears another currency than the shop's; None when none does."""
    for at in range(len(prompt)):
        try:
            amount(prompt, at)
        except Unclear as unclear:
            return unclear.question
    return None


def check(rule: Group, prompt: Prompt, *, present: Group | None = None) -> None:
    """Raise Fault for the first number, day or value in the rule that neither the prompt nor the rule to refine says.

    Numbers are compared after expanding what people write: 10k, 1.5 lakh, "two thousand". A day of the calendar has to
    lie in a day, month or year that the prompt names, give or take a day, since "since" and "after" differ by one.
    Directions are checked where the words are sure, and a condition that everybody meets is refused.
    """
    _check_days(rule, prompt, present)
    _check_numbers(rule, prompt, present)
    _check_values(rule, prompt, present)
    _check_everyone(rule, prompt, present)
    check_directions(rule, prompt, present=present)


def _check_days(rule: Group, prompt: Prompt, present: Group | None) -> None:
    said = list(_stretches(prompt))
    said += [(item, item) for _, value in _values(present) for item in _flat(value) if isinstance(item, date)]
    for path, value in _values(rule):
        for day in (item for item in _flat(value) if isinstance(item, date)):
            if not any(day_before(first) <= day <= day_after(last) for first, last in said):
                raise Fault(
                    "relative_date_expected",
                    f"{path}: the request names no such day as {day}; keep relative times relative, such as "
                    '{"amount": 90, "unit": "day"} with inLast or before',
                )


def _check_numbers(rule: Group, prompt: Prompt, present: Group | None) -> None:
    said = {item for at in range(len(prompt)) for item in _numbers_at(prompt, at)} | ALWAYS_SAID
    said |= {figure for _, value in _values(present) for item in _flat(value) if (figure := _counted(item)) is not None}
    for path, value in _values(rule):
        for item in _flat(value):
            figure = _counted(item)
            if figure is not None and figure not in said:
                listed = ", ".join(f"{one:f}" for one in sorted(said - ALWAYS_SAID)) or "none"
                raise Fault(
                    "number_not_in_prompt",
                    f"{path}: {figure:f} does not occur in the request; the numbers in it are {listed}",
                )


def _check_everyone(rule: Group, prompt: Prompt, present: Group | None) -> None:
    """Nobody spends less than nothing: a condition that everybody meets hides that nothing was understood."""
    known = set(leaves(present)) if present is not None else set()
    for leaf in leaves(rule):
        if not isinstance(leaf, Condition | OrdersCondition) or leaf in known:
            continue
        name = leaf.field if isinstance(leaf, Condition) else "orders"
        figure = _figure(leaf.value)
        low = figure is not None and (figure < 0 or (figure == 0 and leaf.operator == ">="))
        if name in (*_NEVER_NEGATIVE, "orders") and low and leaf.operator in (">", ">="):
            raise Fault("everyone", f"{name}: everybody has {leaf.operator} {figure:f}; say who is meant, or refuse")


def _check_values(rule: Group, prompt: Prompt, present: Group | None) -> None:
    had = {fold(value) for _, _, values in _texts(present, prompt.catalogue) for value in values} if present else set()
    for field, path, values in _texts(rule, prompt.catalogue):
        known = {fold(value) for value in field.values}
        for value in values:
            if fold(value) not in known | had and not _says(prompt, value, whole=bool(known)):
                possible = ", ".join(field.values[:30])
                hint = f"use one of {possible}" if possible else "it does not occur in the request"
                raise Fault("bad_value", f"{path}: {value!r} is not a {field.label.lower()} of this shop; {hint}")


def _stretches(prompt: Prompt) -> Iterator[tuple[date, date]]:
    for at in range(len(prompt)):
        try:
            found = stretch(prompt, at)
        except Unclear:
            continue
        if found is not None:
            yield found.first, found.last


def _numbers_at(prompt: Prompt, at: int) -> Iterator[Decimal]:
    word = prompt.word(at)
    if word in _WORDS:
        yield Decimal(_WORDS[word])
    token = prompt.token(at)
    if token is not None and token.kind == "number":
        yield Decimal(token.word.replace(",", ""))
    try:
        found = number(prompt, at)
    except Unclear:
        return
    if found is not None:
        yield found.value


def _says(prompt: Prompt, value: str, *, whole: bool) -> bool:
    """Whether the prompt says this value: as words of their own, or anywhere where the field's values are free."""
    if not whole:
        return fold(value) in fold(prompt.text)
    return len(value) > 1 and any(prompt.spelled(at, value) is not None for at in range(len(prompt)))


def _values(rule: Group | None) -> Iterator[tuple[str, Value]]:
    for leaf in leaves(rule) if rule is not None else ():
        if isinstance(leaf, Condition):
            yield leaf.field, leaf.value
        if isinstance(leaf, OrdersCondition):
            yield "orders", leaf.value
            if leaf.where is not None:
                yield from ((f"orders.where.{name}", value) for name, value in _values(leaf.where))
        if isinstance(leaf, OrdersCondition | CampaignCondition) and leaf.window is not None:
            yield "window", leaf.window.value


def _texts(rule: Node, catalogue: Catalogue, *, orders: bool = False) -> Iterator[tuple[Field, str, tuple[str, ...]]]:
    fields = catalogue.order_fields if orders else catalogue.fields
    for leaf in leaves(rule):
        if isinstance(leaf, OrdersCondition) and leaf.where is not None:
            yield from _texts(leaf.where, catalogue, orders=True)
        field = fields.get(leaf.field) if isinstance(leaf, Condition) else None
        if isinstance(leaf, Condition) and field is not None and field.type in _TEXT:
            values = tuple(item for item in _flat(leaf.value) if isinstance(item, str))
            exact = leaf.operator in ("=", "!=", "in", "notIn", "anyOf", "allOf", "noneOf")
            part = field if exact else Field(name=field.name, label=field.label, type=FieldType.TEXT)
            yield part, f"orders.where.{field.name}" if orders else field.name, values


def _flat(value: Value) -> Iterator[object]:
    if isinstance(value, tuple):
        yield from value
    elif value is not None:
        yield value


def _counted(item: object) -> Decimal | None:
    """The number in a value, or in a length of time."""
    return Decimal(item.amount) if isinstance(item, RelativeDay | Span) else _figure(item)


def _figure(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return value if isinstance(value, Decimal) else Decimal(str(value))
