"""The rule language's front door: the nodes, reading a rule from JSON and writing it back."""

from app.segments.rule.canonical import rule_json
from app.segments.rule.nodes import (
    CampaignCondition,
    Condition,
    Group,
    Leaf,
    Node,
    OrdersCondition,
    Period,
    RelativeDay,
    SegmentCondition,
    Span,
    Value,
    Window,
    leaves,
)
from app.segments.rule.parse import parse_rule

__all__ = [
    "CampaignCondition",
    "Condition",
    "Group",
    "Leaf",
    "Node",
    "OrdersCondition",
    "Period",
    "RelativeDay",
    "SegmentCondition",
    "Span",
    "Value",
    "Window",
    "leaves",
    "parse_rule",
    "rule_json",
]
