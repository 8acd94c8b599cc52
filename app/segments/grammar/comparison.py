"""Comparing words: "more than 5", "5 or more", "between 5k and 10k", "over 10k but under 20k"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from app.segments.grammar.numbers import Number, count, number
from app.segments.grammar.prompt import Node, Prompt, Unclear, group, plain

Reader: TypeAlias = Callable[[Prompt, int], Number | None]

BEFORE = {
    phrase: operator
    for operator, phrases in {
        ">": (
            "more than",
            "more then",
            "mor than",
            "greater then",
            "north of",
            "upwards of",
            "upward of",
            "beyond",
            "strictly more than",
            "well over",
            "crossing",
            "crossed",
            "greater than",
            "higher than",
            "larger than",
            "bigger than",
            "over",
            "above",
            "exceeding",
            "exceeds",
            "exceed",
            "exceeded",
            "in excess of",
            ">",
        ),
        ">=": (
            "at least",
            "atleast",
            "at the very least",
            "not fewer then",
            "starting at",
            "from at least",
            "at the least",
            "at minimum",
            "a minimum of",
            "minimum of",
            "minimum",
            "min",
            "no less than",
            "not less than",
            "no fewer than",
            "not fewer than",
            "not under",
            "not below",
            "more than or equal to",
            "greater than or equal to",
            "equal to or more than",
            "equal to or greater than",
            ">=",
            "≥",
            "> =",
        ),
        "<": (
            "less than",
            "less then",
            "fewer then",
            "lesser than",
            "south of",
            "short of",
            "fewer than",
            "lower than",
            "smaller than",
            "under",
            "below",
            "<",
        ),
        "<=": (
            "at most",
            "atmost",
            "at the very most",
            "no more then",
            "maximum",
            "max",
            "at the most",
            "at maximum",
            "a maximum of",
            "maximum of",
            "maximum",
            "max",
            "no more than",
            "not more than",
            "no greater than",
            "not greater than",
            "not over",
            "not above",
            "not exceeding",
            "up to",
            "less than or equal to",
            "fewer than or equal to",
            "equal to or less than",
            "<=",
            "≤",
            "< =",
        ),
        "=": ("exactly", "precisely", "equal to", "equals", "equalling", "=", "= ="),
        "!=": ("not equal to", "not exactly", "other than", "!=", "≠", "<>"),
    }.items()
    for phrase in phrases
}
AFTER = {
    "or more": ">=",
    "and more": ">=",
    "or over": ">=",
    "and over": ">=",
    "or above": ">=",
    "and above": ">=",
    "or higher": ">=",
    "or greater": ">=",
    "and up": ">=",
    "or older": ">=",
    "and older": ">=",
    "+": ">=",
    "plus": ">=",
    "or less": "<=",
    "or fewer": "<=",
    "or under": "<=",
    "and under": "<=",
    "or below": "<=",
    "and below": "<=",
    "or lower": "<=",
    "or younger": "<=",
    "and younger": "<=",
}
OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "=": "!=", "!=": "="}
_ROUGH = ("about", "around", "approximately", "roughly", "nearly", "almost", "close to", "some", "circa", "approx")
_ENDS = ("", ",", ")", "]", ".", ";", "and", "or", "but", "in", "on", "who", "with", "this", "last", "since", "during")


_COUNTED = ("orders", "purchases", "times", "transactions")
"""Units that may stand once, after both numbers of a count: "more than 5 but fewer than 10 orders"."""


@dataclass(frozen=True)
class Comparison:
    """Tests that all hold: (operator, its one or two numbers). `explicit` is false for a bare number."""

    tests: tuple[tuple[str, tuple[Number, ...]], ...]
    end: int
    explicit: bool = True

    @property
    def numbers(self) -> tuple[Number, ...]:
        """Every number in it."""
        return tuple(item for _, numbers in self.tests for item in numbers)

    @property
    def whole(self) -> bool:
        """Whether every number is a whole one, as counts have to be."""
        return all(item.value == item.value.to_integral_value() for item in self.numbers)

    def node(self, make: Callable[[str, object], Node]) -> Node:
        """The condition(s), each made by `make(operator, value)`."""
        return group("and", [make(operator, _value(numbers)) for operator, numbers in self.tests])

    def denied(self) -> Comparison | None:
        """The opposite, where one test says it."""
        if len(self.tests) != 1 or self.tests[0][0] not in OPPOSITE:
            return None
        operator, numbers = self.tests[0]
        return replace(self, tests=((OPPOSITE[operator], numbers),))


def comparison(prompt: Prompt, at: int, read: Reader) -> Comparison | None:
    """The comparison that begins at a token, its numbers read by `read`; None when there is none."""
    rough = prompt.skip(at, *_ROUGH)
    if rough > at and read(prompt, rough) is not None:
        raise Unclear(f"How exactly is “{prompt.span(at, rough + 1)}” meant? Give a lower or an upper limit.")
    between = _between(prompt, at, read)
    if between is not None:
        return between
    before = prompt.lookup(at, BEFORE)
    start = before[1] if before else at
    first = read(prompt, start)
    if first is None:
        return None
    if before is None:
        return postfix(prompt, Comparison((("=", (first,)),), first.end, explicit=False))
    one = Comparison(((before[0], (first,)),), first.end)
    return _other_side(prompt, one, read) or one


def postfix(prompt: Prompt, bare: Comparison) -> Comparison:
    """A bare number with "or more", "+" or the like after it (or after its unit) made into a comparison."""
    after = None if bare.explicit else prompt.lookup(bare.end, AFTER)
    if after is None or (prompt.word(bare.end) in ("and", "or") and _starts_number(prompt, after[1])):
        return bare
    if prompt.word(after[1]) in ("than", "then"):
        return bare
    return Comparison(((after[0], bare.numbers),), after[1])


def _starts_number(prompt: Prompt, at: int) -> bool:
    """Whether "and over" is followed by a number of its own: "2 orders and over 5k"."""
    return number(prompt, at) is not None


def _between(prompt: Prompt, at: int, read: Reader) -> Comparison | None:
    start = prompt.skip(at, "between", "anywhere between", "in between")
    opened = start > at
    if not opened:
        start = prompt.skip(at, "from", "ranging from")
    low = read(prompt, start)
    if low is None:
        return None
    middle = prompt.skip(low.end, "and", "to", "-") if opened else prompt.skip(low.end, "to", "-")
    high = read(prompt, middle) if middle > low.end else None
    if high is None:
        return None
    _check_range(prompt, low, high, start)
    return Comparison((("between", (low, high)),), high.end)


def _check_range(prompt: Prompt, low: Number, high: Number, start: int) -> None:
    text = prompt.span(start, high.end)
    if low.value > high.value:
        raise Unclear(f"“{text}” runs from the larger to the smaller number. Which range do you mean?", [text])
    if high.scale > 1 and low.scale == 1 and low.value * high.scale <= high.value:
        raise Unclear(f"In “{text}”, is the first number {low.value:,} or {low.value * high.scale:,}?", [text])


def _other_side(prompt: Prompt, one: Comparison, read: Reader) -> Comparison | None:
    """The second half of "over 10k but under 20k", which bounds the same thing from the other side."""
    start = prompt.skip(one.end, "and", "but", ", but", ", and", "yet")
    after = prompt.lookup(start, BEFORE) if start > one.end else None
    second = read(prompt, after[1]) if after else None
    if after is None or second is None or prompt.word(second.end) not in (_ENDS + (_COUNTED if read is count else ())):
        return None
    if {one.tests[0][0][0], after[0][0]} != {"<", ">"}:
        return None
    return Comparison((*one.tests, (after[0], (second,))), second.end)


def _value(numbers: tuple[Number, ...]) -> object:
    values = [plain(item.value) for item in numbers]
    return values[0] if len(values) == 1 else values
