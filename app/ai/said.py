"""What a prompt says and what a rule holds, side by side: names, numbers, lengths of time, denials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from app.segments.grammar.comparison import AFTER, BEFORE, OPPOSITE
from app.segments.grammar.prompt import Prompt
from app.segments.rule.nodes import CampaignCondition, Condition, Group, Node, OrdersCondition, SegmentCondition, Window

NEGATORS = frozenset(
    (
        *("not", "never", "no", "without", "non", "except", "excluding", "exclude", "neither", "nor", "none", "nobody"),
        *("other", "apart", "outside", "excepting", "leaving", "stopped", "cancelled", "unless", "minus", "zero"),
        *("lacking", "missing"),
    )
)
FAR_REACHING = frozenset(
    ("except", "excluding", "exclude", "excepting", "apart", "unless", "neither", "nor", "leaving")
)
"""Denials that may reach over everything after them."""
BRACKETS = frozenset("()[]")

Denial: TypeAlias = bool | None
"""Whether words stand under a denial; None where that cannot be told for sure."""


@dataclass(frozen=True)
class Held:
    """One condition of a rule with its place in it. `denied`: an odd number of denials stands around it."""

    leaf: Condition | OrdersCondition | CampaignCondition | SegmentCondition
    denied: bool
    orders: OrdersCondition | None = None
    """The orders condition whose `where` it is in."""

    @property
    def window(self) -> Window | None:
        """When the orders or deliveries were made."""
        return self.leaf.window if isinstance(self.leaf, OrdersCondition | CampaignCondition) else None


def held(node: Node, *, denied: bool = False, orders: OrdersCondition | None = None) -> Iterator[Held]:
    """Every condition of a rule, also those on orders inside `where`."""
    now_denied = denied != node.negated
    if isinstance(node, Group):
        for rule in node.rules:
            yield from held(rule, denied=now_denied, orders=orders)
        return
    yield Held(node, now_denied, orders)
    if isinstance(node, OrdersCondition) and node.where is not None:
        yield from held(node.where, denied=now_denied != asks_for_none(node), orders=node)


def asks_for_none(orders: OrdersCondition) -> bool:
    """Whether it selects those without such orders: none at all, or fewer than some."""
    return orders.operator in ("<", "<=") or (orders.operator == "=" and orders.value == 0)


def effective(operator: str, denied: bool) -> str:
    """The operator with the denials around it counted in."""
    return OPPOSITE.get(operator, operator) if denied else operator


def figures(value: object) -> Iterator[Decimal]:
    """The numbers of a value; days and lengths of time are none."""
    for item in value if isinstance(value, tuple) else (value,):
        if isinstance(item, int | float | Decimal) and not isinstance(item, bool):
            yield item if isinstance(item, Decimal) else Decimal(str(item))


def negated_at(prompt: Prompt, at: int) -> Denial:
    """Whether the words at a token stand under a denial. Commas, "or" and brackets after a denial leave it open."""
    if BRACKETS & set(prompt.words):
        return None if NEGATORS & set(prompt.words) else False
    before = [n for n in range(at) if denies(prompt, n)]
    if not before:
        return False
    if FAR_REACHING & {prompt.word(n) for n in before}:
        return None
    between = prompt.words[before[-1] + 1 : at]
    if "but" in between or "and" in between:
        return False if not {"or", ","} & set(between) else None
    if {",", "or", "who", "that"} & set(between):
        return None
    return True if len(between) <= 8 and "only" not in between and len(before) == 1 else None


def denies(prompt: Prompt, at: int) -> bool:
    """Whether a token denies; "no" of "no more than" and "other" of "each other" do not."""
    if prompt.word(at) not in NEGATORS or (prompt.word(at) == "other" and prompt.word(at + 1) != "than"):
        return False
    compares = prompt.skip(at, *BEFORE) > at
    return not compares


def ors(prompt: Prompt) -> list[int]:
    """Where "or" joins two things, not "5 or more" nor "more than or equal to"."""
    inside = {n for at in range(len(prompt)) for n in range(at, prompt.skip(at, *BEFORE, *AFTER))}
    return [
        at
        for at, word in enumerate(prompt.words)
        if word == "or" and at not in inside and prompt.word(at + 1) not in ("so", "not", "later", "earlier", "newer")
    ]
