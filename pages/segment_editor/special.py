"""What belongs to the conditions that are no plain field: matching orders, campaign activity, segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.segments.catalogue import MEASURES as MEASURE_NAMES
from app.segments.catalogue import FieldType
from app.segments.catalogue.fields import DAY_OPERATORS, NUMBER_OPERATORS
from pages.components import button, icon_button, text
from pages.components.text import box
from pages.segment_editor.inputs import choice
from pages.segment_editor.shapes import blank, carried, shape_of
from pages.segment_editor.tree import GroupNode
from pages.segment_editor.values import value_input
from pages.segment_editor.wording import CAMPAIGN, MEASURES, SEGMENT, WINDOWS, number_word

if TYPE_CHECKING:
    from pages.segment_editor.canvas import Canvas
    from pages.segment_editor.condition import ConditionView
    from pages.segment_editor.group import GroupView


class SpecialInputs:
    """Draws what comes after the field's name, below it."""

    def __init__(self, canvas: Canvas, view: ConditionView) -> None:
        self._canvas, self._view, self._node = canvas, view, view.node
        self._editing = canvas.editing
        self._where: GroupView | None = None
        if self._node.field == "orders":
            self._orders()
        elif self._node.field == "campaign":
            self._campaign()
        else:
            self._segment()

    def sync(self) -> None:
        """Bring the conditions on the orders in line with the state."""
        if self._where is not None:
            self._where.sync()

    # orders

    def _orders(self) -> None:
        node, state = self._node, self._editing.state
        sign = None if node.measure == "count" else self._editing.currency_sign
        with box("cond-say"):
            measures = {name: MEASURES[name] for name in MEASURE_NAMES}
            choice(measures, node.measure, self._set_measure, label="What to measure").classes("cond-op measure")
            words = {name: number_word(name) for name in NUMBER_OPERATORS}
            choice(words, node.operator, self._set_operator, label="How to compare").classes("cond-op")
            with box("cond-value"):
                value_input(
                    state.shape(node),
                    node.value,
                    self._set_value,
                    field=None,
                    label=MEASURES[node.measure].capitalize(),
                    locale=self._editing.locale,
                    sign=sign,
                )
        self._window("orders placed")
        if node.where is not None and node.where.children:
            self._where = self._canvas.draw_group(node.where)
        else:
            button("Only orders that match", icon="plus", small=True, kind="ghost", on_click=self._start).classes(
                "grp-add"
            )

    def _set_measure(self, name: str) -> None:
        if name != self._node.measure:
            self._node.measure = name
            self._view.redraw("measure")

    def _set_operator(self, name: str) -> None:
        state, node = self._editing.state, self._node
        if name == node.operator:
            return
        before = state.shape(node)
        state.set_operator(node, name)
        if state.shape(node) is not before:
            self._view.redraw("cond-op:not(.measure)")
        else:
            self._view.told()

    def _set_value(self, value: Any) -> None:
        if value != self._node.value:
            self._node.value = value
            self._view.told("value")

    def _start(self) -> None:
        self._node.where = GroupNode()
        first = self._editing.state.add_condition(self._node.where, "category")
        self._editing.restructured()
        self._editing.focus(first.uid, "cond-value")

    # campaigns and segments

    def _campaign(self) -> None:
        node = self._node
        with box("cond-say"):
            now = CAMPAIGN.get((node.operator, node.negated))
            activities = {words: words for words in CAMPAIGN.values()}
            choice(activities, now, self._set_activity, label="Activity").classes("cond-op")
            campaigns = {"any": "any campaign", **self._editing.state.catalogue.campaigns}
            choice(campaigns, node.value, self._set_value, label="Campaign", search=len(campaigns) > 8).classes(
                "cond-wide cond-value"
            )
        self._window("sent")

    def _set_activity(self, words: str) -> None:
        chosen = next(key for key, value in CAMPAIGN.items() if value == words)
        if chosen != (self._node.operator, self._node.negated):
            self._node.operator, self._node.negated = chosen
            self._view.told()

    def _segment(self) -> None:
        state, node = self._editing.state, self._node
        others = {key: name for key, name in state.catalogue.segments.items() if key != state.segment_id}
        with box("cond-say"):
            choice(SEGMENT, node.operator, self._set_membership, label="Membership").classes("cond-op")
            choice(others, node.value, self._set_value, label="Segment", search=len(others) > 8).classes(
                "cond-wide cond-value"
            )

    def _set_membership(self, name: str) -> None:
        if name != self._node.operator:
            self._node.operator = name
            self._view.told()

    # when

    def _window(self, what: str) -> None:
        """When it happened; "at any time" is no window at all."""
        window = self._node.window
        operator = str(window.get("operator")) if window else "any"
        with box("cond-say"):
            text(what, "muted cond-is", tag="span")
            words = {"any": "at any time", **{name: WINDOWS[name] for name in DAY_OPERATORS}}
            choice(words, operator, self._set_when, label="When").classes("cond-op when")
            if window:
                with box("cond-value"):
                    value_input(
                        shape_of(FieldType.DATE, operator),
                        window.get("value"),
                        self._set_moment,
                        field=None,
                        label="When",
                        locale=self._editing.locale,
                    )
                icon_button("x", "At any time", small=True, on_click=lambda: self._set_when("any"))

    def _set_when(self, name: str) -> None:
        node = self._node
        before = node.window or {}
        if name == before.get("operator", "any"):
            return
        if name == "any":
            node.window = None
        else:
            new = shape_of(FieldType.DATE, name)
            old = shape_of(FieldType.DATE, str(before.get("operator", "")))
            value = carried(before["value"], old, new) if "value" in before else blank(new)
            node.window = {"operator": name, "value": value}
        self._view.redraw("when")

    def _set_moment(self, value: Any) -> None:
        window = self._node.window
        if window is not None and window.get("value") != value:
            window["value"] = value
            self._view.told("when")
