"""A rule over bits: who is in, and which condition moved whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.segments.growth.reading import plain
from app.segments.rule.nodes import Group, Leaf, Node, leaves


@dataclass(frozen=True)
class Known:
    """The customers there are, and for each condition (without its negation) those for whom it is true."""

    alive: int
    truth: Mapping[Leaf, int]


@dataclass(frozen=True)
class Flip:
    """Customers moved by one condition: `now` is its truth (its own negation included) after the move.

    `alone` says that this change by itself moved them; otherwise another condition had to change too.
    """

    leaf: Leaf
    now: bool
    alone: bool
    moved: int


def conditions(rule: Group) -> tuple[Leaf, ...]:
    """The rule's conditions without their negation, each once, in the order of the rule."""
    return tuple(dict.fromkeys(plain(leaf) for leaf in leaves(rule)))


def members(node: Node, known: Known) -> int:
    """Who fits."""
    if not isinstance(node, Group):
        inside = known.truth[plain(node)]
    elif not node.rules:
        inside = known.alive
    else:
        parts = [members(rule, known) for rule in node.rules]
        inside = parts[0]
        for part in parts[1:]:
            inside = inside | part if node.combinator == "or" else inside & part
    return known.alive & ~inside if node.negated else inside


def flips(rule: Group, before: Known, after: Known, moved: int) -> Iterator[Flip]:
    """Divide `moved`, customers of both moments whose membership differs, among the conditions.

    Everybody goes to the first condition, in the order of the rule, whose change alone moves them; who needed several
    changes goes to the one that completed the move when they happen in that order. So each is counted once, and nobody
    is left over: membership depends on nothing but the conditions.
    """
    everyone = before.alive & after.alive
    old = _among(everyone, before)
    new = _among(everyone, after)
    start = members(rule, old)
    order = conditions(rule)
    left = moved
    for leaf in order:
        mixed = Known(everyone, {**old.truth, leaf: new.truth[leaf]})
        alone = (members(rule, mixed) ^ start) & left
        left &= ~alone
        yield from _both(rule, leaf, alone, new, alone=True)
    if not left:
        return
    truth = dict(old.truth)
    stands = start
    last: dict[Leaf, int] = {}
    for leaf in order:
        truth[leaf] = new.truth[leaf]
        following = members(rule, Known(everyone, truth))
        turned = (stands ^ following) & left
        for earlier in last:
            last[earlier] &= ~turned
        last[leaf] = turned
        stands = following
    for leaf, turned in last.items():
        yield from _both(rule, leaf, turned, new, alone=False)


def _among(everyone: int, known: Known) -> Known:
    return Known(everyone, {leaf: truth & everyone for leaf, truth in known.truth.items()})


def _both(rule: Group, leaf: Leaf, moved: int, new: Known, *, alone: bool) -> Iterator[Flip]:
    """The two directions a condition can change in, as the rule writes it."""
    written = next(one for one in leaves(rule) if plain(one) == leaf)
    for true in (True, False):
        part = moved & new.truth[leaf] if true else moved & ~new.truth[leaf]
        if part:
            yield Flip(written, true != written.negated, alone, part)
