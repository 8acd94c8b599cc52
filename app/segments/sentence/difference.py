"""What changed between two rules, in words: conditions added, removed and changed, and how they are joined.

Both rules are brought to their normal form first, so an arrangement that selects the same people is no change. Groups
are then compared from the root down: what is equal on both sides is set aside, conditions on the same thing are
paired, then groups that have most in common, and what remains was added or removed. A condition that left one group and
turns up in another is one change, not two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from app.segments.catalogue.fields import Catalogue
from app.segments.rule.nodes import CampaignCondition, Combinator, Condition, Group, Leaf, Node, OrdersCondition, leaves
from app.segments.rule.normal import normal_form
from app.segments.sentence.terms import node_words

JOINED: dict[Combinator, str] = {
    "and": "every one of the conditions is needed",
    "or": "one of the conditions is enough",
}
ALTERNATIVE = ", as an alternative"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change in words. `before` is None for what was added, `after` for what was removed."""

    kind: Literal["added", "removed", "changed"]
    before: str | None
    after: str | None

    def as_text(self) -> str:
        """`Added: city is Pune`, `Changed: total spent is more than $1,000 → $2,000`."""
        if self.kind == "changed":
            return f"Changed: {self.before} → {_rest(self.before or '', self.after or '')}"
        return f"{self.kind.capitalize()}: {self.after or self.before}"


@dataclass(frozen=True)
class _Loose:
    """A condition or group that has no counterpart in its group; `group` is "" for the rule as a whole."""

    node: Node
    group: str
    joint: Combinator


def difference(before: Group, after: Group, catalogue: Catalogue, *, locale: str = "en_US") -> tuple[Change, ...]:
    """Every change from one rule to the other; none exactly when both have the same normal form.

    Both rules must have been read with this catalogue (or one that knows all their fields).
    """
    comparison = _Comparison(catalogue, locale)
    one, other = normal_form(before, catalogue), normal_form(after, catalogue)
    if one != other:
        comparison.root(one, other)
        comparison.settle()
    return tuple(comparison.changes)


class _Comparison:
    def __init__(self, catalogue: Catalogue, locale: str) -> None:
        self._catalogue = catalogue
        self._locale = locale
        self._gone: list[_Loose] = []
        self._new: list[_Loose] = []
        self.changes: list[Change] = []

    def root(self, before: Group, after: Group) -> None:
        """Compare two whole rules, one of which may have become a part of the other."""
        if not before.rules or not after.rules:
            self._children(before.rules, after.rules, "and", "")
            if before.negated != after.negated:
                self._changed(*(self._words(rule) for rule in (before, after)))
        elif before in after.rules and not after.negated:
            self._children((before,), after.rules, after.combinator, "")
        elif after in before.rules and not before.negated:
            self._children(before.rules, (after,), before.combinator, "")
        else:
            self._groups(before, after, "")

    def settle(self) -> None:
        """Say what has no counterpart in its own group: moved where another group has it, else removed or added."""
        for gone in list(self._gone):
            new = next((new for new in self._new if new.node == gone.node), None)
            if new is not None:
                self._gone.remove(gone)
                self._new.remove(new)
                said = self._words(gone.node)
                self._changed(f"{said}{_place(gone)}", f"{said}{_place(new)}")
        self.changes += [Change(kind="removed", before=self._loose(gone), after=None) for gone in self._gone]
        self.changes += [Change(kind="added", before=None, after=self._loose(new)) for new in self._new]

    def _groups(self, before: Group, after: Group, group: str) -> None:
        if before.negated != after.negated:
            which = group or "the whole rule"
            told = f"{which} has to be met", f"{which} must not be met"
            self._changed(*(told if after.negated else told[::-1]))
        one, other = _joint(before), _joint(after)
        if one and other and one != other:
            self._changed(JOINED[one] + _inside(group), JOINED[other] + _inside(group))
        elif (other == "or" and one is None) or (one == "or" and other is None and len(after.rules) > 1):
            self._changed(self._words(before), self._words(after))
        self._children(before.rules, after.rules, other or one or "and", group)

    def _children(self, before: Sequence[Node], after: Sequence[Node], joint: Combinator, group: str) -> None:
        gone, new = _unmatched(before, after), _unmatched(after, before)
        for one, other in _pairs(gone, new):
            gone.remove(one)
            new.remove(other)
            if isinstance(one, Group) and isinstance(other, Group):
                self._groups(one, other, f"the group ({self._words(replace(other, negated=False))})")
            else:
                self._changed(self._words(one) + _inside(group), self._words(other) + _inside(group))
        self._gone += [_Loose(node, group, joint) for node in gone]
        self._new += [_Loose(node, group, joint) for node in new]

    def _loose(self, loose: _Loose) -> str:
        alternative = ALTERNATIVE if loose.joint == "or" and not loose.group else ""
        return f"{self._words(loose.node)}{alternative}{_inside(loose.group)}"

    def _words(self, node: Node) -> str:
        return node_words(node, self._catalogue, locale=self._locale)

    def _changed(self, before: str, after: str) -> None:
        self.changes.append(Change(kind="changed", before=before, after=after))


def _joint(group: Group) -> Combinator | None:
    return group.combinator if len(group.rules) > 1 else None


def _inside(group: str) -> str:
    return f", in {group}" if group else ""


def _place(loose: _Loose) -> str:
    return _inside(loose.group) if loose.group else ", for the whole rule"


def _unmatched(nodes: Sequence[Node], others: Sequence[Node]) -> list[Node]:
    """The nodes without an equal among the others, each other counting once."""
    left, found = list(others), []
    for node in nodes:
        if node in left:
            left.remove(node)
        else:
            found.append(node)
    return found


def _pairs(gone: Sequence[Node], new: Sequence[Node]) -> list[tuple[Node, Node]]:
    """What became what: same subject first, then groups by what they share, then a condition that grew into a group."""
    left, right = list(gone), list(new)
    pairs: list[tuple[Node, Node]] = []
    for least in (3.0, 2.0, 0.0):
        scored = [(_kinship(one, other), i, j) for i, one in enumerate(left) for j, other in enumerate(right)]
        taken_left, taken_right = set[int](), set[int]()
        for score, i, j in sorted(scored, key=lambda entry: (-entry[0], entry[1], entry[2])):
            if score > least and i not in taken_left and j not in taken_right:
                taken_left.add(i)
                taken_right.add(j)
                pairs.append((left[i], right[j]))
        left = [node for i, node in enumerate(left) if i not in taken_left]
        right = [node for j, node in enumerate(right) if j not in taken_right]
    return pairs


def _kinship(one: Node, other: Node) -> float:
    """How likely one node became the other: 0 for strangers."""
    if isinstance(one, Group) and isinstance(other, Group):
        mine, theirs = list(leaves(one)), list(leaves(other))
        shared = sum(leaf in theirs for leaf in mine) + 0.4 * sum(
            _subject(leaf) in map(_subject, theirs) for leaf in mine
        )
        return shared / max(len(mine), len(theirs)) * 3
    if isinstance(one, Group) or isinstance(other, Group):
        group, leaf = (one, other) if isinstance(one, Group) else (other, one)
        rules = _rules(group)
        return 1.0 if leaf in rules else 0.5 if any(_same_subject(leaf, rule) for rule in rules) else 0.0
    if _subject(one) != _subject(other):
        return 0.0
    return 4.0 + (_operator(one) == _operator(other)) + (one.negated == other.negated) / 2


def _same_subject(one: Node, other: Node) -> bool:
    return not isinstance(one, Group) and not isinstance(other, Group) and _subject(one) == _subject(other)


def _rules(node: Node) -> tuple[Node, ...]:
    return node.rules if isinstance(node, Group) else ()


def _subject(leaf: Leaf) -> tuple[str, ...]:
    """What a condition is about. Two segments or two campaigns are never one that changed; another measure is."""
    if isinstance(leaf, Condition):
        return ("field", leaf.field)
    if isinstance(leaf, OrdersCondition):
        return ("orders",)
    if isinstance(leaf, CampaignCondition):
        return ("campaign", leaf.value)
    return ("segment", leaf.value)


def _operator(leaf: Leaf) -> str:
    return f"{leaf.measure} {leaf.operator}" if isinstance(leaf, OrdersCondition) else leaf.operator


def _rest(before: str, after: str) -> str:
    """What of `after` is not said by the words it begins with like `before`, when both look at the same thing."""
    one, other = before.split(" "), after.split(" ")
    same = 0
    while same < min(len(one), len(other)) - 1 and one[same] == other[same]:
        same += 1
    # Cutting inside quotation marks or brackets would leave half of a pair.
    while same and _open(other[:same]):
        same -= 1
    rest = other[same:]
    return after if "is" in (*one[same:], *rest) else " ".join(rest)


def _open(words: Sequence[str]) -> bool:
    text = " ".join(words)
    return text.count("“") != text.count("”") or text.count("(") != text.count(")")
