"""What a rule takes for granted, found by code so that it is shown whoever made the rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.ai.inferred import inferred
from app.ai.suggestion import Assumption
from app.errors import RuleError
from app.segments.catalogue import Catalogue, FieldType
from app.segments.grammar.numbers import number
from app.segments.grammar.prompt import Prompt, Unclear, replaced
from app.segments.rule import parse_rule, rule_json
from app.segments.rule.nodes import Condition, Group, Node, OrdersCondition, leaves


def assumptions_of(
    rule: Group, prompt: Prompt, said: Iterable[str] = (), *, present: Group | None = None
) -> tuple[Assumption, ...]:
    """The standing assumptions of a rule, then those the model `said` itself.

    What the rule to refine (`present`) had already is not assumed now.
    """
    found: list[Assumption] = []
    currency = prompt.catalogue.currency
    if any(_is_money(leaf, prompt.catalogue) for leaf in leaves(rule)) and not _names_currency(prompt):
        found.append(
            Assumption(code=f"money_currency_{currency}", text=f"Amounts are in {currency}, the shop's currency.")
        )
    tree = rule_json(rule)
    absent = _absent(tree)
    if absent is not None:
        other = {"combinator": "or", "rules": [absent, {"field": "order_count", "operator": "=", "value": 0}]}
        found.append(
            Assumption(
                code="never_bought_excluded",
                text="People who never ordered are not in.",
                alternative=_checked(replaced(tree, absent, other), prompt.catalogue),
            )
        )
    words = {token.word for token in prompt.tokens}
    if {"and", "or"} <= words and not words & {"(", "["} and {"and", "or"} <= _combinators(rule):
        found.append(
            Assumption(code="and_binds_tighter", text="“and” binds before “or”; use brackets to group otherwise.")
        )
    found.extend(inferred(rule, prompt, present))
    found.extend(Assumption(code="model", text=text[:300]) for text in list(said)[:10])
    return tuple(found)


def _is_money(leaf: Node, catalogue: Catalogue) -> bool:
    if isinstance(leaf, OrdersCondition):
        amounts = leaf.where is not None and any(
            isinstance(item, Condition) and item.field == "amount" for item in leaves(leaf.where)
        )
        return leaf.measure != "count" or amounts
    field = catalogue.fields.get(leaf.field) if isinstance(leaf, Condition) else None
    return field is not None and field.type is FieldType.MONEY


def _names_currency(prompt: Prompt) -> bool:
    for at in range(len(prompt)):
        try:
            found = number(prompt, at)
        except Unclear:
            return True
        if found is not None and found.currencies is not None:
            return True
    return False


def _absent(node: dict[str, Any]) -> dict[str, Any] | None:
    """The condition that says "has not ordered for some time", where no neighbour speaks of who never did."""
    if "rules" in node:
        spoken = any(rule.get("field") == "order_count" for rule in node["rules"])
        return None if spoken else next((found for rule in node["rules"] if (found := _absent(rule))), None)
    relative = isinstance(node.get("value"), dict) and node["operator"] in ("before", "notInLast")
    return node if node["field"] == "last_order_at" and relative and not node.get("not") else None


def _combinators(node: Node) -> set[str]:
    if not isinstance(node, Group):
        return set()
    own = {node.combinator} if len(node.rules) > 1 else set[str]()
    return own.union(*(_combinators(rule) for rule in node.rules))


def _checked(tree: dict[str, Any], catalogue: Catalogue) -> dict[str, Any] | None:
    try:
        return rule_json(parse_rule(tree, catalogue))
    except RuleError:
        return None
