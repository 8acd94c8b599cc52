"""Rules that speak of addresses and phone numbers, for members who see customers without the means to contact them.

Who may ask "does the email begin with a?" reads an address letter by letter, however well it is masked. So such members
try no rule of their own that speaks of one. Saved segments, made by somebody who may, work for them as a whole; what
they say of an address is masked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from app.customers.masking import DOT, HIDDEN_FIELDS, masked_address, sees_contact, shown_words
from app.errors import PermissionDenied, RuleError
from app.segments.catalogue.fields import Catalogue
from app.segments.rule.canonical import rule_json
from app.segments.rule.nodes import Condition, Group, Leaf, Value, leaves
from app.segments.saved.current import read_rule
from app.segments.sentence import sentence
from models.member import Member
from models.segment import DescriptionSource, Segment
from models.segment_revision import SegmentRevision

REFUSED = (
    "Conditions on email or phone are for members who may see addresses; leave them out, or open a saved segment that "
    "has them."
)

Saved = TypeVar("Saved", Segment, SegmentRevision)


def speaks_of_contact(rule: Group) -> bool:
    """Whether a condition of the rule asks about an address or a number."""
    return any(isinstance(leaf, Condition) and leaf.field in HIDDEN_FIELDS for leaf in leaves(rule))


def require_no_contact(member: Member, rule: Group) -> None:
    """Raise PermissionDenied for a rule that this member wrote and that asks about what the member may not see."""
    if not sees_contact(member) and speaks_of_contact(rule):
        raise PermissionDenied(REFUSED)


async def rule_of(member: Member, asked: object) -> tuple[Group, Catalogue]:
    """The rule to try for this member: JSON of the member's own, or a saved segment as a whole.

    Raises RuleError, and PermissionDenied for a rule of the member's own that asks about hidden fields.
    """
    if isinstance(asked, Segment):
        return await read_rule(asked.rule)
    rule, catalogue = await read_rule(asked)
    require_no_contact(member, rule)
    return rule, catalogue


def rule_shown(member: Member, rule: Group) -> Group:
    """The rule as it may be told to this member: to be read, never to be asked."""
    return rule if sees_contact(member) else masked(rule)


def leaf_shown(member: Member, leaf: Leaf) -> Leaf:
    """`rule_shown` for one condition."""
    return leaf if sees_contact(member) else masked_leaf(leaf)


def masked(rule: Group) -> Group:
    """The rule with the values of hidden fields masked."""
    nodes = (masked(node) if isinstance(node, Group) else masked_leaf(node) for node in rule.rules)
    return replace(rule, rules=tuple(nodes))


def masked_leaf(leaf: Leaf) -> Leaf:
    """One condition, likewise."""
    if isinstance(leaf, Condition) and leaf.field in HIDDEN_FIELDS:
        return replace(leaf, value=_masked_value(leaf.value))
    return leaf


async def saved_shown(member: Member, saved: Saved) -> Saved:
    """A segment or a revision, or a copy whose rule and words name no address. Never write such a copy."""
    if sees_contact(member):
        return saved
    told: dict[str, Any] = {name: shown_words(member, getattr(saved, name)) for name in ("description", "prompt")}
    try:
        rule, catalogue = await read_rule(saved.rule)
    except RuleError:  # it asks about what is gone, so its words cannot be made anew
        told |= {"rule": _masked_json(saved.rule), "sentence": shown_words(member, saved.sentence)}
    else:
        if speaks_of_contact(rule):
            words = sentence(masked(rule), catalogue)
            told = {name: _without(_parts(rule), text) for name, text in told.items()}
            told |= {"rule": rule_json(masked(rule)), "sentence": words}
            if saved.description_source is not DescriptionSource.PERSON:
                told["description"] = words
    copy: Saved = saved.model_copy(update=told)
    return copy


def _parts(rule: Group) -> list[str]:
    """What the rule names of addresses, the longest first; too little of one to be told in a text is left out."""
    values = [leaf.value for leaf in leaves(rule) if isinstance(leaf, Condition) and leaf.field in HIDDEN_FIELDS]
    texts = {text for value in values for text in (value if isinstance(value, tuple) else (value,))}
    return sorted((text for text in texts if isinstance(text, str) and len(text) > 2), key=len, reverse=True)


def _without(parts: Sequence[str], words: str | None) -> str | None:
    for part in parts if words else ():
        words = re.sub(re.escape(part), lambda found: _masked_text(found[0]), words or "", flags=re.IGNORECASE)
    return words


def _masked_value(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(_masked_text(item) if isinstance(item, str) else item for item in value)
    return _masked_text(value) if isinstance(value, str) else value


def _masked_text(text: str) -> str:
    """A whole address keeps what `masked_address` keeps; a part of one nothing."""
    return (masked_address(text) or "") if "@" in text.strip("@") else DOT * 3


def _masked_json(raw: Any) -> Any:
    if isinstance(raw, list):
        return [_masked_json(item) for item in raw]
    if not isinstance(raw, dict):
        return raw
    hidden = raw.get("field") in HIDDEN_FIELDS
    return {key: DOT * 3 if hidden and key == "value" else _masked_json(item) for key, item in raw.items()}
