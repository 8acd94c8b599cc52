"""Why a customer is in a segment or not: the rule's tree with the truth, and the value found, at every node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bson import Decimal128, ObjectId

from app.auth.permissions import require
from app.database import collection
from app.errors import InvalidInput, NotFound
from app.segments import found
from app.segments.canonical import rule_json
from app.segments.current import read_rule
from app.segments.dates import age_on, clock_at
from app.segments.evaluate import Evaluator
from app.segments.facts import Facts
from app.segments.fields import Catalogue
from app.segments.nodes import CampaignCondition, Condition, Group, Leaf, Node, OrdersCondition, leaves
from app.segments.references import referred
from app.segments.saved import get_segment
from app.segments.sentence import fragment, sentence
from models.member import Member
from models.values import now


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """One node: its place in the rule, its JSON without children, whether it holds, what was found, and its words."""

    path: str
    node: Mapping[str, Any]
    truth: bool
    text: str
    found: Any = None
    children: tuple[Explanation, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The node with `path`, `truth`, `text`, and `found` (conditions) or `rules` (groups)."""
        body = {**self.node, "path": self.path, "truth": self.truth, "text": self.text}
        if "rules" in self.node:
            return {**body, "rules": [child.as_json() for child in self.children]}
        return {**body, "found": self.found}


def explain(
    rule: Group,
    customer: Mapping[str, Any],
    catalogue: Catalogue,
    *,
    now: datetime,
    facts: Facts | None = None,
    locale: str = "en_US",
) -> Explanation:
    """The explanation of a rule for one raw customer; its `truth` is what `evaluate` says."""
    evaluator = Evaluator(customer, catalogue, clock_at(now, catalogue), facts or Facts())

    def walk(node: Node, raw: Mapping[str, Any], path: str) -> Explanation:
        inner = raw["rules"] if isinstance(node, Group) else ()
        rules = node.rules if isinstance(node, Group) else ()
        return Explanation(
            path=path,
            node=raw,
            truth=evaluator.holds(node),
            text=fragment(node, catalogue, locale=locale),
            found=None if isinstance(node, Group) else _found(node, evaluator),
            children=tuple(
                walk(child, inner[index], f"{path}.rules[{index}]".removeprefix("."))
                for index, child in enumerate(rules)
            ),
        )

    return walk(rule, rule_json(rule), "")


async def explain_customer(
    member: Member, *, rule: object = None, segment_id: object = None, customer_id: object
) -> dict[str, Any]:
    """Explain a rule (JSON) or a segment for a customer, as JSON: the root's node plus `sentence` and `customer_id`.

    Raises PermissionDenied, NotFound, RuleError, and InvalidInput unless exactly one of rule and segment is given.
    """
    require(member, "segments.read")
    require(member, "customers.read")
    if (rule is None) == (segment_id is None):
        raise InvalidInput.of("rule", "give either a rule or a segment_id")
    raw_rule = (await get_segment(member, segment_id)).rule if rule is None else rule
    group, catalogue = await read_rule(raw_rule)
    key = str(customer_id)
    customer = await collection("customers").find_one({"_id": ObjectId(key)}) if ObjectId.is_valid(key) else None
    if customer is None:
        raise NotFound("There is no customer with this id.")
    facts = await load_facts(group, customer["_id"], catalogue)
    told = explain(group, customer, catalogue, now=now(), facts=facts, locale=member.locale)
    return {
        **told.as_json(),
        "sentence": sentence(group, catalogue, locale=member.locale),
        "customer_id": key,
    }


async def load_facts(rule: Group, customer_id: ObjectId, catalogue: Catalogue) -> Facts:
    """What the rule needs to know about the customer beyond the customer's document; two indexed reads at most."""
    segments = await referred(rule, catalogue)
    asked = [leaf for group in (rule, *segments.values()) for leaf in leaves(group)]
    orders: list[dict[str, Any]] = []
    deliveries: list[dict[str, Any]] = []
    if any(isinstance(leaf, OrdersCondition) for leaf in asked):
        orders = await collection("orders").find({"customer_id": customer_id}).to_list()
    if any(isinstance(leaf, CampaignCondition) for leaf in asked):
        deliveries = await collection("deliveries").find({"customer_id": customer_id}).to_list()
    return Facts(orders=orders, deliveries=deliveries, segments=segments)


def _found(leaf: Leaf, evaluator: Evaluator) -> Any:
    """What the condition looked at, as JSON: the field's value, the measure, the last time, or the membership."""
    if isinstance(leaf, OrdersCondition):
        return _plain(evaluator.measured(leaf))
    if isinstance(leaf, CampaignCondition):
        times = evaluator.happened(leaf)
        return _plain(times[-1]) if times else None
    if not isinstance(leaf, Condition):
        return evaluator.holds(evaluator.facts.segments[leaf.value])
    field = evaluator.catalogue.fields[leaf.field]
    if field.name == "age":
        ages = [age_on(moment.date(), evaluator.clock.today) for moment in found.moments(evaluator.customer, field)]
        return ages[0] if ages else None
    value = found.raw_value(evaluator.customer, field)
    return value.date().isoformat() if field.calendar and isinstance(value, datetime) else _plain(value)


def _plain(value: Any) -> Any:
    """A stored value as JSON; exact numbers become text."""
    if isinstance(value, Decimal128 | Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | int | bool) else str(value)
