"""The rule on screen. After a change only what changed is drawn again, so the rest keeps its focus and its cursor."""

from __future__ import annotations

from pages.segment_editor.condition import ConditionView
from pages.segment_editor.editing import Editing
from pages.segment_editor.group import GroupView
from pages.segment_editor.operations import Operations
from pages.segment_editor.tree import ConditionNode, GroupNode, Node, walk


class Canvas:
    """Every node has one view here, found by the node's identity; views move when their nodes do."""

    def __init__(self, editing: Editing) -> None:
        self.editing = editing
        self.operations = Operations(editing)
        self._views: dict[int, ConditionView | GroupView] = {}
        self.alive = False
        """Whether the first drawing is over: what comes from now on is new to the eye."""
        self.root = self.draw_group(editing.state.root)
        self.sync()
        self.alive = True

    def sync(self) -> list[int]:
        """Bring the screen in line with the state; the nodes that were drawn anew, in the order of the rule."""
        state = self.editing.state
        self.root.sync()
        there = {node.uid for node in walk(state.root)}
        for uid in [uid for uid in self._views if uid not in there]:
            view = self._views.pop(uid)
            self.editing.rows.pop(uid, None)
            if not view.surface.is_deleted:
                view.surface.delete()
        fresh = [node.uid for node in walk(state.root) if (v := self._views.get(node.uid)) and v.drawn_anew]
        for view in self._views.values():
            view.drawn_anew = False
        return fresh

    def view_of(self, node: Node) -> ConditionView | GroupView | None:
        """The node's view, if it is on screen."""
        view = self._views.get(node.uid)
        return None if view is None or view.surface.is_deleted else view

    def draw(self, node: Node) -> ConditionView | GroupView:
        """A new view of a node, at the end of the slot that is open."""
        return self.draw_group(node) if isinstance(node, GroupNode) else self._draw_condition(node)

    def draw_group(self, group: GroupNode) -> GroupView:
        """A new view of a group and of everything in it."""
        view = GroupView(self, group)
        self._views[group.uid] = view
        view.sync()
        return view

    def _draw_condition(self, node: ConditionNode) -> ConditionView:
        view = ConditionView(self, node)
        self._views[node.uid] = view
        view.draw()
        return view
