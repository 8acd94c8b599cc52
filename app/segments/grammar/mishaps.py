"""Coupons, refunds and cancellations: what became of orders, said with verbs of their own."""

from __future__ import annotations

from collections.abc import Iterator

from app.segments.grammar.buying import Purchase, build_count
from app.segments.grammar.comparison import comparison
from app.segments.grammar.complements import complements, coupon
from app.segments.grammar.numbers import count
from app.segments.grammar.prompt import Found, Lead, Prompt, leaf
from app.segments.grammar.purchase_words import NOUNS

_USED = (
    "used", "use", "redeemed", "redeem", "applied", "apply", "using", "with", "have used", "have redeemed", "entered",
    "ordered with", "bought with", "bought using", "ordered using", "shopped with", "purchased with", "used up",
    "purchased using",
)  # fmt: skip
_CANCELLED = ("cancelled", "canceled", "cancel", "cancelling", "canceling")
_RECEIVED = ("had", "have had", "got", "received", "get", "with", "have", "has", "were given", "given")
_REFUNDED = (
    *(f"{verb} {a}refund" for verb in _RECEIVED for a in ("a ", "any ", "")),
    "were refunded", "was refunded", "been refunded", "got refunded", "been given a refund",
)  # fmt: skip
_HAD = ("had", "have", "has", "got", "received", "with")


def coupons(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Used coupon DIWALI10; redeemed the voucher “SAVE5” in the last 30 days; used DIWALI10."""
    start = prompt.skip(at, *_USED)
    if "coupon" not in prompt.catalogue.order_fields or lead.negation in ("no", "without"):
        return
    if start == at and lead.negation:
        return
    facts = coupon(prompt, Purchase(at=at, end=start), ())
    if facts is None or (start == at and facts.end == at + 1):
        return
    yield from build_count(prompt, complements(prompt, facts, lead, times=start > at), lead)


def mishaps(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Cancelled an order; cancelled more than 2 orders this year; had a refund in the last 90 days."""
    if not lead.verbal:
        return
    refunded = prompt.skip(at, *_REFUNDED)
    if refunded > at:
        facts = Purchase(at=at, end=refunded, where=(leaf("status", "=", "refunded"),))
        yield from build_count(prompt, complements(prompt, facts, lead), lead)
    yield from _numbered_refunds(prompt, at, lead)
    start = prompt.skip(at, *_CANCELLED)
    if start == at:
        return
    article = prompt.skip(start, "an", "any", "a", "their", "some", "one of their", "any of their", "a single")
    test = comparison(prompt, article, count) if article == start else None
    noun = test.end if test else article
    if NOUNS.get(prompt.word(noun)) is None or (test is not None and not test.whole):
        return
    if prompt.word(article - 1) == "their" and article > start and prompt.word(start) == "their":
        return
    facts = Purchase(at=at, end=noun + 1, test=test, where=(leaf("status", "=", "cancelled"),))
    yield from build_count(prompt, complements(prompt, facts, lead, times=False), lead)


def _numbered_refunds(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """More than 2 refunds."""
    test = comparison(prompt, prompt.skip(at, *_HAD), count)
    if test is None or not test.whole or prompt.word(test.end) not in ("refund", "refunds"):
        return
    facts = Purchase(at=at, end=test.end + 1, test=test, where=(leaf("status", "=", "refunded"),))
    yield from build_count(prompt, complements(prompt, facts, lead, times=False), lead)
