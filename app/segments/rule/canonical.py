"""A rule as JSON: the one spelling that is stored, sent and exported (react-querybuilder's shape)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from app.segments.rule.nodes import (
    CampaignCondition,
    Group,
    Node,
    OrdersCondition,
    Period,
    RelativeDay,
    SegmentCondition,
    Span,
    Value,
    Window,
)


def rule_json(rule: Group) -> dict[str, Any]:
    """The rule as JSON values. Reading it back gives an equal rule: `parse_rule(rule_json(rule)) == rule`."""
    return _node(rule)


def value_json(value: Value) -> Any:
    """One value of a condition as JSON. Money becomes a number where that is exact and a string otherwise."""
    if isinstance(value, tuple):
        return [value_json(item) for item in value]
    if isinstance(value, Decimal):
        return _money(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, RelativeDay):
        return {"amount": value.amount, "unit": value.unit, "direction": value.direction}
    if isinstance(value, Span):
        return {"amount": value.amount, "unit": value.unit}
    if isinstance(value, Period):
        return {"period": value.period, "unit": value.unit}
    return value


def _money(value: Decimal) -> int | float | str:
    if value == value.to_integral_value():
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else format(value, "f")


def _node(node: Node) -> dict[str, Any]:
    if isinstance(node, Group):
        body: dict[str, Any] = {"combinator": node.combinator, "rules": [_node(rule) for rule in node.rules]}
    elif isinstance(node, OrdersCondition):
        body = {
            "field": "orders",
            "measure": node.measure,
            "operator": node.operator,
            "value": value_json(node.value),
            **({"where": _node(node.where)} if node.where else {}),
            **_window(node.window),
        }
    elif isinstance(node, CampaignCondition):
        body = {"field": "campaign", "operator": node.operator, "value": node.value, **_window(node.window)}
    elif isinstance(node, SegmentCondition):
        body = {"field": "segment", "operator": node.operator, "value": node.value}
    else:
        body = {"field": node.field, "operator": node.operator, "value": value_json(node.value)}
    if node.negated:
        body["not"] = True
    return body


def _window(window: Window | None) -> dict[str, Any]:
    return {"window": {"operator": window.operator, "value": value_json(window.value)}} if window else {}
