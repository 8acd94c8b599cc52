"""The rule language's front door: the nodes, reading a rule from JSON and writing it back."""

from app.segments.canonical import rule_json
from app.segments.nodes import (
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
from app.segments.parse import parse_rule

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
