"""One line of the rule: what to look at, how to compare, with what, and how many people that alone selects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui import ui

from app.segments.catalogue import Field, FieldType
from app.segments.catalogue.value_counts import value_counts
from pages.components import chip, icon, icon_button, text
from pages.components.popover import Popover
from pages.components.text import box
from pages.segment_editor.editing import Editing, Row
from pages.segment_editor.field_picker import field_icon, field_panel, picks
from pages.segment_editor.inputs import choice
from pages.segment_editor.operations import menu
from pages.segment_editor.shapes import Shape
from pages.segment_editor.special import SpecialInputs
from pages.segment_editor.tree import ConditionNode
from pages.segment_editor.values import value_input
from pages.segment_editor.wording import SPECIAL, operator_word

if TYPE_CHECKING:
    from pages.segment_editor.canvas import Canvas

PARTIAL = ("contains", "doesNotContain", "beginsWith", "endsWith")
"""Operators that look at a part of a text."""


class ConditionView:
    """A condition on screen."""

    def __init__(self, canvas: Canvas, node: ConditionNode) -> None:
        self._canvas, self.node = canvas, node
        self._editing: Editing = canvas.editing
        self._special: SpecialInputs | None = None
        self._said: tuple[Any, ...] = ()
        self.drawn_anew = True
        with box("cond fresh" if canvas.alive else "cond") as self.surface:
            self.surface.props["data-node"] = node.uid
            self.surface.mark(f"condition-{node.uid}")
            ui.element("span").classes("ic ic-grip-vertical grip").props("draggable=true aria-hidden=true")
            with box("cond-line"):
                self._head = box("cond-head")
                self._say = box("cond-say")
                count = text("", "cond-count num", tag="span")
                with box("cond-acts"):
                    with icon_button("ellipsis", "More", small=True):
                        Popover(lambda popover: menu(popover, canvas.operations, node), align_right=True)
                    icon_button("x", "Remove condition", small=True, on_click=lambda: canvas.operations.remove(node))
            self._below = box("cond-below")
            note = text("", "cond-note")
        self._editing.watch(node.uid, Row(self.surface, note, count))

    def sync(self) -> None:
        """Draw again what no longer says what the node does."""
        if self._said != self._saying():
            self.draw()
        elif self._special is not None:
            self._special.sync()

    def draw(self) -> None:
        """Draw the condition from its node."""
        self._said = self._saying()
        self.drawn_anew = True
        for part in (self._head, self._say, self._below):
            part.clear()
        self._special = None
        with self._head:
            self._field_button()
        with self._say:
            self._operator_and_value()
        if self.node.field in SPECIAL:
            with self._below:
                self._special = SpecialInputs(self._canvas, self)
        self._below.set_visibility(self._special is not None)

    def told(self, *key: str) -> None:
        """A value changed in the controls that are on screen, so they need no drawing. `key` names which."""
        self._said = self._saying()
        self._editing.changed((self.node.uid, *key))

    def redraw(self, part: str) -> None:
        """Something changed that needs other controls; the focus goes to this part of them."""
        self._editing.restructured()
        self._editing.focus(self.node.uid, part)

    def _saying(self) -> tuple[Any, ...]:
        node = self.node
        where = node.where is not None and bool(node.where.children)
        return (node.field, node.operator, repr(node.value), node.negated, node.measure, repr(node.window), where)

    # the parts

    def _field_button(self) -> None:
        node, state = self.node, self._editing.state
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
            Popover(self._pick, css="picker-menu")

    def _pick(self, popover: Popover) -> None:
        state, node = self._editing.state, self.node
        field_panel(popover, picks(state.catalogue, in_orders=state.in_orders(node)), node.field, self._picked)

    def _picked(self, name: str) -> None:
        self._editing.state.set_field(self.node, name)
        self.redraw("cond-value")

    def _operator_and_value(self) -> None:
        node, state = self.node, self._editing.state
        if node.negated and node.field not in ("campaign", "segment"):
            chip("not", "warn", on_remove=lambda: self._canvas.operations.negate(node))
        found = state.field_of(node)
        if found is None:
            return
        if state.shape(node) is Shape.BOOLEAN:
            text("is", "muted cond-is", tag="span")
        else:
            options = {name: operator_word(found, name) for name in state.operators(node)}
            label = f"{found.label}: how to compare"
            choice(options, node.operator, self._set_operator, label=label).classes("cond-op")
        self._value(found)

    def _value(self, found: Field) -> None:
        node, state = self.node, self._editing.state
        shape, in_orders = state.shape(node), state.in_orders(node)
        with box("cond-value wide" if shape in (Shape.TEXT, Shape.TEXTS) else "cond-value"):
            value_input(
                shape,
                node.value,
                self._set_value,
                field=found,
                label=found.label,
                locale=self._editing.locale,
                sign=self._editing.currency_sign if found.type is FieldType.MONEY else None,
                whole=node.operator not in PARTIAL,
                counts=lambda: value_counts(self._editing.member, found.name, of_orders=in_orders),
            )

    def _set_operator(self, name: str) -> None:
        node, state = self.node, self._editing.state
        if name == node.operator:
            return
        before = (state.shape(node), node.operator in PARTIAL)
        state.set_operator(node, name)
        if (state.shape(node), name in PARTIAL) != before:
            self.redraw("cond-op")
        else:
            self.told()

    def _set_value(self, value: Any) -> None:
        if value != self.node.value:
            self.node.value = value
            self.told("value")
