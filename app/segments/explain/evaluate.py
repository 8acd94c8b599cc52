"""A rule against one customer in memory: the oracle that the compiler is tested with, and the engine of "explain".

What it promises: `evaluate(rule, customer)` is true exactly when MongoDB selects that customer by `compile_rule(rule)`.
It is written on the meaning of each operator and shares nothing with the compiler but the ranges of days. Missing
values: `!=`, `notIn`, `noneOf` and `doesNotContain` hold for them, every other comparison does not; a negated condition
or group is the exact complement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.segments.catalogue.fields import Catalogue
from app.segments.explain import found
from app.segments.explain.comparing import compares, condition_holds, within
from app.segments.explain.facts import Facts
from app.segments.rule.dates import Clock, clock_at, days_for
from app.segments.rule.nodes import CampaignCondition, Condition, Group, Leaf, Node, OrdersCondition, Window, leaves
from models.order import COUNTED

OUTCOMES: Mapping[str, str] = {
    "sent": "sent_at",
    "opened": "opened_at",
    "clicked": "clicked_at",
    "converted": "converted_at",
}
"""When each outcome of a delivery happened; a delivery without that time has not had it."""


def evaluate(
    rule: Group, customer: Mapping[str, Any], catalogue: Catalogue, *, now: datetime, facts: Facts | None = None
) -> bool:
    """Whether the rule selects this customer, given as the raw document.

    `facts` supplies the customer's orders, deliveries and the rules of other segments; without it there are none.
    """
    return Evaluator(customer, catalogue, clock_at(now, catalogue), facts or Facts()).holds(rule)


class Evaluator:
    """Truth of every node for one customer."""

    def __init__(self, customer: Mapping[str, Any], catalogue: Catalogue, clock: Clock, facts: Facts) -> None:
        self.customer = customer
        self.catalogue = catalogue
        self.clock = clock
        self.facts = facts

    def holds(self, node: Node) -> bool:
        """Whether a group or condition holds, its own negation included. A group without rules holds."""
        if not isinstance(node, Group):
            return self._leaf(node) != node.negated
        truths = (self.holds(rule) for rule in node.rules)
        return (not node.rules or (any(truths) if node.combinator == "or" else all(truths))) != node.negated

    def measured(self, leaf: OrdersCondition) -> int | Decimal | None:
        """The measure over the customer's fitting orders: a count or sum of none is 0, an average or maximum None."""
        fitting = [
            order
            for order in self.facts.orders
            if self._counts(order, leaf) and self._in_window(order.get("placed_at"), leaf.window)
        ]
        if leaf.measure == "count":
            return len(fitting)
        amount = self.catalogue.order_fields["amount"]
        amounts = [Decimal(number) for order in fitting for number in found.numbers(order, amount)]
        if leaf.measure == "sum":
            return sum(amounts, Decimal(0))
        if not amounts:
            return None
        return max(amounts) if leaf.measure == "max" else sum(amounts, Decimal(0)) / len(amounts)

    def happened(self, leaf: CampaignCondition) -> Sequence[datetime]:
        """When the outcome happened to the customer, over all deliveries that fit."""
        times = [
            delivery.get(OUTCOMES[leaf.operator])
            for delivery in self.facts.deliveries
            if leaf.value in ("any", str(delivery.get("campaign_id")))
        ]
        return sorted(time for time in times if isinstance(time, datetime) and self._in_window(time, leaf.window))

    def _leaf(self, leaf: Leaf) -> bool:
        if isinstance(leaf, Condition):
            return condition_holds(leaf, self.catalogue.fields[leaf.field], self.customer, self.clock)
        if isinstance(leaf, OrdersCondition):
            value = self.measured(leaf)
            return value is not None and compares(leaf.operator, [value], leaf.value)
        if isinstance(leaf, CampaignCondition):
            return bool(self.happened(leaf))
        return self.holds(self.facts.segments[leaf.value]) == (leaf.operator == "in")

    def _counts(self, order: Mapping[str, Any], leaf: OrdersCondition) -> bool:
        if not names_status(leaf) and order.get("status") not in COUNTED:
            return False
        return leaf.where is None or self._fits(leaf.where, order)

    def _fits(self, node: Node, order: Mapping[str, Any]) -> bool:
        if isinstance(node, Group):
            truths = (self._fits(rule, order) for rule in node.rules)
            return (not node.rules or (any(truths) if node.combinator == "or" else all(truths))) != node.negated
        if not isinstance(node, Condition):
            raise TypeError(f"an order has no {type(node).__name__}")
        return condition_holds(node, self.catalogue.order_fields[node.field], order, self.clock) != node.negated

    def _in_window(self, moment: Any, window: Window | None) -> bool:
        if window is None:
            return True
        return isinstance(moment, datetime) and within(
            days_for(window.operator, window.value, self.clock), moment, self.clock
        )


def names_status(leaf: OrdersCondition) -> bool:
    """Whether the condition says itself which orders count, by their status."""
    return leaf.where is not None and any(
        isinstance(condition, Condition) and condition.field == "status" for condition in leaves(leaf.where)
    )
