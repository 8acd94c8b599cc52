"""Over and under, before and after, in and not in, and and or: a rule may not turn round what the words surely say."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from app.ai.faults import Fault
from app.ai.said import Held, asks_for_none, denies, effective, figures, held, negated_at, ors
from app.segments.grammar.comparison import AFTER, BEFORE
from app.segments.grammar.frames import duration
from app.segments.grammar.numbers import number
from app.segments.grammar.prompt import Prompt, Unclear
from app.segments.rule.nodes import (
    CampaignCondition,
    Condition,
    Group,
    OrdersCondition,
    RelativeDay,
    SegmentCondition,
    Span,
)
from models.values import fold

_NEGATIVE = ("!=", "notIn", "noneOf", "doesNotContain")
_INSIDE = ("last", "past", "previous", "within")
_MORE = ("more than", "over", "longer than", "at least", "greater than", "for over", "for more than")
_LESS = ("less than", "under", "fewer than", "at most", "no more than", "not more than", "up to")
_COMPARED = frozenset(("=", "!=", "<", "<=", ">", ">="))


def check_directions(rule: Group, prompt: Prompt, *, present: Group | None = None) -> None:
    """Raise Fault `direction`, `negation` or `joined` where the rule says the opposite of sure words.

    Only words that can be read in one way count; the rest is left to the model. Conditions that the rule to refine had
    already are not judged by the new words.
    """
    known = {_key(item) for item in held(present)} if present is not None else set()
    conditions = [item for item in held(rule) if _key(item) not in known]
    _check_comparisons(conditions, prompt)
    _check_spans(conditions, prompt)
    _check_names(conditions, prompt)
    if present is None:
        _check_joints(rule, prompt)


def _key(item: Held) -> tuple[object, bool]:
    return item.leaf, item.denied


def _check_comparisons(conditions: list[Held], prompt: Prompt) -> None:
    said: dict[Decimal, set[str | None]] = {}
    for value, operator in _comparisons(prompt):
        said.setdefault(value, set()).add(operator)
    for item in conditions:
        if not isinstance(item.leaf, Condition | OrdersCondition) or item.leaf.operator not in _COMPARED:
            continue
        operator = effective(item.leaf.operator, item.denied)
        for figure in figures(item.leaf.value):
            words = said.get(figure)
            if words is None or None in words or operator in words:
                continue
            expected = " or ".join(sorted(word for word in words if word))
            name = item.leaf.field if isinstance(item.leaf, Condition) else "orders"
            raise Fault("direction", f"{name}: the description says {expected} {figure:f}, not {operator} {figure:f}")


def _comparisons(prompt: Prompt) -> Iterator[tuple[Decimal, str | None]]:
    """Every number with its comparing words as an operator; None where there are none, or a denial may reach it."""
    at = 0
    while at < len(prompt):
        known = prompt.lookup(at, BEFORE)
        start = known[1] if known else at
        try:
            found = number(prompt, start)
        except Unclear:
            found = None
        if found is None:
            at += 1
            continue
        after = prompt.lookup(found.end, AFTER)
        operator = known[0] if known else after[0] if after else None
        sure = operator is not None and negated_at(prompt, at) is False
        yield found.value, operator if sure else None
        at = found.end


def _check_spans(conditions: list[Held], prompt: Prompt) -> None:
    said: dict[tuple[int, str], set[str | None]] = {}
    for length, kind in _spans(prompt):
        said.setdefault(length, set()).add(kind)
    for item in conditions:
        for operator, value in _times(item):
            if not isinstance(value, Span | RelativeDay):
                continue
            kind = _kind(operator, value, item)
            words = said.get((value.amount, value.unit))
            if words and None not in words and kind is not None and kind not in words:
                raise Fault(
                    "direction",
                    f"{value.amount} {value.unit}: the description means {_SPOKEN[str(next(iter(words)))]}, "
                    f"but the answer means {_SPOKEN[kind]}",
                )


_SPOKEN = {"inside": "within that time", "outside": "longer ago, or not within that time", "ahead": "in the future"}


def _spans(prompt: Prompt) -> Iterator[tuple[tuple[int, str], str | None]]:
    at = 0
    while at < len(prompt):
        try:
            length = duration(prompt, at)
        except Unclear:
            length = None
        if length is None:
            at += 1
            continue
        yield (length.amount, length.unit), _said_of(prompt, at, length.end)
        at = length.end


def _said_of(prompt: Prompt, at: int, end: int) -> str | None:
    denied = negated_at(prompt, at)
    before = prompt.word(at - 1)
    if before in ("next", "coming", "upcoming"):
        return "ahead" if denied is False else None
    if prompt.word(end) in ("ago", "back"):
        if denied is not False:
            return None
        more = any(prompt.skip(n, *_MORE) == at for n in range(max(0, at - 3), at))
        less = any(prompt.skip(n, *_LESS) == at for n in range(max(0, at - 3), at))
        return "outside" if more and not less else "inside" if less and not more else None
    if before in _INSIDE:
        return None if denied is None else "outside" if denied else "inside"
    if before == "for" and denied is True:
        return "outside"
    return None


def _times(item: Held) -> Iterator[tuple[str, object]]:
    if isinstance(item.leaf, Condition):
        yield item.leaf.operator, item.leaf.value
    elif item.window is not None:
        yield item.window.operator, item.window.value


def _kind(operator: str, value: Span | RelativeDay, item: Held) -> str | None:
    if operator in ("inNext", "anniversaryInNext") or (isinstance(value, RelativeDay) and value.direction == "ahead"):
        return "ahead"
    kinds = {"inLast": "inside", "after": "inside", "before": "outside", "notInLast": "outside"}
    kind = kinds.get(operator)
    if kind is None:
        return None
    turned = item.denied != (isinstance(item.leaf, OrdersCondition) and asks_for_none(item.leaf))
    return {"inside": "outside", "outside": "inside"}[kind] if turned else kind


def _check_names(conditions: list[Held], prompt: Prompt) -> None:
    said: dict[str, set[bool | None]] = {}
    for value, denied in _named(prompt):
        said.setdefault(fold(value), set()).add(denied)
    quiet = not any(denies(prompt, at) for at in range(len(prompt)))
    for item in conditions:
        for value, denied in _texts(item, prompt):
            words = {False} if quiet else said.get(fold(value), {None})
            if None not in words and denied not in words:
                expected = "leaves out" if True in words else "asks for"
                raise Fault("negation", f"{value!r}: the description {expected} it, the answer says the opposite")


def _named(prompt: Prompt) -> Iterator[tuple[str, bool | None]]:
    catalogue = prompt.catalogue
    fields = [*catalogue.fields, *(f"order.{name}" for name in catalogue.order_fields)]
    for at in range(len(prompt)):
        for hit in prompt.names.at(prompt, at, fields):
            yield hit.value, negated_at(prompt, at)


def _texts(item: Held, prompt: Prompt) -> Iterator[tuple[str, bool]]:
    leaf = item.leaf
    if isinstance(leaf, SegmentCondition):
        yield prompt.catalogue.segments.get(leaf.value, leaf.value), item.denied != (leaf.operator == "notIn")
    elif isinstance(leaf, CampaignCondition):
        yield prompt.catalogue.campaigns.get(leaf.value, leaf.value), item.denied
    elif isinstance(leaf, Condition):
        for value in leaf.value if isinstance(leaf.value, tuple) else (leaf.value,):
            if isinstance(value, str):
                yield value, item.denied != (leaf.operator in _NEGATIVE)


def _check_joints(rule: Group, prompt: Prompt) -> None:
    """ "A or B" needs a choice in the rule; words without any "or" need none between different things."""
    if any(denies(prompt, at) for at in range(len(prompt))):
        return
    joined = ors(prompt)
    words = set(prompt.words)
    if joined and not _chooses(rule):
        raise Fault("joined", "groups: the description says “or”; the answer asks for all of it at once")
    if (
        not joined
        and not words & {"either", "any", ",", "/", "plus", "one", "nor"}
        and "and" in words
        and _widens(rule)
    ):
        raise Fault("joined", "groups: the description says “and”; the answer is satisfied with one of the conditions")


def _chooses(rule: Group) -> bool:
    groups = [rule]
    while groups:
        group = groups.pop()
        if group.combinator == "or" and len(group.rules) > 1:
            return True
        groups += [node for node in group.rules if isinstance(node, Group)]
    return any(
        isinstance(item.leaf, Condition | OrdersCondition)
        and (isinstance(item.leaf.value, tuple) or item.leaf.operator in (">=", "<="))
        for item in held(rule)
    )


def _widens(rule: Group) -> bool:
    """Whether a group of alternatives joins conditions on different things."""
    groups = [rule]
    while groups:
        group = groups.pop()
        subjects = {getattr(node, "field", type(node).__name__) for node in group.rules}
        if group.combinator == "or" and len(subjects) > 1:
            return True
        groups += [node for node in group.rules if isinstance(node, Group)]
    return False
