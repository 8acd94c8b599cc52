"""Why customers joined or left, as JSON that is stored, and in words when it is read.

`kind` is `new` (first seen since the record before), `deleted`, `erased`, `condition` (its JSON in `leaf`, its truth
`now`, `alone` unless another condition had to change too, `empty` when the value is gone), `rule` (the rule was changed
from version `from` to version `to`), or `unknown` where the rule of the record before can no longer be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import RuleError
from app.segments.catalogue.fields import Catalogue
from app.segments.contact import masked_leaf
from app.segments.growth.membership import Flip
from app.segments.rule.canonical import rule_json
from app.segments.rule.nodes import Condition, Group, Leaf
from app.segments.rule.parse import parse_rule
from app.segments.sentence.terms import terms

NEW = {"kind": "new"}
DELETED = {"kind": "deleted"}
ERASED = {"kind": "erased"}
UNKNOWN = {"kind": "unknown"}


def rule_changed(before: int, after: int) -> dict[str, Any]:
    """The rule was changed, between these versions of the segment."""
    return {"kind": "rule", "from": before, "to": after}


def condition_changed(flip: Flip, *, empty: bool = False) -> dict[str, Any]:
    """A condition changed its truth."""
    return {
        "kind": "condition",
        "leaf": leaf_json(flip.leaf),
        "now": flip.now,
        "alone": flip.alone,
        **({"empty": True} if empty else {}),
    }


def leaf_json(leaf: Leaf) -> dict[str, Any]:
    """One condition as JSON."""
    (raw,) = rule_json(Group(rules=(leaf,)))["rules"]
    return dict(raw)


def leaf_of(raw: Mapping[str, Any], catalogue: Catalogue) -> Leaf | None:
    """The condition read back; None when it cannot be read any more."""
    try:
        (leaf,) = parse_rule({"combinator": "and", "rules": [dict(raw)]}, catalogue).rules
    except RuleError:
        return None
    return None if isinstance(leaf, Group) else leaf


def in_words(
    cause: Mapping[str, Any],
    catalogue: Catalogue,
    *,
    changes: Mapping[int, str] | None = None,
    locale: str = "en_US",
    conceals: bool = False,
) -> str:
    """`ordered again: last order is not more than 90 days ago`. `changes` says of each
    version that brought another rule "on 12 Nov by Mira". `conceals` masks addresses that a condition names.
    """
    kind = cause["kind"]
    if kind == "condition":
        return _condition(cause, catalogue, locale, conceals)
    if kind == "rule":
        return _rule(cause, changes or {})
    return {
        "new": "new customers",
        "deleted": "deleted customers",
        "erased": "personal data erased",
    }.get(kind, "the rule before can no longer be compared")


def _condition(cause: Mapping[str, Any], catalogue: Catalogue, locale: str, conceals: bool) -> str:
    leaf = leaf_of(cause["leaf"], catalogue)
    if leaf is None:
        return f"a condition on {cause['leaf'].get('field', 'something')} that can no longer be read"
    said = terms(masked_leaf(leaf) if conceals else leaf, catalogue, locale=locale)
    words = said.demand if cause["now"] else said.refusal
    if cause.get("empty"):
        words = "no paid or completed order left"
    elif lead := _lead(leaf, bool(cause["now"])):
        words = f"{lead}: {words}"
    return words if cause["alone"] else f"{words}, together with another condition"


def _lead(leaf: Leaf, now: bool) -> str:
    """What happened, where the condition tells it beyond doubt."""
    if not isinstance(leaf, Condition):
        return ""
    true = now != leaf.negated
    if leaf.field == "last_order_at" and leaf.operator == "notInLast":
        return "no order for so long" if true else "ordered again"
    if leaf.field == "tags" and leaf.operator in ("anyOf", "allOf"):
        return "got a tag" if true else "lost a tag"
    if leaf.field == "tags" and leaf.operator == "noneOf":
        return "lost a tag" if true else "got a tag"
    return ""


def _rule(cause: Mapping[str, Any], changes: Mapping[int, str]) -> str:
    known = [said for version, said in sorted(changes.items()) if cause["from"] < version <= cause["to"]]
    if len(known) < 2:
        return f"rule changed {known[0]}" if known else "rule changed"
    return f"rule changed {len(known)} times, last {known[-1]}"
