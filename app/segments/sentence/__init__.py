"""A rule as one English sentence: "Customers who spent more than $10,000 in total and live in Mumbai or Pune".

Numbers, money and dates follow the locale. Brackets stand only where `and` and `or` meet. Where a condition also takes
in customers of whom nothing is known, the sentence says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.segments.catalogue.fields import Catalogue, Field
from app.segments.rule.nodes import (
    CampaignCondition,
    Condition,
    Group,
    Node,
    OrdersCondition,
    SegmentCondition,
    Window,
    leaves,
)
from app.segments.sentence.labels import label_of
from app.segments.sentence.phrases import Phrase, phrase, plural, who
from app.segments.sentence.wording import Wording, listed, quoted, spoken

CAMPAIGN_VERBS: Mapping[str, tuple[str, str]] = {
    "sent": ("were sent", "were not sent"),
    "opened": ("opened", "did not open"),
    "clicked": ("clicked a link in", "did not click a link in"),
    "converted": ("ordered after", "did not order after"),
}


def sentence(rule: Group, catalogue: Catalogue, *, locale: str = "en_US") -> str:
    """One sentence that says who the rule selects, without a full stop. A rule without conditions: "All customers"."""
    if not rule.rules:
        return "All customers"
    if rule.negated and len(rule.rules) > 1:
        return f"Customers who are not among those {fragment(replace(rule, negated=False), catalogue, locale=locale)}"
    return f"Customers {fragment(rule, catalogue, locale=locale)}"


def fragment(node: Node, catalogue: Catalogue, *, locale: str = "en_US") -> str:
    """The clause of one group or condition, its negation included: "who live in Mumbai or Pune"."""
    if isinstance(node, Group) and not node.rules:
        return "who are customers"
    return _Speaker(catalogue, locale).clause(node).told("")


def which_orders(node: OrdersCondition, catalogue: Catalogue, *, locale: str = "en_US") -> str:
    """Which orders count, as it follows the word orders: " with an item in Shoes in the last 30 days", or nothing."""
    return _Speaker(catalogue, locale).which(node)


def campaign_name(node: CampaignCondition, catalogue: Catalogue) -> str:
    """`any campaign`, or the campaign by its name; two campaigns of one name are told apart by their ids."""
    if node.value == "any":
        return "any campaign"
    name = catalogue.campaigns.get(node.value)
    if name is None:
        return f"a campaign that was deleted ({node.value})"
    alike = sum(other == name for other in catalogue.campaigns.values()) > 1
    return f"the campaign {quoted(name)}{f' ({node.value})' if alike else ''}"


def segment_name(node: SegmentCondition, catalogue: Catalogue) -> str:
    """The segment by its name, which no other segment has."""
    name = catalogue.segments.get(node.value)
    return f"a segment that was deleted ({node.value})" if name is None else f"the segment {quoted(name)}"


class _Speaker:
    def __init__(self, catalogue: Catalogue, locale: str) -> None:
        self._catalogue = catalogue
        self._words = Wording(catalogue.currency, locale)

    def clause(self, node: Node, fields: Mapping[str, Field] | None = None) -> Phrase:
        """`fields` are the fields of orders inside an orders condition's `where`."""
        if isinstance(node, Group):
            return self._group(node, fields)
        if isinstance(node, OrdersCondition):
            return self._orders(node)
        if isinstance(node, CampaignCondition):
            return self._campaign(node)
        if isinstance(node, SegmentCondition):
            return self._segment(node)
        field = (fields or self._catalogue.fields)[node.field]
        field = replace(field, label=label_of(field, self._catalogue))
        return phrase(node, field, self._words) if fields is None else self._of_order(node, field)

    def _group(self, group: Group, fields: Mapping[str, Field] | None) -> Phrase:
        if len(group.rules) == 1 and not group.negated:
            return self.clause(group.rules[0], fields)
        if len(group.rules) == 1 and group.negated:
            return self.clause(replace(group.rules[0], negated=not group.rules[0].negated), fields)
        parts: list[Phrase] = []
        for rule in _flat(group):
            part = self.clause(rule, fields)
            mixed = isinstance(rule, Group) and len(rule.rules) > 1
            parts.append(replace(part, bracketed=mixed and not rule.negated))
        inner = _joined(parts, group.combinator)
        if not group.negated:
            return inner
        those = "other than those" if fields is not None else "are not among those"
        return Phrase("" if fields is not None else "who", f"{those} ({inner.told('')})", "who")

    def _orders(self, node: OrdersCondition) -> Phrase:
        operator, value, denied = node.operator, node.value, node.negated != (node.operator == "!=")
        said = self._words.compared(operator, value, money=node.measure != "count")
        which = self.which(node)
        if node.measure == "count":
            never = (operator, value) in (("=", 0), ("!=", 0), ("<", 1), ("<=", 0)) and not denied
            orders = "no orders" if never else f"{said} {plural('order', value)}"
            return who(f"{'did not place' if denied else 'placed'} {orders}{which}")
        if node.measure == "sum":
            return who(f"{'did not spend' if denied else 'spent'} {said} on orders{which}")
        # `!=` on an average or a maximum needs orders, its negation does not.
        none = " (or placed no such order)" if node.negated else ""
        if node.measure == "avg":
            return who(f"{'did not spend' if denied else 'spent'} {said} per order on average on orders{which}{none}")
        return who(f"{'did not spend' if denied else 'spent'} {said} on their largest order{which}{none}")

    def which(self, node: OrdersCondition) -> str:
        if node.where is None:
            return self._when(node.window)
        said = self.clause(node.where, self._catalogue.order_fields).told("")
        several = not node.where.negated and len(list(leaves(node.where))) > 1
        return f" {f'({said})' if several else said}{self._when(node.window)}"

    def _of_order(self, node: Condition, field: Field) -> Phrase:
        """A clause about an order: "with an item in Shoes", "of more than $50"."""
        straight = phrase(node, field, self._words)
        if node.negated:
            return straight
        values = node.value if isinstance(node.value, tuple) else (node.value,)
        said = listed([spoken(value, field) for value in values], "or")
        if node.operator in ("=", "in"):
            ways = {
                "category": f"with an item in {said}",
                "product": f"with the product {said}",
                "channel": f"through {said}",
                "coupon": f"with the coupon {said}",
                "status": f"with the status {said}",
            }
            if field.name in ways:
                return Phrase("", ways[field.name])
        if field.name == "amount" and node.operator not in ("!=", "null", "notNull"):
            return Phrase("", f"of {self._words.compared(node.operator, node.value, money=True)}")
        return straight

    def _campaign(self, node: CampaignCondition) -> Phrase:
        which = campaign_name(node, self._catalogue)
        return who(f"{CAMPAIGN_VERBS[node.operator][node.negated]} {which}{self._when(node.window)}")

    def _segment(self, node: SegmentCondition) -> Phrase:
        inside = (node.operator == "in") != node.negated
        return who(f"are {'' if inside else 'not '}in {segment_name(node, self._catalogue)}")

    def _when(self, window: Window | None) -> str:
        return f" {self._words.when(window.operator, window.value)}" if window else ""


def _flat(group: Group) -> Sequence[Node]:
    """The group's rules, with those of inner groups that say nothing else written out in place."""
    rules: list[Node] = []
    for rule in group.rules:
        if isinstance(rule, Group) and not rule.negated and rule.rules and rule.combinator == group.combinator:
            rules.extend(_flat(rule))
        elif isinstance(rule, Group) and not rule.negated and len(rule.rules) == 1:
            rules.extend(_flat(replace(rule, combinator=group.combinator)))
        else:
            rules.append(rule)
    return rules


def _joined(parts: Sequence[Phrase], joint: str) -> Phrase:
    if len(parts) == 1:
        return replace(parts[0], bracketed=False)
    first = parts[0]
    if first.bracketed:
        first = Phrase("who", f"({first.text})", first.tail) if first.lead == "who" else Phrase("", first.told(""))
    told, lead = [first.text], first.tail
    for part in parts[1:]:
        told.append(part.told(lead))
        lead = part.tail
    return Phrase(first.lead, listed(told, joint), lead)
