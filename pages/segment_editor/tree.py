"""The rule as it is being edited: mutable nodes with an identity, which may be incomplete, and their JSON."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

_uids = itertools.count(1)


class Mode(StrEnum):
    """How a group joins what is in it; the four cases of `combinator` and `not`."""

    ALL = "all"
    ANY = "any"
    NONE = "none"
    NOT_ALL = "not_all"


_MODES = {("and", False): Mode.ALL, ("or", False): Mode.ANY, ("or", True): Mode.NONE, ("and", True): Mode.NOT_ALL}
_COMBINATORS = {mode: key for key, mode in _MODES.items()}
SPECIAL = ("orders", "campaign", "segment")
"""Values of `field` that are conditions of a kind of their own, with editors of their own."""


@dataclass(kw_only=True, eq=False)
class ConditionNode:
    """One condition. `field` is empty until one is picked; `value` is JSON as in the rule, or what was typed so far.

    `measure`, `where` and `window` are used by `orders`, `window` by `campaign` as well.
    """

    field: str = ""
    operator: str = ""
    value: Any = None
    negated: bool = False
    measure: str = "count"
    where: GroupNode | None = None
    window: dict[str, Any] | None = None
    uid: int = dataclasses.field(default_factory=lambda: next(_uids))


@dataclass(kw_only=True, eq=False)
class GroupNode:
    """Conditions and groups, joined as `mode` says."""

    mode: Mode = Mode.ALL
    children: list[Node] = dataclasses.field(default_factory=list)
    uid: int = dataclasses.field(default_factory=lambda: next(_uids))


Node: TypeAlias = ConditionNode | GroupNode


def read_group(raw: Mapping[str, Any]) -> GroupNode:
    """Nodes for a rule that has been accepted by `parse_rule`, or for any prefix of one."""
    mode = _MODES[("or" if raw.get("combinator") == "or" else "and", bool(raw.get("not")))]
    return GroupNode(mode=mode, children=[_read(child) for child in raw.get("rules") or ()])


def _read(raw: Mapping[str, Any]) -> Node:
    if "rules" in raw:
        return read_group(raw)
    where = raw.get("where")
    return ConditionNode(
        field=str(raw.get("field", "")),
        operator=str(raw.get("operator", "")),
        value=copy.deepcopy(raw.get("value")),
        negated=bool(raw.get("not")),
        measure=str(raw.get("measure", "count")),
        where=read_group(where) if where else None,
        window=copy.deepcopy(raw.get("window")),
    )


def node_json(node: Node) -> dict[str, Any]:
    """The node as rule JSON; an incomplete condition gives incomplete JSON that `parse_rule` refuses."""
    if isinstance(node, GroupNode):
        combinator, negated = _COMBINATORS[node.mode]
        body: dict[str, Any] = {"combinator": combinator, "rules": [node_json(child) for child in node.children]}
        return {**body, "not": True} if negated else body
    body = {"field": node.field}
    if node.field == "orders":
        body["measure"] = node.measure
    body["operator"] = node.operator
    if node.operator not in ("null", "notNull"):
        body["value"] = copy.deepcopy(node.value)
    if node.field == "orders" and node.where is not None and node.where.children:
        body["where"] = node_json(node.where)
    if node.field in ("orders", "campaign") and node.window:
        body["window"] = copy.deepcopy(node.window)
    return {**body, "not": True} if node.negated else body


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, also inside an orders condition's `where`."""
    yield node
    below = node.children if isinstance(node, GroupNode) else [node.where] if node.where else []
    for child in below:
        yield from walk(child)


def copied(node: Node) -> Node:
    """A copy with an identity of its own, all the way down."""
    return _read(node_json(node))


def keeping(old: GroupNode, new: GroupNode) -> GroupNode:
    """`new` with those conditions of `old` that say the same, so that they keep their identity."""
    there: dict[str, list[ConditionNode]] = {}
    for node in walk(old):
        if isinstance(node, ConditionNode):
            there.setdefault(repr(node_json(node)), []).append(node)

    def kept(node: Node) -> Node:
        if isinstance(node, GroupNode):
            node.children = [kept(child) for child in node.children]
            return node
        same = there.get(repr(node_json(node)))
        return same.pop(0) if same else node

    new.children = [kept(child) for child in new.children]
    return new


_STEP = re.compile(r"rules\[(\d+)\]|where")


def locate(root: GroupNode, path: str) -> tuple[Node, str]:
    """The node that a RuleError's path names, and the rest of the path: `rules[1].value` is (that condition, "value").

    A path that leads nowhere gives the deepest node on it.
    """
    node: Node = root
    rest = path
    while step := _STEP.match(rest):
        below: Node | None = None
        if isinstance(node, GroupNode) and step[1] is not None and int(step[1]) < len(node.children):
            below = node.children[int(step[1])]
        elif isinstance(node, ConditionNode) and step[1] is None:
            below = node.where
        if below is None:
            break
        node, rest = below, rest[step.end() :].removeprefix(".")
    return node, rest
