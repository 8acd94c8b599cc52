"""The shape of the rule being edited: what holds what, and every way to rearrange it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from app.segments.rule.nodes import MAX_CONDITIONS, MAX_DEPTH
from pages.segment_editor.tree import ConditionNode, GroupNode, Mode, Node, copied, walk

Direction = Literal[-1, 1]
_OTHER = {Mode.ALL: Mode.ANY, Mode.NOT_ALL: Mode.ANY, Mode.ANY: Mode.ALL, Mode.NONE: Mode.ALL}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Somewhere a node may go: at `index` of `group`, as `words` say to a person."""

    words: str
    group: GroupNode
    index: int


@dataclass(kw_only=True)
class RuleTree:
    """The tree below `root`. Methods that cannot do what is asked (no room, nowhere to go) leave it as it is."""

    root: GroupNode = field(default_factory=GroupNode)

    # looking

    def parent_of(self, node: Node) -> GroupNode | None:
        """The group that holds this node; None for the root and for an orders condition's `where`."""
        return next((n for n in walk(self.root) if isinstance(n, GroupNode) and node in n.children), None)

    def find(self, uid: int) -> Node | None:
        """The node with this identity, if it is in the tree."""
        return next((node for node in walk(self.root) if node.uid == uid), None)

    def depth_of(self, group: GroupNode) -> int:
        """How deep a group is nested; the root is 1, and the orders of a condition begin at 2."""
        depth, parent = 1, self.parent_of(group)
        while parent is not None:
            group, depth, parent = parent, depth + 1, self.parent_of(parent)
        return depth if group is self.root else depth + 1

    def top_of(self, node: Node) -> Node:
        """The group without a parent above a node: the root, or the `where` it is in."""
        while (parent := self.parent_of(node)) is not None:
            node = parent
        return node

    def in_orders(self, node: Node) -> bool:
        """Whether the node is about single orders, that is inside some `where`."""
        return self.top_of(node) is not self.root

    def conditions(self) -> int:
        """How many conditions there are, also inside `where`."""
        return sum(isinstance(node, ConditionNode) for node in walk(self.root))

    @property
    def full(self) -> bool:
        """Whether the rule has as many conditions as it may have."""
        return self.conditions() >= MAX_CONDITIONS

    def may_nest(self, group: GroupNode) -> bool:
        """Whether another group fits inside this one."""
        return self.depth_of(group) < MAX_DEPTH

    def fits(self, node: Node, group: GroupNode) -> bool:
        """Whether a node may be put into a group: of the same kind of thing, not below itself, not too deep."""
        if self.top_of(node) is not self.top_of(group) or any(group is inner for inner in walk(node)):
            return False
        return self.depth_of(group) + _height(node) <= MAX_DEPTH

    def paths(self) -> dict[str, Node]:
        """Every node by its path in the rule's JSON (`rules[0].rules[1]`), without what is inside a `where`."""
        found: dict[str, Node] = {"": self.root}

        def below(group: GroupNode, path: str) -> None:
            for index, child in enumerate(group.children):
                at = f"{path}.rules[{index}]" if path else f"rules[{index}]"
                found[at] = child
                if isinstance(child, GroupNode):
                    below(child, at)

        below(self.root, "")
        return found

    # adding and taking away

    def add_group(self, group: GroupNode) -> GroupNode:
        """A new group at the end, joined the other way than its parent, with one condition to fill in."""
        inner = GroupNode(mode=_OTHER[group.mode], children=[ConditionNode()])
        group.children.append(inner)
        return inner

    def remove(self, node: Node) -> None:
        """Take a node out. A group left empty goes with it, except the root."""
        parent = self.parent_of(node)
        if parent is None:
            return
        parent.children.remove(node)
        if not parent.children and parent is not self.root:
            self.remove(parent)

    def duplicate(self, node: Node) -> Node | None:
        """The same again, right after it; None where there is no room for more conditions."""
        parent = self.parent_of(node)
        more = sum(isinstance(inner, ConditionNode) for inner in walk(node))
        if parent is None or self.conditions() + more > MAX_CONDITIONS:
            return None
        twin = copied(node)
        parent.children.insert(parent.children.index(node) + 1, twin)
        return twin

    def wrap(self, node: Node) -> GroupNode | None:
        """Put a node into a new group in its place; None where groups would be nested too deep."""
        parent = self.parent_of(node)
        if parent is None or self.depth_of(parent) + 1 + _height(node) > MAX_DEPTH:
            return None
        outer = GroupNode(mode=_OTHER[parent.mode], children=[node])
        parent.children[parent.children.index(node)] = outer
        return outer

    def ungroup(self, group: GroupNode) -> None:
        """Put what is in a group in its place."""
        parent = self.parent_of(group)
        if parent is not None:
            at = parent.children.index(group)
            parent.children[at : at + 1] = group.children

    # moving

    def move(self, node: Node, group: GroupNode, index: int) -> bool:
        """Put a node before the `index`-th child that the group has now; False where it does not fit."""
        parent = self.parent_of(node)
        if parent is None or not self.fits(node, group):
            return False
        old = parent.children.index(node)
        if parent is group and index in (old, old + 1):
            return False
        parent.children.remove(node)
        group.children.insert(index - 1 if parent is group and old < index else index, node)
        if not parent.children and parent is not self.root:
            self.remove(parent)
        return True

    def step(self, node: Node, direction: Direction) -> bool:
        """One line up or down. A condition walks into the groups it meets and out of them at their ends."""
        parent = self.parent_of(node)
        if parent is None:
            return False
        at = parent.children.index(node)
        if not 0 <= at + direction < len(parent.children):
            outer = self.parent_of(parent)
            if outer is None:
                return False
            beside = outer.children.index(parent)
            return self.move(node, outer, beside if direction < 0 else beside + 1)
        neighbour = parent.children[at + direction]
        if isinstance(neighbour, GroupNode) and isinstance(node, ConditionNode):
            return self.move(node, neighbour, len(neighbour.children) if direction < 0 else 0)
        return self.move(node, parent, at - 1 if direction < 0 else at + 2)

    def places(self, node: Node) -> list[Place]:
        """Where else a node may go: out of its group, or into the nearest group above or below it."""
        parent = self.parent_of(node)
        if parent is None:
            return []
        found: list[Place] = []
        outer = self.parent_of(parent)
        if outer is not None:
            found.append(
                Place(words="Move out of the group", group=outer, index=outer.children.index(parent) + 1),
            )
        at = parent.children.index(node)
        above = [child for child in parent.children[:at] if isinstance(child, GroupNode)][-1:]
        below = [child for child in parent.children[at + 1 :] if isinstance(child, GroupNode)][:1]
        for word, groups in (("above", above), ("below", below)):
            for group in groups:
                if self.fits(node, group):
                    index = len(group.children) if word == "above" else 0
                    found.append(Place(words=f"Move into the group {word}", group=group, index=index))
        return found


def _height(node: Node) -> int:
    """How many levels of groups a node brings along."""
    if isinstance(node, ConditionNode):
        return 0
    return 1 + max((_height(child) for child in node.children), default=0)
