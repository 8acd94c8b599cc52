"""What the words name and the rule does not hold: a dropped city, number or time is never silent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from app.ai.said import figures, held
from app.segments.catalogue import FieldType
from app.segments.grammar.days import stretch
from app.segments.grammar.frames import duration
from app.segments.grammar.numbers import number
from app.segments.grammar.prompt import Prompt, Unclear
from app.segments.grammar.vague import vague_question
from app.segments.rule.nodes import CampaignCondition, Condition, Group, RelativeDay, SegmentCondition, Span
from models.values import fold

_COMMON = frozenset(
    [
        "other",
        "unknown",
        "paid",
        "pending",
        "store",
        "online",
        "home",
        "import",
        "social",
        "new",
        "first",
        "last",
        "old",
        "all",
        "none",
        "any",
        "active",
        "member",
        "regular",
        "standard",
        "basic",
        "direct",
        "web",
        "app",
        "sale",
        "gift",
        "yes",
        "no",
        "true",
        "false",
        "email",
        "sms",
        "phone",
        "order",
        "orders",
        "customer",
        "customers",
        "people",
        "man",
        "male",
        "m",
        "f",
        "normal",
        "general",
        "default",
        "main",
        "person",
    ]
)
"""Values that are also everyday words, so that they may be said without being meant."""
_DAYS = {"day": 1.0, "week": 7.0, "month": 30.44, "quarter": 91.31, "year": 365.25}
_CLOSE = 0.03


def left_out(rule: Group, prompt: Prompt, unsupported: Sequence[str], present: Group | None = None) -> tuple[str, ...]:
    """The names, numbers and lengths of time in the prompt that neither the rule nor `unsupported` holds, as written.

    What the rule to refine had may be taken out by the words, so that is not missed.
    """
    rules = [rule] if present is None else [rule, present]
    texts = {fold(text) for one in rules for text in _texts(one, prompt)}
    numbers = {figure for one in rules for figure in _figures(one)}
    spans = [days for one in rules for days in _spans(one)]
    owned = fold(" ".join(unsupported))
    missing = []
    for kind, words, values in _named(prompt):
        if fold(words) in owned:
            continue
        if kind == "name" and not any(fold(str(value)) in texts for value in values):
            missing.append(words)
        if kind == "span" and not any(abs(days - values[0]) <= _CLOSE * values[0] for days in spans):
            missing.append(words)
        if kind == "number" and Decimal(str(values[0])) not in numbers:
            missing.append(words)
    return tuple(dict.fromkeys(missing))


def vague_words(prompt: Prompt, unsupported: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Words without an exact meaning, each with the question to ask. Names of the shop's own are not vague."""
    owned = fold(" ".join(unsupported))
    found, at = [], 0
    while at < len(prompt):
        end = _name_at(prompt, at)[1]
        token = prompt.tokens[at]
        question = vague_question(token.word) if token.kind == "word" and end == at else None
        exact = prompt.word(at + 1) in ("than", "as") or prompt.word(at - 1) in ("years", "year", "days", "months")
        if question is not None and not exact and token.word not in owned:
            found.append((token.text, question))
        at = max(end, at + 1)
    return found


Named = tuple[str, str, tuple[Any, ...]]
"""Kind (`name`, `span` or `number`), the words, and what they may mean: values, days, or a number."""


def _named(prompt: Prompt) -> Iterator[Named]:
    """Names, lengths of time and numbers in the order they are said."""
    at = 0
    while at < len(prompt):
        values, end = _name_at(prompt, at)
        if end > at:
            if end > at + 1 or prompt.tokens[at].kind == "quoted" or prompt.word(at) not in _COMMON:
                yield "name", prompt.span(at, end), values
        else:
            found, end = _figure_at(prompt, at)
            if found is not None:
                yield found
        at = max(end, at + 1)


def _figure_at(prompt: Prompt, at: int) -> tuple[Named | None, int]:
    """The length of time or the number that stands here, and where it ends. Days of the calendar are passed over."""
    try:
        length = duration(prompt, at)
        if length is not None:
            one = prompt.tokens[at].kind == "word" and length.amount == 1
            named = ("span", prompt.span(at, length.end), (length.amount * _DAYS[length.unit],))
            return (None if one else named), length.end
        day = stretch(prompt, at)
        if day is not None:
            return None, day.end
        found = number(prompt, at)
    except Unclear:
        return None, at + 1
    if found is None or prompt.tokens[at].kind == "word" or prompt.word(found.end) in ("years", "year"):
        return None, found.end if found else at + 1
    return ("number", prompt.span(at, found.end), (found.value,)), found.end


def _name_at(prompt: Prompt, at: int) -> tuple[tuple[str, ...], int]:
    """Every name of the shop's own that the longest run of words from here may be."""
    catalogue = prompt.catalogue
    fields = [name for name, field in catalogue.fields.items() if field.type is not FieldType.BOOLEAN]
    fields += [f"order.{name}" for name in catalogue.order_fields]
    hits = [(hit.value, hit.end) for hit in prompt.names.at(prompt, at, fields)]
    for names in (catalogue.campaigns, catalogue.segments):
        known = prompt.name(at, {name: key for key, name in names.items()})
        if known is not None:
            hits.append(known)
    end = max((end for _, end in hits), default=at)
    return tuple(value for value, stop in hits), end


def _texts(rule: Group, prompt: Prompt) -> Iterator[str]:
    for item in held(rule):
        if isinstance(item.leaf, SegmentCondition | CampaignCondition):
            yield item.leaf.value
        elif isinstance(item.leaf, Condition):
            for value in item.leaf.value if isinstance(item.leaf.value, tuple) else (item.leaf.value,):
                if isinstance(value, str):
                    yield value


def _figures(rule: Group) -> Iterator[Decimal]:
    for item in held(rule):
        if not isinstance(item.leaf, CampaignCondition | SegmentCondition):
            yield from figures(item.leaf.value)


def _spans(rule: Group) -> Iterator[float]:
    for item in held(rule):
        values = [item.leaf.value, item.window.value if item.window else None]
        for value in values:
            if isinstance(value, Span | RelativeDay):
                yield value.amount * _DAYS[value.unit]
