"""Conditions on something the words do not name: possible readings of a model, shown with the rule that lacks them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.ai.said import held
from app.ai.suggestion import Assumption
from app.errors import RuleError
from app.segments.catalogue import Catalogue, Field, FieldType
from app.segments.grammar.fields import names_of
from app.segments.grammar.prompt import Prompt
from app.segments.grammar.tokens import words_of
from app.segments.rule import parse_rule, rule_json
from app.segments.rule.nodes import Condition, Group
from app.segments.sentence.terms import node_words
from models.values import fold

_CONSENT = frozenset(
    (
        *(
            "email",
            "mail",
            "sms",
            "text",
            "consent",
            "consented",
            "opt",
            "opted",
            "subscribe",
            "subscribed",
            "subscriber",
        ),
        *("subscribers", "unsubscribed", "newsletter", "contact", "contactable", "reachable", "marketing", "allow"),
        *("allowed", "agree", "agreed"),
    )
)
"""Words that speak of consent."""


def inferred(rule: Group, prompt: Prompt, present: Group | None) -> Iterator[Assumption]:
    """One assumption for each condition whose value or field the prompt does not name."""
    known = {item.leaf for item in held(present)} if present is not None else set()
    tree = rule_json(rule)
    for item in held(rule):
        leaf = item.leaf
        if not isinstance(leaf, Condition) or leaf in known:
            continue
        catalogue = prompt.catalogue
        fields = catalogue.fields if item.orders is None else catalogue.order_fields
        field = fields.get(leaf.field)
        if field is None or _said(leaf, field, prompt, order=item.orders is not None):
            continue
        words = node_words(leaf, catalogue) if item.orders is None else f"{field.label.lower()} {_listed(leaf)}"
        yield Assumption(
            code="not_said",
            text=f"“{words}” is how your words were understood; they do not name it.",
            alternative=_without(tree, rule_json(Group(rules=(leaf,)))["rules"][0], catalogue)
            if item.orders is None
            else None,
        )


def _said(leaf: Condition, field: Field, prompt: Prompt, *, order: bool) -> bool:
    if field.type is FieldType.BOOLEAN:
        if field.group == "Custom":
            return any(_spelled(prompt, name) for name in names_of(field))
        return bool(_CONSENT & set(prompt.words))
    if field.type not in (FieldType.TEXT, FieldType.ENUM, FieldType.TAGS):
        return True
    values = [
        item for item in (leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)) if isinstance(item, str)
    ]
    if not values:
        return any(_spelled(prompt, name) for name in names_of(field))
    name = f"order.{field.name}" if order else field.name
    named = {fold(hit.value) for at in range(len(prompt)) for hit in prompt.names.at(prompt, at, [name])}
    text = fold(prompt.text)
    return any(fold(value) in named or fold(value) in text for value in values)


def _spelled(prompt: Prompt, name: str) -> bool:
    return bool(words_of(name)) and any(prompt.spelled(at, name) is not None for at in range(len(prompt)))


def _listed(leaf: Condition) -> str:
    return ", ".join(map(str, leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)))


def _without(tree: dict[str, Any], leaf: dict[str, Any], catalogue: Catalogue) -> dict[str, Any] | None:
    """The rule without this condition; None when it was the only one or its group would be empty."""
    rules = [rule for rule in tree["rules"] if rule != leaf]
    rules = [kept for rule in rules if (kept := _without(rule, leaf, catalogue) if "rules" in rule else rule)]
    if not rules:
        return None
    try:
        return rule_json(parse_rule({**tree, "rules": rules}, catalogue))
    except RuleError:
        return None
