"""A new value read from words, and the conditions it can go into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.segments.catalogue import Catalogue, FieldType
from app.segments.grammar.comparison import Comparison, comparison
from app.segments.grammar.days import stretch
from app.segments.grammar.frames import duration
from app.segments.grammar.names import listing
from app.segments.grammar.numbers import amount, number
from app.segments.grammar.prompt import Prompt, Unclear, plain
from models.values import fold

Json = dict[str, Any]

_BEFORE_SPAN = (
    "in the last", "the last", "last", "past", "the past", "in the past", "in last", "within", "within the last",
    "for", "next", "the next", "in the next", "over the last", "during the last", "since", "for the last",
)  # fmt: skip
_SCALARS = ("=", "!=", "<", "<=", ">", ">=")
_CHOICES = ("=", "!=", "in", "notIn", "anyOf", "allOf", "noneOf")
_LONGEST_SPAN = 1_000


@dataclass(frozen=True)
class New:
    """One of these is set: numbers with perhaps an operator, a length of time, a day, or known values."""

    operator: str | None = None
    numbers: tuple[Any, ...] = ()
    money: bool = False
    """The number bears the shop's currency."""
    scaled: bool = False
    """The number is said in thousands or the like, as money is: "5k"."""
    counted: bool = False
    """The number may also be a count of days: small, without separators or scale."""
    span: tuple[int, str] | None = None
    ahead: bool | None = None
    """For a span: "next" is true, "last" false, neither is None."""
    day: str | None = None
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """For known values: each field that has them, with its own spelling of them."""

    def values(self, field: str) -> tuple[str, ...]:
        """The values as this field has them; none where it does not."""
        return dict(self.choices).get(field, ())


def new_value(prompt: Prompt, start: int, end: int) -> New | None:
    """The value that all of these words say; None when they are no value. Raises Unclear for another currency."""
    opened = prompt.skip(start, *_BEFORE_SPAN)
    for at in dict.fromkeys((opened, prompt.skip(start, "a", "an", "the"), start)):
        length = duration(prompt, at)
        if (
            length is not None
            and prompt.skip(length.end, "ago", "long") in (length.end, end)
            and (length.end == end or prompt.skip(length.end, "ago", "long") == end)
        ):
            said = {prompt.word(n) for n in range(start, at)}
            ahead = True if "next" in said else False if said & {"last", "past"} else None
            return New(span=(length.amount, length.unit), ahead=ahead)
    compared = _comparison(prompt, start, end)
    if compared is not None:
        return compared
    day = stretch(prompt, start)
    if day is not None and day.end == end and day.single:
        return New(day=day.first.isoformat())
    return _known(prompt, start, end)


def _comparison(prompt: Prompt, start: int, end: int) -> New | None:
    found: Comparison | None = comparison(prompt, start, number)
    if found is None or found.end != end or len(found.tests) != 1:
        return None
    for at in range(start, end):
        amount(prompt, at)
    operator, numbers = found.tests[0]
    text = prompt.span(start, end)
    money = any(item.currencies is not None for item in numbers)
    small = all(item.value <= _LONGEST_SPAN and item.scale == 1 for item in numbers)
    return New(
        operator=operator if found.explicit else None,
        numbers=tuple(plain(item.value) for item in numbers),
        money=money,
        scaled=any(item.scale > 1 for item in numbers),
        counted=small and not money and "," not in text and not found.explicit,
    )


def _known(prompt: Prompt, start: int, end: int) -> New | None:
    catalogue = prompt.catalogue
    at = prompt.skip(start, "in", "from", "the", "tagged", "only")
    names = [*catalogue.fields, *(f"order.{name}" for name in catalogue.order_fields)]
    found = [item for item in listing(prompt, at, names) if item.end == end]
    if not found:
        return None
    return New(choices=tuple((item.field, item.values) for item in found))


def fits(leaf: Json, new: New, catalogue: Catalogue) -> bool:
    """Whether the condition has a value that the new one can take the place of."""
    return any(_fits(part, new, catalogue, order=part is not leaf) for part in _parts(leaf))


def with_value(leaf: Json, new: New, prompt: Prompt, was: str = "") -> Json:
    """The condition with its new value. `was` names the one of several values to take out."""
    catalogue = prompt.catalogue
    fitting = [part for part in _parts(leaf) if _fits(part, new, catalogue, order=part is not leaf)]
    if len(fitting) > 1:
        raise Unclear("That condition has two values this could replace. Which one do you mean?")
    part = fitting[0]
    if part is leaf and not _is_window(leaf, new):
        return _changed(leaf, new, was, leaf["field"])
    if _is_window(leaf, new):
        return {**leaf, "window": _with_span(leaf["window"], new)}
    own = f"order.{part['field']}"
    tests = [_changed(test, new, was, own) if test is part else test for test in leaf["where"]["rules"]]
    return {**leaf, "where": {**leaf["where"], "rules": tests}}


def _parts(leaf: Json) -> list[Json]:
    return [leaf, *(test for test in leaf.get("where", {}).get("rules", ()) if "rules" not in test)]


def _is_window(leaf: Json, new: New) -> bool:
    return (
        (new.span is not None or new.counted)
        and isinstance(leaf.get("window", {}).get("value"), dict)
        and (new.span is not None)
    )


def _fits(part: Json, new: New, catalogue: Catalogue, *, order: bool) -> bool:
    name, operator, value = part["field"], part.get("operator"), part.get("value")
    if new.choices:
        return bool(new.values(f"order.{name}" if order else name)) and operator in _CHOICES
    if new.span is not None:
        held = part.get("window", part)
        amount = held.get("value")
        if not isinstance(amount, dict) or "amount" not in amount:
            return False
        ahead = amount.get("direction") == "ahead" or held["operator"] in ("inNext", "anniversaryInNext")
        return new.ahead is None or new.ahead == ahead
    field = (catalogue.order_fields if order else catalogue.fields).get(name)
    if new.day is not None:
        return field is not None and field.type is FieldType.DATE and operator in ("before", "after", "on")
    if new.counted and isinstance(value, dict) and "amount" in value:
        return True
    measure = part.get("measure")
    money = measure not in (None, "count") or (field is not None and field.type is FieldType.MONEY)
    numeric = money or measure == "count" or (field is not None and field.type is FieldType.NUMBER)
    shape = operator in _SCALARS if len(new.numbers) == 1 and new.operator is None else True
    counts = measure == "count" or name in ("order_count", "age")
    return numeric and (money or not new.money) and not (counts and new.scaled) and shape


def _changed(part: Json, new: New, was: str, field: str) -> Json:
    if new.choices:
        return _with_values(part, new.values(field), was)
    if new.span is not None:
        return _with_span(part, new)
    if new.day is not None:
        return {**part, "value": new.day}
    if isinstance(part.get("value"), dict):
        return {**part, "value": {**part["value"], "amount": new.numbers[0]}}
    value = new.numbers[0] if len(new.numbers) == 1 else list(new.numbers)
    return {**part, "operator": new.operator or part["operator"], "value": value}


def _with_span(part: Json, new: New) -> Json:
    assert new.span is not None
    amount, unit = new.span
    return {**part, "value": {**part["value"], "amount": amount, "unit": unit}}


def _with_values(part: Json, values: tuple[str, ...], was: str) -> Json:
    operator, value = part["operator"], part["value"]
    if isinstance(value, list) and was and len(value) > 1:
        kept = [item for item in value if fold(str(item)) != fold(was)]
        values = tuple(dict.fromkeys([*kept, *values])) if len(kept) < len(value) else values
    if operator in ("=", "!=") and len(values) > 1:
        return {**part, "operator": {"=": "in", "!=": "notIn"}[operator], "value": list(values)}
    return {**part, "value": list(values) if operator not in ("=", "!=") else values[0]}
