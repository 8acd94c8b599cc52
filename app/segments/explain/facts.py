"""What is known about one customer beyond the customer's own document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.segments.rule.nodes import Group


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Raw orders and deliveries of the customer, and the rules of the segments that the rule refers to, by id."""

    orders: Sequence[Mapping[str, Any]] = ()
    deliveries: Sequence[Mapping[str, Any]] = ()
    segments: Mapping[str, Group] = field(default_factory=dict)
