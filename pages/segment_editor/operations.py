"""What can be done to a node by menu, key or drag; after each the focus is where the work goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.segments.rule.nodes import MAX_DEPTH
from pages.components import icon, text
from pages.components.popover import Popover, entry
from pages.components.text import box
from pages.segment_editor.editing import Editing
from pages.segment_editor.structure import Place
from pages.segment_editor.tree import ConditionNode, GroupNode, Node, walk

KEYS = {
    "up": "Alt ↑",
    "down": "Alt ↓",
    "duplicate": "Ctrl D",
    "negate": "Alt N",
    "wrap": "Alt G",
    "add": "Alt Enter",
    "remove": "Alt Del",
}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One line of a node's menu."""

    words: str
    icon: str
    run: Callable[[], None]
    key: str = ""
    danger: bool = False


class Operations:
    """The operations of one builder. Each tells `editing` when it changed something."""

    def __init__(self, editing: Editing) -> None:
        self._editing = editing
        self._state = editing.state

    def by_name(self, name: str, uid: int, **more: Any) -> None:
        """What a shortcut or a drag asks for; a node that is gone meanwhile is let be."""
        node = self._state.find(uid)
        if node is None:
            return
        if name == "move":
            group = self._state.find(int(more.get("group", 0)))
            if isinstance(group, GroupNode):
                self.move(node, group, int(more.get("index", 0)))
            return
        known: dict[str, Callable[[Node], None]] = {
            "up": lambda n: self._stepped(n, up=True),
            "down": lambda n: self._stepped(n, up=False),
            "duplicate": self.duplicate,
            "negate": self.negate,
            "wrap": self.wrap,
            "add": self.add_after,
            "remove": self.remove,
        }
        if name in known:
            known[name](node)

    def menu(self, node: Node) -> Iterator[Operation | None]:
        """The lines of a node's menu; None is a line between them."""
        state, parent = self._state, self._state.parent_of(node)
        if parent is None:
            return
        thing = "condition" if isinstance(node, ConditionNode) else "group"
        yield Operation(words="Duplicate", icon="copy", run=lambda: self.duplicate(node), key=KEYS["duplicate"])
        yield Operation(words="Make it the opposite", icon="repeat", run=lambda: self.negate(node), key=KEYS["negate"])
        if not state.full:
            yield Operation(
                words="Add a condition below", icon="plus", run=lambda: self.add_after(node), key=KEYS["add"]
            )
        yield None
        outside = state.parent_of(parent) is not None
        if outside or parent.children[0] is not node:
            yield Operation(words="Move up", icon="arrow-up", run=lambda: self._stepped(node, up=True), key=KEYS["up"])
        if outside or parent.children[-1] is not node:
            yield Operation(
                words="Move down", icon="arrow-down", run=lambda: self._stepped(node, up=False), key=KEYS["down"]
            )
        for place in state.places(node):
            yield Operation(words=place.words, icon="folder-input", run=partial(self._put, node, place))
        if state.depth_of(parent) < MAX_DEPTH:
            yield Operation(words="Wrap in a group", icon="group", run=lambda: self.wrap(node), key=KEYS["wrap"])
        if isinstance(node, GroupNode):
            yield Operation(words="Ungroup", icon="split", run=lambda: self.ungroup(node))
        yield None
        yield Operation(
            words=f"Remove {thing}", icon="trash-2", run=lambda: self.remove(node), key=KEYS["remove"], danger=True
        )

    def duplicate(self, node: Node) -> None:
        """The same again below, with the focus on the copy."""
        twin = self._state.duplicate(node)
        if twin is not None:
            self._done(twin, "")

    def negate(self, node: Node) -> None:
        """Its complement."""
        if self._state.parent_of(node) is not None:
            self._state.negate(node)
            self._done(node, "")

    def wrap(self, node: Node) -> None:
        """A group of its own around it; the focus goes to how the group joins."""
        outer = self._state.wrap(node)
        if outer is not None:
            self._done(outer, "grp-mode")

    def ungroup(self, group: GroupNode) -> None:
        """Its children in its place."""
        first = group.children[0] if group.children else None
        self._state.ungroup(group)
        if first is not None:
            self._done(first, "")

    def remove(self, node: Node) -> None:
        """Gone; the focus goes to what stands there now, or to the group's button that adds."""
        state, parent = self._state, self._state.parent_of(node)
        if parent is None:
            return
        at = parent.children.index(node)
        state.remove(node)
        if parent.children:
            self._done(parent.children[min(at, len(parent.children) - 1)], "")
        else:
            self._done(self._left_of(parent), "grp-add")

    def _left_of(self, group: GroupNode) -> Node:
        """What is still there of an emptied group: the condition whose orders it described, or the root."""
        nodes = walk(self._state.root)
        return next((n for n in nodes if isinstance(n, ConditionNode) and n.where is group), self._state.root)

    def add_after(self, node: Node) -> None:
        """An empty condition below this one; a group's is at its end."""
        state = self._state
        group = node if isinstance(node, GroupNode) else state.parent_of(node)
        if group is None or state.full:
            return
        added = state.add_condition(group, after=node if isinstance(node, ConditionNode) else None)
        self._done(added, "cond-field")

    def move(self, node: Node, group: GroupNode, index: int) -> None:
        """To a place of its own choosing."""
        if self._state.move(node, group, index):
            self._done(node, "")

    def _put(self, node: Node, place: Place) -> None:
        self.move(node, place.group, place.index)

    def _stepped(self, node: Node, *, up: bool) -> None:
        if self._state.step(node, -1 if up else 1):
            self._done(node, "")

    def _done(self, node: Node, part: str) -> None:
        self._editing.restructured()
        self._editing.focus(node.uid, part)


def menu(popover: Popover, operations: Operations, node: Node) -> None:
    """Draw a node's menu, each line with its key."""
    for operation in operations.menu(node):
        if operation is None:
            box("menu-rule")
            continue
        with entry(popover, "", operation.run, danger=operation.danger) as line:
            icon(operation.icon)
            text(operation.words, "grow", tag="span")
            if operation.key:
                text(operation.key, "kbd only-wide", tag="span")
        line.props["aria-label"] = operation.words
