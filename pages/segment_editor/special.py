"""What belongs to the conditions that are no plain field: matching orders, campaign activity, segments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.segments.catalogue import MEASURES as MEASURE_NAMES
from app.segments.catalogue import FieldType
from app.segments.fields import DAY_OPERATORS, NUMBER_OPERATORS
from pages.components import button, icon_button, text
from pages.components.text import box
from pages.segment_editor.editing import Editing
from pages.segment_editor.inputs import choice
from pages.segment_editor.shapes import blank, carried, shape_of
from pages.segment_editor.tree import ConditionNode, GroupNode
from pages.segment_editor.values import value_input
from pages.segment_editor.wording import CAMPAIGN, MEASURES, SEGMENT, WINDOWS, number_word

DrawGroup = Callable[[Editing, GroupNode], None]


def special_inputs(editing: Editing, node: ConditionNode, draw_group: DrawGroup) -> None:
    """Draw what comes after the field's name, below it."""
    if node.field == "orders":
        _orders(editing, node, draw_group)
    elif node.field == "campaign":
        _campaign(editing, node)
    else:
        _segment(editing, node)


def _orders(editing: Editing, node: ConditionNode, draw_group: DrawGroup) -> None:
    state = editing.state
    line = box("cond-say")

    def set_measure(name: str) -> None:
        node.measure = name
        draw()
        editing.changed()

    def set_operator(name: str) -> None:
        before = state.shape(node)
        state.set_operator(node, name)
        if state.shape(node) is not before:
            draw()
        editing.changed()

    def set_value(value: Any) -> None:
        node.value = value
        editing.changed()

    def draw() -> None:
        line.clear()
        sign = None if node.measure == "count" else editing.currency_sign
        with line:
            choice({m: MEASURES[m] for m in MEASURE_NAMES}, node.measure, set_measure, label="What to measure").classes(
                "cond-op"
            )
            words = {name: number_word(name) for name in NUMBER_OPERATORS}
            choice(words, node.operator, set_operator, label="How to compare").classes("cond-op")
            with box("cond-value"):
                value_input(
                    state.shape(node),
                    node.value,
                    set_value,
                    field=None,
                    label=MEASURES[node.measure],
                    locale=editing.locale,
                    sign=sign,
                )

    draw()
    _window(editing, node, "orders placed")
    if node.where is not None and node.where.children:
        draw_group(editing, node.where)
    else:
        button("Only orders that match", icon="plus", small=True, kind="ghost", on_click=lambda: _start(editing, node))


def _start(editing: Editing, node: ConditionNode) -> None:
    node.where = GroupNode()
    editing.state.add_condition(node.where, "category")
    editing.restructured()


def _campaign(editing: Editing, node: ConditionNode) -> None:
    def set_activity(words: str) -> None:
        node.operator, node.negated = next(key for key, value in CAMPAIGN.items() if value == words)
        editing.changed()

    def set_campaign(key: str) -> None:
        node.value = key
        editing.changed()

    with box("cond-say"):
        now = CAMPAIGN.get((node.operator, node.negated))
        choice({words: words for words in CAMPAIGN.values()}, now, set_activity, label="Activity").classes("cond-op")
        campaigns = {"any": "any campaign", **editing.state.catalogue.campaigns}
        choice(campaigns, node.value, set_campaign, label="Campaign", search=len(campaigns) > 8).classes("cond-wide")
    _window(editing, node, "sent")


def _segment(editing: Editing, node: ConditionNode) -> None:
    def set_operator(name: str) -> None:
        node.operator = name
        editing.changed()

    def set_segment(key: str) -> None:
        node.value = key
        editing.changed()

    others = {k: name for k, name in editing.state.catalogue.segments.items() if k != editing.state.segment_id}
    with box("cond-say"):
        choice(SEGMENT, node.operator, set_operator, label="Membership").classes("cond-op")
        choice(others, node.value, set_segment, label="Segment", search=len(others) > 8).classes("cond-wide")


def _window(editing: Editing, node: ConditionNode, what: str) -> None:
    """When it happened; "at any time" is no window at all."""
    line = box("cond-say")

    def set_operator(name: str) -> None:
        if name == "any":
            node.window = None
        else:
            before = node.window or {}
            new = shape_of(FieldType.DATE, name)
            old = shape_of(FieldType.DATE, str(before.get("operator", "")))
            node.window = {
                "operator": name,
                "value": carried(before["value"], old, new) if "value" in before else blank(new),
            }
        draw()
        editing.changed()

    def set_value(value: Any) -> None:
        if node.window is not None:
            node.window["value"] = value
            editing.changed()

    def draw() -> None:
        line.clear()
        operator = str(node.window.get("operator")) if node.window else "any"
        with line:
            text(what, "muted cond-is", tag="span")
            words = {"any": "at any time", **{name: WINDOWS[name] for name in DAY_OPERATORS}}
            choice(words, operator, set_operator, label="When").classes("cond-op")
            if node.window:
                with box("cond-value"):
                    value_input(
                        shape_of(FieldType.DATE, operator),
                        node.window.get("value"),
                        set_value,
                        field=None,
                        label="When",
                        locale=editing.locale,
                    )
                icon_button("x", "At any time", small=True, on_click=lambda: set_operator("any"))

    draw()
