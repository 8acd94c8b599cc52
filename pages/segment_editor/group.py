"""A group of conditions: how it joins them, what is in it, and what can be added."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from pages.components import button, icon, icon_button, text
from pages.components.popover import Popover, entry
from pages.components.text import box
from pages.segment_editor.editing import Editing, Row
from pages.segment_editor.field_picker import field_panel, picks
from pages.segment_editor.operations import menu
from pages.segment_editor.tree import GroupNode, Mode
from pages.segment_editor.wording import MODES

if TYPE_CHECKING:
    from pages.segment_editor.canvas import Canvas


class GroupView:
    """A group on screen. The root has no frame of its own; an orders condition's `where` cannot be taken away."""

    def __init__(self, canvas: Canvas, group: GroupNode) -> None:
        self._canvas, self._group = canvas, group
        self._editing: Editing = canvas.editing
        self._is_root = group is self._editing.state.root
        self.drawn_anew = True
        with box("grp root" if self._is_root else "grp") as self.surface:
            self.surface.props["data-node"] = group.uid
            self._head()
            if self._is_root:
                self._nobody = _nobody()
            self._rows = box("grp-rows")
            self._rows.props["data-rows"] = group.uid
            note = text("", "cond-note")
            self._adds()
        self._editing.watch(group.uid, Row(self.surface, note))

    def sync(self) -> None:
        """Bring the group and everything in it in line with the state."""
        state, group = self._editing.state, self._group
        self._rows.props["data-top"] = state.top_of(group).uid
        for index, child in enumerate(group.children):
            view = self._canvas.view_of(child)
            if view is None:
                with self._rows:
                    view = self._canvas.draw(child)
            else:
                view.sync()
            children = self._rows.default_slot.children
            if index >= len(children) or children[index] is not view.surface:
                view.surface.move(self._rows, index)
        self._show_mode()
        if self._is_root:
            self._top.set_visibility(bool(group.children))
            self._nobody.set_visibility(not group.children)
        self._full.set_visibility(state.full)
        self._add.set_visibility(not state.full)
        self._add_group.set_visibility(not state.full and state.may_nest(group))

    # the head

    def _head(self) -> None:
        with box("grp-head") as self._top:
            if not self._is_root:
                ui.element("span").classes("ic ic-grip-vertical grip").props("draggable=true aria-hidden=true")
            with ui.element("button").classes("chip accent grp-mode").props("type=button") as self._mode:
                self._joined = text("", "t", tag="span")
                icon("chevron-down")
                Popover(lambda popover: _modes(popover, self._group, self._set_mode))
            self._explained = text("", "muted", tag="span")
            if self._editing.state.parent_of(self._group) is not None:
                with box("cond-acts"), icon_button("ellipsis", "More", small=True):
                    Popover(lambda popover: menu(popover, self._canvas.operations, self._group), align_right=True)

    def _show_mode(self) -> None:
        words, explained = MODES[self._group.mode]
        if self._joined.text != words:
            self._joined.text, self._explained.text = words, explained
            self._mode.props["aria-label"] = f"How the conditions are joined: {words}"

    def _set_mode(self, mode: Mode) -> None:
        self._group.mode = mode
        self._editing.restructured()
        self._editing.focus(self._group.uid, "grp-mode")

    # the foot

    def _adds(self) -> None:
        with box("grp-add"):
            self._full = text("This rule has 50 conditions, which is as many as fit.", "muted t12")
            self._add = button("Add condition", icon="plus", small=True)
            with self._add:
                Popover(self._pick, css="picker-menu")
            self._add_group = button("Add group", icon="plus", small=True, kind="ghost", on_click=self._new_group)

    def _pick(self, popover: Popover) -> None:
        state = self._editing.state
        field_panel(popover, picks(state.catalogue, in_orders=state.in_orders(self._group)), "", self._new_condition)

    def _new_condition(self, name: str) -> None:
        node = self._editing.state.add_condition(self._group, name)
        self._editing.restructured()
        self._editing.focus(node.uid, "cond-value")

    def _new_group(self) -> None:
        inner = self._editing.state.add_group(self._group)
        self._editing.restructured()
        self._editing.focus(inner.children[0].uid, "cond-field")


def _nobody() -> ui.element:
    with box("grp-nobody") as element:
        icon("users", "s18 muted")
        with box("stack"):
            text("Everyone, so far", "medium")
            text("Add a condition to narrow it down, or describe who you want above.", "muted")
    return element


def _modes(popover: Popover, group: GroupNode, choose: Callable[[Mode], None]) -> None:
    for mode, (chip, explanation) in MODES.items():
        with entry(popover, "", partial(choose, mode)).classes("mode-line" + (" here" if mode is group.mode else "")):
            text(chip, "medium", tag="span")
            text(explanation, "muted", tag="span")
