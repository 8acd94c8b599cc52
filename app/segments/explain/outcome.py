"""Which conditions decide whether a rule selects a customer.

`reason` is the shortest proof of the outcome: conditions that alone make the rule hold or fail, whatever the others
say. `flips` are the fewest conditions that would have to turn out otherwise for the other outcome. Of an `and` that
fails, one failing part proves it, but every failing part would have to change; of an `or` it is the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from app.segments.rule.nodes import Group, Node

Paths: TypeAlias = tuple[str, ...]
Truths: TypeAlias = Mapping[str, bool]
"""Whether each node holds, its own negation included, by its path ("rules[0].rules[1]", "" for the root)."""


def at(path: str, index: int) -> str:
    """The path of a group's part."""
    return f"{path}.rules[{index}]" if path else f"rules[{index}]"


def truths(node: Node, holds: Callable[[Node], bool], path: str = "") -> dict[str, bool]:
    """The truth of every node of a tree."""
    found = {path: holds(node)}
    if isinstance(node, Group):
        for index, rule in enumerate(node.rules):
            found |= truths(rule, holds, at(path, index))
    return found


def reason(node: Node, truth: Truths, path: str = "") -> Paths:
    """The fewest conditions that make the node what it is; none for a group without conditions."""
    if not isinstance(node, Group):
        return (path,)
    inner = truth[path] != node.negated
    parts = [
        reason(rule, truth, at(path, index)) for index, rule in enumerate(node.rules) if truth[at(path, index)] == inner
    ]
    # An `and` that holds, or an `or` that fails, needs all of its parts for proof; otherwise one of them is enough.
    return _all(parts) if inner == (node.combinator == "and") else min(parts, key=len, default=())


def flips(node: Node, truth: Truths, *, wanted: bool = True, path: str = "") -> Paths | None:
    """The fewest conditions to turn so that the node is as `wanted`; None when nothing would do."""
    if truth[path] == wanted:
        return ()
    if not isinstance(node, Group):
        return (path,)
    if not node.rules:
        return None
    inner = wanted != node.negated
    parts = [flips(rule, truth, wanted=inner, path=at(path, index)) for index, rule in enumerate(node.rules)]
    if inner == (node.combinator == "and"):
        return None if None in parts else _all([part for part in parts if part is not None])
    return min((part for part in parts if part is not None), key=len, default=None)


def _all(parts: list[Paths]) -> Paths:
    return tuple(path for part in parts for path in part)
