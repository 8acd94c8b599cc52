"""A group of conditions, nested, and the whole tree."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nicegui import ui

from pages.components import icon, icon_button, text
from pages.components.popover import Popover, entry
from pages.components.text import box
from pages.segment_editor.condition import add_buttons, condition_row
from pages.segment_editor.editing import Editing
from pages.segment_editor.tree import ConditionNode, GroupNode, Mode
from pages.segment_editor.wording import MODES


def draw_tree(editing: Editing) -> None:
    """The root group: no frame of its own, everything else inside it."""
    editing.rows.clear()
    root = editing.state.root
    with box("grp root") as surface:
        if root.children:
            _head(editing, root, removable=False)
            _children(editing, root)
        else:
            with box("grp-nobody"):
                icon("users", "s18 muted")
                with box("stack"):
                    text("Everyone, so far", "medium")
                    text("Add a condition to narrow it down, or describe who you want above.", "muted")
        note = text("", "cond-note")
        add_buttons(editing, root)
    editing.watch(root.uid, surface, note)


def draw_group(editing: Editing, group: GroupNode) -> None:
    """A group inside another, or the orders a condition is about."""
    in_orders = editing.state.parent_of(group) is None
    with box("grp") as surface:
        _head(editing, group, removable=not in_orders)
        _children(editing, group)
        note = text("", "cond-note")
        add_buttons(editing, group, nested=not in_orders)
    editing.watch(group.uid, surface, note)


def _children(editing: Editing, group: GroupNode) -> None:
    for child in group.children:
        if isinstance(child, ConditionNode):
            condition_row(editing, child, draw_group)
        else:
            draw_group(editing, child)


def _head(editing: Editing, group: GroupNode, *, removable: bool) -> None:
    chip, explanation = MODES[group.mode]
    with box("grp-head"):
        with ui.element("button").classes("chip accent grp-mode").props("type=button") as button:
            words = text(chip, "t", tag="span")
            icon("chevron-down")
            Popover(lambda popover: _modes(popover, group, set_mode))
        more = text(explanation, "muted", tag="span")
        button.props["aria-label"] = f"How the conditions are joined: {chip}"
        if removable:
            with box("cond-acts"), icon_button("ellipsis", "More", small=True):
                Popover(lambda popover: _menu(popover, editing, group), align_right=True)

    def set_mode(mode: Mode) -> None:
        group.mode = mode
        words.text, more.text = MODES[mode]
        editing.changed()


def _modes(popover: Popover, group: GroupNode, choose: Callable[[Mode], None]) -> None:
    for mode, (chip, explanation) in MODES.items():
        with entry(popover, "", partial(choose, mode)).classes("mode-line" + (" here" if mode is group.mode else "")):
            text(chip, "medium", tag="span")
            text(explanation, "muted", tag="span")


def _menu(popover: Popover, editing: Editing, group: GroupNode) -> None:
    state = editing.state

    def after(change: Callable[[GroupNode], object]) -> None:
        change(group)
        editing.restructured()

    entry(popover, "Duplicate group", lambda: after(state.duplicate), icon="copy")
    entry(popover, "Make it the opposite", lambda: after(state.negate), icon="repeat")
    entry(popover, "Ungroup", lambda: after(state.ungroup), icon="split")
    box("menu-rule")
    entry(popover, "Remove group", lambda: after(state.remove), icon="trash-2", danger=True)
