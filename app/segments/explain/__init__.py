"""Why a customer is in a segment or not: the rule's tree with the truth, and the value found, at every node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bson import Decimal128, ObjectId

from app.auth.permissions import require
from app.customers.masking import HIDDEN_FIELDS, concealed, sees_contact
from app.database import collection
from app.errors import InvalidInput, NotFound
from app.segments.catalogue.fields import Catalogue
from app.segments.contact import masked, rule_of, rule_shown
from app.segments.explain import found
from app.segments.explain.evaluate import Evaluator
from app.segments.explain.facts import Facts
from app.segments.explain.outcome import at, flips, reason, truths
from app.segments.explain.reasons import Reasons
from app.segments.rule.canonical import rule_json
from app.segments.rule.dates import age_on, clock_at
from app.segments.rule.nodes import CampaignCondition, Condition, Group, Leaf, Node, OrdersCondition, leaves
from app.segments.rule.references import referred
from app.segments.saved import get_segment
from app.segments.sentence import fragment, sentence
from app.segments.sentence.wording import listed
from models.member import Member
from models.values import now

MOST_REASONS = 3
"""Conditions that are named when there are many reasons; the rest is counted."""


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """One node: its place in the rule, its JSON without children, whether it holds, what was found, and its words.

    `because` says it with the value that was found (conditions). `change` says what would have to be different, at the
    conditions whose turn would bring the customer in with the fewest changes; None everywhere else, and for those who
    are in.
    """

    path: str
    node: Mapping[str, Any]
    truth: bool
    text: str
    found: Any = None
    because: str | None = None
    change: str | None = None
    children: tuple[Explanation, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The node with `path`, `truth`, `text`, and `found`, `because`, `change` (conditions) or `rules` (groups)."""
        body = {**self.node, "path": self.path, "truth": self.truth, "text": self.text}
        if "rules" in self.node:
            return {**body, "rules": [child.as_json() for child in self.children]}
        return {**body, "found": self.found, "because": self.because, "change": self.change}


class Inquiry:
    """One rule and one customer: whether it selects them, why, and what would have to be different."""

    def __init__(self, rule: Group, evaluator: Evaluator, *, locale: str = "en_US", conceals: bool = False) -> None:
        """`conceals` masks addresses and numbers in the rule and in what was found, for who may not see them."""
        self.rule = rule
        self._told = masked(rule) if conceals else rule
        self.evaluator = evaluator
        self.truth = truths(rule, evaluator.holds)
        self._locale = locale
        self._conceals = conceals
        self._reasons = Reasons(evaluator.catalogue, evaluator.clock, locale)

    @property
    def inside(self) -> bool:
        """Whether the rule selects the customer."""
        return self.truth[""]

    def because(self) -> str:
        """The shortest sufficient reason for being in or out, as a clause: "city is Delhi, not Pune".

        For who is in it names what was found alone, since they pass every test: "3 orders and last order today".
        """
        paths = reason(self.rule, self.truth)
        said = [self._because(path) for path in paths[:MOST_REASONS]]
        more = len(paths) - len(said)
        told = listed([*said, f"{more} more {'reasons' if more > 1 else 'reason'}"] if more else said, "and")
        return told or ("the segment is for everybody" if self.inside else "the segment is for nobody")

    def tree(self) -> Explanation:
        """Every node."""
        turned = () if self.inside else flips(self.rule, self.truth) or ()
        return self._walk(self._told, rule_json(self._told), "", frozenset(turned))

    def _walk(self, node: Node, raw: Mapping[str, Any], path: str, turned: frozenset[str]) -> Explanation:
        text = fragment(node, self.evaluator.catalogue, locale=self._locale)
        if isinstance(node, Group):
            children = tuple(
                self._walk(rule, raw["rules"][index], at(path, index), turned) for index, rule in enumerate(node.rules)
            )
            return Explanation(path=path, node=raw, truth=self.truth[path], text=text, children=children)
        value = self._looked_at(node)
        return Explanation(
            path=path,
            node=raw,
            truth=self.truth[path],
            text=text,
            found=_plain(value, node, self.evaluator.catalogue),
            because=self._reasons.because(node, self.truth[path], value),
            change=self._reasons.change(node, value) if path in turned else None,
        )

    def _looked_at(self, leaf: Leaf) -> Any:
        value = looked_at(leaf, self.evaluator)
        hidden = self._conceals and isinstance(leaf, Condition) and leaf.field in HIDDEN_FIELDS
        return concealed(value) if hidden else value

    def _because(self, path: str) -> str:
        node: Node = self._told
        for step in path.split(".") if path else ():
            assert isinstance(node, Group)
            node = node.rules[int(step.removeprefix("rules[").removesuffix("]"))]
        assert not isinstance(node, Group)
        value, truth = self._looked_at(node), self.truth[path]
        return self._reasons.fact(node, value) if self.inside and truth else self._reasons.because(node, truth, value)


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
    return Inquiry(rule, evaluator, locale=locale).tree()


async def explain_customer(
    member: Member, *, rule: object = None, segment_id: object = None, customer_id: object
) -> dict[str, Any]:
    """Explain a rule (JSON) or a segment for a customer, as JSON: the root's node plus `sentence`, `because` (the
    shortest reason for the outcome) and `customer_id`.

    Raises PermissionDenied, NotFound, RuleError, and InvalidInput unless exactly one of rule and segment is given.
    """
    require(member, "segments.read")
    require(member, "customers.read")
    if (rule is None) == (segment_id is None):
        raise InvalidInput.of("rule", "give either a rule or a segment_id")
    group, catalogue = await rule_of(member, await get_segment(member, segment_id) if rule is None else rule)
    customer = await raw_customer(customer_id)
    facts = await load_facts(group, customer["_id"], catalogue)
    evaluator = Evaluator(customer, catalogue, clock_at(now(), catalogue), facts)
    inquiry = Inquiry(group, evaluator, locale=member.locale, conceals=not sees_contact(member))
    return {
        **inquiry.tree().as_json(),
        "sentence": sentence(rule_shown(member, group), catalogue, locale=member.locale),
        "because": inquiry.because(),
        "customer_id": str(customer["_id"]),
    }


async def raw_customer(customer_id: object) -> dict[str, Any]:
    """The customer's raw document. Raises NotFound."""
    key = str(customer_id)
    customer = await collection("customers").find_one({"_id": ObjectId(key)}) if ObjectId.is_valid(key) else None
    if customer is None:
        raise NotFound("There is no customer with this id.")
    return customer


async def load_facts(rule: Group, customer_id: ObjectId, catalogue: Catalogue) -> Facts:
    """What the rule needs to know about the customer beyond the customer's document; two indexed reads at most."""
    segments = await referred(rule, catalogue)
    return await facts_for((rule, *segments.values()), customer_id, segments)


async def facts_for(rules: tuple[Group, ...], customer_id: ObjectId, segments: Mapping[str, Group]) -> Facts:
    """The orders and deliveries of the customer, where any of the rules asks about them."""
    return (await facts_of_many(rules, [customer_id], segments))[customer_id]


async def facts_of_many(
    rules: tuple[Group, ...], customer_ids: Sequence[ObjectId], segments: Mapping[str, Group]
) -> dict[ObjectId, Facts]:
    """The facts of each of these customers, in two indexed reads at most for all of them."""
    asked = {type(leaf) for group in rules for leaf in leaves(group)}
    orders: dict[ObjectId, list[dict[str, Any]]] = {key: [] for key in customer_ids}
    deliveries: dict[ObjectId, list[dict[str, Any]]] = {key: [] for key in customer_ids}
    for kind, name, rows in ((OrdersCondition, "orders", orders), (CampaignCondition, "deliveries", deliveries)):
        if kind in asked:
            async for row in collection(name).find({"customer_id": {"$in": list(customer_ids)}}):
                rows[row["customer_id"]].append(row)
    return {key: Facts(orders=orders[key], deliveries=deliveries[key], segments=segments) for key in customer_ids}


def looked_at(leaf: Leaf, evaluator: Evaluator) -> Any:
    """What the condition looked at: the field's value, the measure, the last time, or the membership."""
    if isinstance(leaf, OrdersCondition):
        return evaluator.measured(leaf)
    if isinstance(leaf, CampaignCondition):
        times = evaluator.happened(leaf)
        return times[-1] if times else None
    if not isinstance(leaf, Condition):
        return evaluator.holds(evaluator.facts.segments[leaf.value])
    field = evaluator.catalogue.fields[leaf.field]
    if field.name == "age":
        ages = [age_on(moment.date(), evaluator.clock.today) for moment in found.moments(evaluator.customer, field)]
        return ages[0] if ages else None
    value = found.raw_value(evaluator.customer, field)
    return value.to_decimal() if isinstance(value, Decimal128) else value


def _plain(value: Any, leaf: Leaf | None = None, catalogue: Catalogue | None = None) -> Any:
    """A found value as JSON; exact numbers become text, a calendar day loses its midnight."""
    if (
        isinstance(value, datetime)
        and isinstance(leaf, Condition)
        and catalogue
        and catalogue.fields[leaf.field].calendar
    ):
        return value.date().isoformat()
    if isinstance(value, Decimal128 | Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | int | bool) else str(value)
