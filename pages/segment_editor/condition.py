"""One line of the rule: what to look at, how to compare, with what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from app.segments.catalogue import FieldType
from pages.components import button, chip, icon, icon_button, text
from pages.components.popover import Popover, entry
from pages.components.text import box
from pages.segment_editor.editing import Editing
from pages.segment_editor.field_picker import field_icon, field_panel, picks
from pages.segment_editor.inputs import choice
from pages.segment_editor.shapes import Shape
from pages.segment_editor.special import special_inputs
from pages.segment_editor.tree import ConditionNode, GroupNode
from pages.segment_editor.values import value_input
from pages.segment_editor.wording import SPECIAL, operator_word

PARTIAL = ("contains", "doesNotContain", "beginsWith", "endsWith")
"""Operators that look at a part of a text."""

DrawGroup = Callable[[Editing, GroupNode], None]


def condition_row(editing: Editing, node: ConditionNode, draw_group: DrawGroup) -> None:
    """Draw a condition. `draw_group` draws the group inside an orders condition."""
    with box("cond") as row:
        row.mark(f"condition-{node.uid}")
        inside = box("cond-line")
        below = box("cond-below")
        note = text("", "cond-note")
    editing.watch(node.uid, row, note)

    def draw() -> None:
        inside.clear()
        below.clear()
        with inside:
            _line(editing, node, draw)
        with below:
            if node.field in SPECIAL:
                special_inputs(editing, node, draw_group)
        below.set_visibility(bool(below.default_slot.children))

    draw()


def _line(editing: Editing, node: ConditionNode, redraw: Callable[[], None]) -> None:
    state = editing.state

    def picked(name: str) -> None:
        state.set_field(node, name)
        redraw()
        editing.changed()

    _field_button(editing, node, picked)
    with box("cond-say"):
        if node.negated and node.field not in ("campaign", "segment"):
            chip("not", "warn", on_remove=lambda: _negate(editing, node, redraw))
        _operator_and_value(editing, node, redraw)
    with box("cond-acts"):
        with icon_button("ellipsis", "More", small=True):
            Popover(lambda popover: _menu(popover, editing, node, redraw), align_right=True)
        icon_button("x", "Remove condition", small=True, on_click=lambda: _remove(editing, node))


def _field_button(editing: Editing, node: ConditionNode, picked: Callable[[str], None]) -> None:
    state = editing.state
    found = state.field_of(node)
    if node.field in SPECIAL:
        label, picture = SPECIAL[node.field]
    elif found:
        label, picture = found.label, field_icon(found)
    else:
        label, picture = node.field or "Choose a field", "circle-dashed"
    with ui.element("button").classes("plain-field pickbtn cond-field").props("type=button") as element:
        element.props["aria-label"] = f"Field: {label}"
        icon(picture, "s14 muted")
        text(label, "t" if node.field else "t muted", tag="span")
        icon("chevron-down", "s14 muted")
        Popover(
            lambda popover: field_panel(
                popover, picks(state.catalogue, in_orders=state.in_orders(node)), node.field, picked
            ),
            css="picker-menu",
        )


def _operator_and_value(editing: Editing, node: ConditionNode, redraw: Callable[[], None]) -> None:
    state = editing.state
    found = state.field_of(node)
    if found is None:
        return
    shape = state.shape(node)

    def set_operator(name: str) -> None:
        before = (state.shape(node), node.operator in PARTIAL)
        state.set_operator(node, name)
        if (state.shape(node), name in PARTIAL) != before:
            redraw()
        editing.changed()

    def set_value(value: Any) -> None:
        node.value = value
        editing.changed()

    if shape is Shape.BOOLEAN:
        text("is", "muted cond-is", tag="span")
    else:
        options = {name: operator_word(found, name) for name in state.operators(node)}
        choice(options, node.operator, set_operator, label=f"{found.label}: how to compare").classes("cond-op")
    sign = editing.currency_sign if found.type is FieldType.MONEY else None
    wide = " wide" if shape in (Shape.TEXT, Shape.TEXTS) else ""
    with box(f"cond-value{wide}"):
        value_input(
            shape,
            node.value,
            set_value,
            field=found,
            label=found.label,
            locale=editing.locale,
            sign=sign,
            whole=node.operator not in PARTIAL,
        )


def _menu(popover: Popover, editing: Editing, node: ConditionNode, redraw: Callable[[], None]) -> None:
    entry(popover, "Duplicate", lambda: _duplicate(editing, node), icon="copy")
    entry(popover, "Make it the opposite", lambda: _negate(editing, node, redraw), icon="repeat")
    box("menu-rule")
    entry(popover, "Remove", lambda: _remove(editing, node), icon="trash-2", danger=True)


def _negate(editing: Editing, node: ConditionNode, redraw: Callable[[], None]) -> None:
    editing.state.negate(node)
    redraw()
    editing.changed()


def _duplicate(editing: Editing, node: ConditionNode) -> None:
    editing.state.duplicate(node)
    editing.restructured()


def _remove(editing: Editing, node: ConditionNode) -> None:
    editing.state.remove(node)
    editing.restructured()


def add_buttons(editing: Editing, group: GroupNode, *, nested: bool = True) -> None:
    """The row that adds to a group: a condition by its field, or a group."""
    state = editing.state

    def add(name: str) -> None:
        state.add_condition(group, name)
        editing.restructured()

    def add_group() -> None:
        state.add_group(group)
        editing.restructured()

    with box("grp-add"):
        if state.full:
            text("This rule has 50 conditions, which is as many as fit.", "muted t12")
            return
        in_orders = not nested
        with button("Add condition", icon="plus", small=True):
            Popover(
                lambda popover: field_panel(popover, picks(state.catalogue, in_orders=in_orders), "", add),
                css="picker-menu",
            )
        if nested and state.may_nest(group):
            button("Add group", icon="plus", small=True, kind="ghost", on_click=add_group)
