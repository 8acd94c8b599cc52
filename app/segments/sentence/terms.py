"""Conditions as terms: what is looked at, and the test it has to pass: "total spent" - "is more than $1,000".

A sentence tells of people; terms tell of the rule. They name what changed between two rules and why somebody is out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.segments.catalogue.fields import Catalogue, Field, FieldType
from app.segments.rule.nodes import (
    CampaignCondition,
    Condition,
    Group,
    Leaf,
    Node,
    OrdersCondition,
    SegmentCondition,
)
from app.segments.sentence import campaign_name, segment_name, which_orders
from app.segments.sentence.labels import label_of
from app.segments.sentence.wording import Wording, listed, quoted, spoken

CAMPAIGN_TESTS: Mapping[str, tuple[str, str]] = {
    "sent": ("was sent", "was not sent"),
    "opened": ("opened", "did not open"),
    "clicked": ("clicked a link in", "did not click a link in"),
    "converted": ("ordered after", "did not order after"),
}
MEASURED = {
    "count": "number of orders",
    "sum": "spending on orders",
    "avg": "average of orders",
    "max": "largest order",
}


@dataclass(frozen=True)
class Terms:
    """`subject` may be empty; `test` is what the condition demands and `denial` its negation. Each pair is a clause."""

    subject: str
    test: str
    denial: str

    @property
    def demand(self) -> str:
        """The whole condition: "total spent is more than $1,000"."""
        return f"{self.subject} {self.test}".strip()

    @property
    def refusal(self) -> str:
        """Its negation: "total spent is not more than $1,000"."""
        return f"{self.subject} {self.denial}".strip()


def terms(leaf: Leaf, catalogue: Catalogue, *, locale: str = "en_US", of_order: bool = False) -> Terms:
    """The terms of one condition, its own negation included. `of_order`: it is one of an orders condition's `where`."""
    words = Wording(catalogue.currency, locale)
    if isinstance(leaf, OrdersCondition):
        said = words.compared(leaf.operator, leaf.value, money=leaf.measure != "count", plain="")
        subject = f"{MEASURED[leaf.measure]}{which_orders(leaf, catalogue, locale=locale)}"
        denied = leaf.operator == "!="
        # An average or a maximum of no orders meets no test, so the negation holds without one.
        none = ", or there is none" if leaf.measure in ("avg", "max") else ""
        found = Terms(subject, f"is {'not ' * denied}{said}", f"is {'not ' * (not denied)}{said}{none}")
    elif isinstance(leaf, CampaignCondition):
        did, did_not = CAMPAIGN_TESTS[leaf.operator]
        rest = campaign_name(leaf, catalogue)
        rest += f" {words.when(leaf.window.operator, leaf.window.value)}" if leaf.window else ""
        found = Terms("", f"{did} {rest}", f"{did_not} {rest}")
    elif isinstance(leaf, SegmentCondition):
        inside, outside = f"is in {segment_name(leaf, catalogue)}", f"is not in {segment_name(leaf, catalogue)}"
        found = Terms("", *((inside, outside) if leaf.operator == "in" else (outside, inside)))
    else:
        fields = catalogue.order_fields if of_order else catalogue.fields
        field = fields[leaf.field]
        found = _condition(leaf, replace(field, label=label_of(field, catalogue)), words)
    return Terms(found.subject, found.denial, found.test) if leaf.negated else found


def node_words(node: Node, catalogue: Catalogue, *, locale: str = "en_US") -> str:
    """A condition or a whole group in terms: "city is Pune or tags include “vip”"."""
    if not isinstance(node, Group):
        return terms(node, catalogue, locale=locale).demand
    if not node.rules:
        return "every customer"
    parts = []
    for rule in node.rules:
        said = node_words(rule, catalogue, locale=locale)
        bracketed = isinstance(rule, Group) and not rule.negated and len(rule.rules) > 1 and len(node.rules) > 1
        parts.append(f"({said})" if bracketed else said)
    said = listed(parts, node.combinator)
    return f"not ({said})" if node.negated else said


def _condition(leaf: Condition, field: Field, words: Wording) -> Terms:
    subject = field.label
    if leaf.operator in ("null", "notNull"):
        known, unknown = "is known", "is unknown"
        return Terms(subject, *((unknown, known) if leaf.operator == "null" else (known, unknown)))
    if field.type is FieldType.BOOLEAN:
        return _boolean(leaf, field, subject)
    if field.type is FieldType.TAGS:
        return _tags(leaf, subject)
    if field.type in (FieldType.TEXT, FieldType.ENUM):
        return _text(leaf, field, subject)
    if field.type is FieldType.DATE:
        when = words.when(leaf.operator, leaf.value)
        verb, not_verb = ("is", "is not") if not leaf.operator.startswith("anniv") else ("comes", "does not come")
        return Terms(subject, f"{verb} {when}", f"{not_verb} {when}")
    said = words.compared(leaf.operator, leaf.value, money=field.type is FieldType.MONEY, plain="")
    test, denial = f"is {said}", f"is not {said}"
    return Terms(subject, denial, test) if leaf.operator == "!=" else Terms(subject, test, denial)


def _boolean(leaf: Condition, field: Field, subject: str) -> Terms:
    if field.group == "Consent":
        what = "email" if field.name == "email_opt_in" else "text messages"
        yes, no = f"accepts {what}", f"does not accept {what}"
        return Terms("", *((yes, no) if leaf.value is True else (no, yes)))
    said = "yes" if leaf.value is True else "no"
    return Terms(subject, f"is {said}", f"is not {said}")


def _tags(leaf: Condition, subject: str) -> Terms:
    values = [quoted(value) for value in leaf.value] if isinstance(leaf.value, tuple) else []
    every = leaf.operator == "allOf" and len(values) > 1
    said = f"all of {listed(values, 'and')}" if every else listed(values, "or")
    include, exclude = ("include", "do not include") if subject.endswith("s") else ("includes", "does not include")
    test, denial = f"{include} {said}", f"{exclude} {said}"
    return Terms(subject, denial, test) if leaf.operator == "noneOf" else Terms(subject, test, denial)


def _text(leaf: Condition, field: Field, subject: str) -> Terms:
    values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    said = listed([spoken(value, field) for value in values], "or")
    if leaf.operator in ("contains", "doesNotContain"):
        pair = f"contains {quoted(values[0])}", f"does not contain {quoted(values[0])}"
        return Terms(subject, *(pair if leaf.operator == "contains" else pair[::-1]))
    if leaf.operator in ("beginsWith", "endsWith"):
        verb = leaf.operator.removesuffix("sWith")
        return Terms(subject, f"{verb}s with {quoted(values[0])}", f"does not {verb} with {quoted(values[0])}")
    pair = f"is {said}", f"is not {said}"
    return Terms(subject, *(pair if leaf.operator in ("=", "in") else pair[::-1]))
