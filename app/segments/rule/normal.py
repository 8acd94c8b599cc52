"""The normal form of a rule: rules that say the same in another arrangement have the same one.

Brought together: order of conditions and of listed values; groups within groups of the same kind; groups of one;
negations that an opposite operator says exactly; and the spellings that mean the same by how operators or rollups are
defined (`in` of one value and `=`, "not in the last 90 days" and "more than 90 days ago", no orders and no last order).
Nothing that could select somebody else is brought together. De Morgan's laws are left alone, since people read "neither
A nor B" and "not A, and not B" as the different statements they chose.
"""

from __future__ import annotations

import json
from dataclasses import replace

from app.segments.catalogue.fields import Catalogue, Field, FieldType
from app.segments.rule.canonical import rule_json
from app.segments.rule.nodes import (
    Condition,
    Group,
    Node,
    OrdersCondition,
    RelativeDay,
    SegmentCondition,
    Span,
    Value,
    Window,
)

OPPOSITES = {"=": "!=", "in": "notIn", "contains": "doesNotContain", "anyOf": "noneOf", "null": "notNull"}
OPPOSITE = {**OPPOSITES, **{opposite: operator for operator, opposite in OPPOSITES.items()}}
SINGLE = {"in": "=", "notIn": "!="}
UNORDERED = frozenset({"in", "notIn", "anyOf", "allOf", "noneOf"})
NEVER = Condition(field="order_count", operator="=", value=0)
EVER = replace(NEVER, operator="!=")
PRESENCE_OF_ORDERS = frozenset({"first_order_at", "last_order_at"})
"""Rollups that are known exactly for those who ordered."""


def normal_form(rule: Group, catalogue: Catalogue) -> Group:
    """The rule in its normal form, in which equal rules are equal values."""
    node = _normal(rule, catalogue, None)
    return node if isinstance(node, Group) else Group(rules=(node,))


def _normal(node: Node, catalogue: Catalogue, orders: bool | None) -> Node:
    if isinstance(node, Group):
        return _group(node, catalogue, orders)
    if isinstance(node, OrdersCondition):
        return _orders(node, catalogue)
    if isinstance(node, Condition):
        fields = catalogue.order_fields if orders else catalogue.fields
        return _condition(node, fields[node.field])
    if isinstance(node, SegmentCondition):
        return replace(node, operator="in", negated=(node.operator == "notIn") != node.negated)
    return replace(node, window=_window(node.window))


def _group(group: Group, catalogue: Catalogue, orders: bool | None) -> Node:
    rules: list[Node] = []
    for rule in group.rules:
        inner = _normal(rule, catalogue, orders)
        same = isinstance(inner, Group) and inner.combinator == group.combinator and not inner.negated
        rules.extend(inner.rules if isinstance(inner, Group) and same else (inner,))
    if len(rules) == 1:
        return (
            _normal(replace(rules[0], negated=not rules[0].negated), catalogue, orders) if group.negated else rules[0]
        )
    ordered = tuple(sorted(rules, key=_place))
    return Group(rules=ordered, combinator=group.combinator if rules else "and", negated=group.negated)


def _place(node: Node) -> str:
    return json.dumps(rule_json(Group(rules=(node,))), sort_keys=True)


def _orders(node: OrdersCondition, catalogue: Catalogue) -> Node:
    where = node.where and _normal(node.where, catalogue, True)
    group = where if isinstance(where, Group) or where is None else Group(rules=(where,))
    window = _window(node.window)
    if node.measure == "count" and group is None and window is None:
        rollup = Condition(field="order_count", operator=node.operator, value=node.value, negated=node.negated)
        return _condition(rollup, catalogue.fields["order_count"])
    if node.measure in ("count", "sum") and node.operator == "!=":
        node = replace(node, operator="=", negated=not node.negated)
    if node.measure == "count" and (node.operator, node.value) in (("<", 1), ("<=", 0)):
        node = replace(node, operator="=", value=0)
    return replace(node, where=group, window=window)


def _window(window: Window | None) -> Window | None:
    if window is None:
        return None
    operator, value = _days(window.operator, window.value)
    return Window(operator=operator, value=value)


def _condition(node: Condition, field: Field) -> Condition:
    operator, value, negated = node.operator, node.value, node.negated
    if field.type is FieldType.DATE:
        operator, value = _days(operator, value)
    if isinstance(value, tuple) and operator in UNORDERED:
        value = tuple(sorted(value, key=str))
        if len(value) == 1 and operator in SINGLE:
            operator, value = SINGLE[operator], value[0]
        elif len(value) == 1 and operator == "allOf":
            operator = "anyOf"
    if field.type is FieldType.BOOLEAN and field.group == "Consent" and negated:
        value, negated = value is not True, False
    elif field.type is not FieldType.BOOLEAN and negated and operator in OPPOSITE:
        operator, negated = OPPOSITE[operator], False
    return _rollup(replace(node, operator=operator, value=value, negated=negated), field)


def _rollup(node: Condition, field: Field) -> Condition:
    """What it means never to have ordered, said through the count of orders."""
    if field.group == "Custom":
        return node
    if field.name in PRESENCE_OF_ORDERS and node.operator in ("null", "notNull"):
        return NEVER if node.operator == "null" else EVER
    if field.name != "order_count":
        return node
    if (node.operator, node.value) in (("<", 1), ("<=", 0)):
        return EVER if node.negated else NEVER
    if (node.operator, node.value) in ((">", 0), (">=", 1)) and not node.negated:
        return EVER
    return node


def _days(operator: str, value: Value) -> tuple[str, Value]:
    if operator == "notInLast" and isinstance(value, Span):
        return "before", RelativeDay(amount=value.amount, unit=value.unit)
    if isinstance(value, RelativeDay):
        return operator, _today(value)
    if isinstance(value, tuple):
        return operator, tuple(_today(item) if isinstance(item, RelativeDay) else item for item in value)
    return operator, value


def _today(day: RelativeDay) -> RelativeDay:
    return day if day.amount else RelativeDay(amount=0, unit="day")
