"""A verb said once for two purchases: "bought Sarees in the last 30 days and Shoes in the last 60 days"."""

from __future__ import annotations

from app.segments.grammar.buying import Purchase, build_count
from app.segments.grammar.complements import complements
from app.segments.grammar.joints import Joint
from app.segments.grammar.prompt import Found, Lead, Prompt
from app.segments.grammar.purchase_words import VERBS
from app.segments.grammar.scope import Part

_PREPOSITIONS = ("in", "during", "within", "between", "since", "over")


def second_purchase(prompt: Prompt, before: Part, joint: Joint) -> Part | None:
    """The purchase after "and" or "or" that goes on with the verb of the one before.

    Only where both say the same kinds of things, each with a time of its own, so that nothing can be meant for both.
    """
    if before.kind != "orders" or before.negated or not before.timed or joint.kind not in ("and", "or"):
        return None
    verb = prompt.skip(before.lead.end, *VERBS)
    lead = Lead(end=joint.end)
    one = complements(prompt, Purchase(at=before.lead.end, end=verb), before.lead)
    other = complements(prompt, Purchase(at=joint.end, end=joint.end), lead)
    if verb == before.lead.end or one.end != before.end or other.frame is None or _said(one) != _said(other):
        return None
    if one.frame is None or (one.frame.remarks and not other.frame.remarks):
        return None  # "in November and in December 2025" names the year of both at the end
    if other.test is None and other.goods is None and prompt.word(joint.end) not in _PREPOSITIONS:
        return None  # "in March and April" may be one stretch of time
    found: Found | None = next(build_count(prompt, other, lead), None)
    if found is None:
        return None
    return Part(found.node, found.end, joint, lead, found.kind, found.remarks, timed=True)


def _said(facts: Purchase) -> tuple[object, ...]:
    """Which kinds of things were said of a purchase; "again" and "but not" make it one that stands alone."""
    alone = facts.later is not None or bool(facts.elsewhere) or facts.other is not None
    where = tuple(rule["field"] for rule in facts.where)
    return (facts.test is None, facts.goods is None, where, object() if alone else "")
