"""What a customer bought: how often, how much, of what, when. Gathers the facts; `buying` turns them into a rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.segments.grammar.buying import Purchase, build_count
from app.segments.grammar.coinciding import check_buyers
from app.segments.grammar.comparison import BEFORE, Comparison, comparison, postfix
from app.segments.grammar.complements import adjectives, complements, each_amount, never_again
from app.segments.grammar.names import listing
from app.segments.grammar.numbers import count
from app.segments.grammar.prompt import Found, Lead, Prompt, Remark, Unclear, leaf
from app.segments.grammar.purchase_words import (
    AGAIN,
    EVER,
    NON_BUYERS,
    NOUNS,
    ONE_TIME,
    PLACED,
    TRADE,
    VERBS,
    YET_TO_BUY,
)
from app.segments.grammar.times import either


def habits(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """One-time buyers; repeat customers; buyers of Shoes; Shoes buyers."""
    start = prompt.skip(at, "a", "the")
    known = prompt.lookup(start, ONE_TIME)
    if known is not None and lead.negation in ("", "not", "except"):
        (operator, number), end = known
        text = prompt.span(start, end)
        meaning = "exactly one order" if operator == "=" else "two orders or more"
        remark = Remark("order_count_words", f"“{text}” means {meaning}.")
        operator = {"=": "!=", ">=": "<"}[operator] if lead.negated else operator
        node = leaf("order_count", operator, number)
        yield Found(node=node, end=end, kind="habit", remarks=(remark,), negated=lead.negated)
    never = prompt.skip(start, *NON_BUYERS, *YET_TO_BUY)
    if never > start and not lead.negated:
        yield Found(node=leaf("order_count", "=", 0), end=never, kind="habit", negated=True)
    yield from _again(prompt, at, lead)
    of = prompt.skip(at, "buyers of", "buyer of", "purchasers of")
    for goods in listing(prompt, of, ("order.category", "order.product")):
        trade = (*TRADE, "customers") if goods.field == "order.category" else TRADE
        end = goods.end if of > at else prompt.skip(goods.end, *trade)
        if of == at and prompt.word(goods.end) == "customers" and end == goods.end + 1:
            check_buyers(prompt, at, goods)
        if (of > at or end > goods.end) and lead.negation in ("", "not", "except"):
            yield from build_count(prompt, Purchase(at=at, end=end, goods=goods), lead)
    for hit in prompt.names.at(prompt, prompt.skip(start, "in"), ["order.channel"]):
        end = prompt.skip(hit.end, *TRADE)
        if end > hit.end and lead.negation in ("", "not", "except"):
            where = (leaf("channel", "=", hit.value),)
            yield from build_count(prompt, Purchase(at=at, end=end, where=where), lead)


def _again(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Ordered again: only where nothing is named that it might have come after, and no time."""
    end = prompt.skip(at, *AGAIN)
    if end == at or lead.negated or prompt.word(end) not in ("", ".", "?", "!"):
        return
    if any(prompt.word(here) in _BEFORE_AGAIN for here in range(at)):
        return
    remark = Remark("order_count_words", f"“{prompt.span(at, end)}” means two orders or more.")
    yield Found(node=leaf("order_count", ">=", 2), end=end, kind="habit", remarks=(remark,))


_BEFORE_AGAIN = ("and", "or", "but", "yet", "then", ",", ";", "since", "after", "before")


def verbs(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Bought more than 3 times in the last 60 days; ordered Shoes; never purchased."""
    start = prompt.skip(at, *VERBS)
    if start == at or not lead.verbal or lead.negation == "no":
        return
    spoken = lead.auxiliary or (lead.relative and prompt.word(lead.end - 1) != "whose")
    if prompt.word(start - 1) in ("order", "purchase") and not spoken and lead.negation != "never":
        return
    start = prompt.skip(start, "anything", "something", "from us", "with us", "any products")
    start = (
        prompt.skip(start, "from us", "with us", "from")
        if prompt.word(start - 1) in ("anything", "something")
        else start
    )
    facts = complements(prompt, Purchase(at=at, end=start), lead)
    facts = facts.but(end=prompt.skip(facts.end, *EVER)) if lead.negated and facts.frame is None else facts
    if facts.goods is not None and facts.goods.joint == "nor" and facts.test is None:
        if lead.negated and not lead.neither:
            raise Unclear(f"“{prompt.span(at, facts.end)}” denies twice. Who should be in?")
        facts, lead = facts.but(goods=replace(facts.goods, joint="or")), replace(lead, negation="not")
    yield from build_count(prompt, never_again(prompt, facts, lead), lead)


def nouns(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """More than 5 orders; at least 3 orders of Shoes in the last 30 days; an order over 5k; no orders."""
    start = prompt.skip(at, *PLACED)
    opposite = ""
    if prompt.word(start) in ("no", "zero") and start > at:
        opposite, start = "no", start + 1
    article = prompt.skip(start, "a", "an", "any", "a single", "a total of", "even one", "even a single")
    test = None if article > start and not prompt.has(start, "a total of") else comparison(prompt, article, count)
    test = test or (_only(prompt, start) if lead.negation in ("", "except") else None)
    if test is None and article == start and (before := prompt.lookup(start, BEFORE)) and before[1] > start:
        test = _counted_article(prompt, before)
    if test is None and prompt.has(start, "a single") and lead.negation in ("", "except") and not opposite:
        test = Purchase.times("=", 1, article, explicit=lead.negated)
    if test is not None and (two := either(prompt, test, count)) is not None:
        test = two
    facts = Purchase(at=at, end=test.end if test else article, test=test)
    facts = adjectives(prompt, facts)
    if lead.negation == "not" and facts.bound("status") and start == at and test is None and not lead.auxiliary:
        text = prompt.span(lead.end - 1, facts.end + 1)
        raise Unclear(f"Does “{text}” mean no such orders, or orders of another status?", [text])
    number = NOUNS.get(prompt.word(facts.end))
    if number is None or (test is not None and not test.whole):
        return
    if opposite and (lead.negated or test):
        raise Unclear(f"“{prompt.span(lead.end, facts.end + 1)}” denies twice. Who should be in?")
    if test is not None:
        test = postfix(prompt, Comparison(test.tests, facts.end + 1, test.explicit))
        facts = facts.but(test=test, end=test.end)
    else:
        facts = facts.but(end=facts.end + 1)
    lead = Lead(end=lead.end, negation="no", campaign=lead.campaign) if opposite else lead
    facts = _state(prompt, facts)
    facts = each_amount(prompt, facts, plural=number == 2 and lead.negation != "no")
    facts = complements(prompt, facts, lead, times=False)
    if facts.goods is not None and not facts.amounts and number == 1 and facts.frame is None:
        facts = complements(prompt, each_amount(prompt, facts, plural=False), lead, times=False)
    if lead.negated and facts.frame is None:
        facts = facts.but(end=prompt.skip(facts.end, *EVER))
    yield from build_count(prompt, never_again(prompt, facts, lead), lead)


def _only(prompt: Prompt, at: int) -> Comparison | None:
    """Only one order, just 2 orders: exactly so many."""
    start = prompt.skip(at, "only", "just")
    number = count(prompt, start) if start > at else None
    return Comparison((("=", (number,)),), number.end) if number else None


def _state(prompt: Prompt, facts: Purchase) -> Purchase:
    """An order refunded; orders that were cancelled."""
    start = prompt.skip(facts.end, *(f"{that} {was}" for that in ("that", "which") for was in _WERE), *_WERE)
    hits = prompt.names.at(prompt, start, ["order.status"])
    if not hits or facts.bound("status"):
        return facts
    return facts.but(where=(*facts.where, leaf("status", "=", hits[0].value)), end=hits[0].end)


_WERE = ("was", "were", "is", "are", "got", "have been", "has been", "which was", "that was")


def _counted_article(prompt: Prompt, before: tuple[str, int]) -> Comparison | None:
    """More than an order."""
    number = count(prompt, before[1])
    return Comparison(((before[0], (number,)),), number.end) if number else None
