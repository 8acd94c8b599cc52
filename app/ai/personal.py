"""What never leaves the shop: names, addresses and numbers of people, also when a member types them."""

from __future__ import annotations

import re

from app.ai.suggestion import Suggestion
from app.segments.rule.nodes import Condition, Group, leaves

PERSONAL = frozenset({"name", "first_name", "last_name", "email", "phone", "postal_code", "birthday"})
"""Fields whose values no provider is told."""

PERSONAL_KEYS = re.compile(
    r"name|mail|phone|mobile|address|contact|birth|street|zip|passport|iban|account|card|tax|ssn"
)
"""Parts of a custom attribute's key that tell of a person."""

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|\+\d[\d ()-]{7,}\d|(?<!\d)\d{10,15}(?!\d)")
_NAMED = re.compile(
    r"(?<!campaign )(?<!segment )(?<!product )(?<!tag )(?<!coupon )\b(named|surnamed|nicknamed|called)\b"
    r"|\b(sur)?name\s+(is|are|was|starts?|begins?|contains?|ends?|like|equals|in|of)\b|\bname\s*[=:]"
    r"|\b(e-?mail|phone)( address| number)?\s+(is|starts?|begins?|contains?|ends?|like|equals)\b",
    re.IGNORECASE,
)
"""Words that a person's own name or address follows."""
_NOTE = "This names a person, so no AI was asked; the built-in grammar read it."


def kept_here(prompt: str, own: Suggestion, present: Group | None) -> str | None:
    """Why a prompt is not sent to a provider: it or the rule to refine holds what belongs to one person."""
    if _ADDRESS.search(prompt) or _NAMED.search(prompt) or (own.rule is not None and _names_person(own.rule)):
        return _NOTE
    if present is not None and says_personal(present):
        return "The rule names a person, so no AI was asked; the built-in grammar read your words."
    return None


def personal_field(name: str) -> bool:
    """Whether values of this field may identify a customer."""
    return name in PERSONAL or (name.startswith("attributes.") and PERSONAL_KEYS.search(name) is not None)


def says_personal(rule: Group) -> bool:
    """Whether a rule holds a name, an address or a number of a person."""
    return any(
        isinstance(leaf, Condition) and personal_field(leaf.field) and _texts(leaf.value) for leaf in leaves(rule)
    )


def _names_person(node: dict[str, object]) -> bool:
    rules = node.get("rules")
    if isinstance(rules, list):
        return any(_names_person(rule) for rule in rules)
    return personal_field(str(node["field"])) and _texts(node.get("value"))


def _texts(value: object) -> bool:
    return any(isinstance(item, str) for item in (value if isinstance(value, tuple | list) else (value,)))
