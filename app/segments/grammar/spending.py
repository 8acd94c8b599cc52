"""How much a customer spent: in total, on something, in one order; and the average, largest or number of orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.segments.grammar.buying import Purchase, build_count, denied_test, found_in, orders_node, wheres, with_operator
from app.segments.grammar.comparison import Comparison, comparison
from app.segments.grammar.complements import complements
from app.segments.grammar.numbers import amount, count, currency_remark
from app.segments.grammar.prompt import Found, Lead, Prompt, Remark, Unclear, leaf
from app.segments.grammar.purchase_words import (
    AFTER_AMOUNT,
    IN_ONE_ORDER,
    MEASURES,
    NOTHING,
    ON_AVERAGE,
    SIGNS,
    SPENT,
    TOTALLY,
    VERBS,
)


def spending(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Spent over 10k; spent 5,000 on Shoes this year; lifetime value between 5k and 20k; 1.5 lakh total spend."""
    start = prompt.skip(at, *SPENT)
    if start == at:
        yield from _amount_first(prompt, at, lead)
        yield from _worth_of(prompt, at, lead)
        return
    if not lead.verbal:
        return
    nothing = prompt.skip(start, *NOTHING)
    if nothing > start:
        yield from _nothing(prompt, Purchase(at=at, end=nothing), lead, prompt.word(start))
        return
    facts = complements(prompt, Purchase(at=at, end=start), lead, times=False)
    test = comparison(prompt, prompt.skip(facts.end, "a total of", "is", "of", "was"), amount)
    if test is None:
        return
    average = prompt.skip(test.end, *ON_AVERAGE)
    if average > test.end and facts.end == start:
        yield from build_measure(prompt, facts.but(test=test, end=average), "avg", lead)
        return
    end = prompt.skip(test.end, *TOTALLY)
    single = prompt.skip(end, *IN_ONE_ORDER)
    facts = complements(prompt, facts.but(test=test, end=single), lead, times=False)
    after = prompt.skip(facts.end, *IN_ONE_ORDER)
    one = single > end or after > facts.end
    facts = facts.but(end=prompt.skip(after, *TOTALLY))
    yield from _in_one_order(prompt, facts, lead) if one else build_spend(prompt, facts, lead)


def measures(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Average order value above 2k; largest order over 5,000; number of orders between 3 and 5."""
    start = prompt.skip(at, "an", "a", "the", "their", "whose")
    known = prompt.lookup(start, MEASURES)
    if known is None and prompt.word(start) == "orders" and prompt.word(start + 1)[:1] in SIGNS:
        known = ("count", start + 1)
    if known is None or lead.negation in ("no", "without", "never"):
        return
    measure, end = known
    test = comparison(
        prompt,
        prompt.skip(end, "is", "of", "was", "value is", ":", "is of", "are"),
        count if measure == "count" else amount,
    )
    if test is None or (measure == "count" and not test.whole):
        return
    if measure == "count" and _may_be_money(prompt, start, test):
        text = prompt.span(at, test.end)
        raise Unclear(f"In “{text}”, is that the number of orders, or what they come to in money?", [text])
    facts = complements(prompt, Purchase(at=at, end=test.end, test=test), lead, times=False)
    if measure == "count":
        exact = Comparison(test.tests, test.end, explicit=True)
        yield from build_count(prompt, facts.but(test=exact), lead)
    else:
        yield from build_measure(prompt, facts, measure, lead)


def _may_be_money(prompt: Prompt, at: int, test: Comparison) -> bool:
    """Total orders over 10k: a large number is rather a sum of money, and one in thousands always may be."""
    total = prompt.word(at) == "total" and prompt.word(at + 1) != "number"
    return any(item.scale > 1 or (total and item.value >= _LARGE) for item in test.numbers)


_LARGE = 100


def build_spend(prompt: Prompt, facts: Purchase, lead: Lead) -> Iterator[Found]:
    """How much in total; a bare amount means at least that much."""
    text = prompt.span(facts.at, facts.end)
    test = facts.test
    if test is None or facts.other is not None:
        return
    if facts.later is not None or facts.elsewhere:
        raise Unclear(f"What of “{text}” applies to the second time? Say it in two parts.", [text])
    remarks = [*currency_remark(prompt, *test.numbers)]
    bare = not test.explicit and any(item.value for item in test.numbers)
    if not test.explicit and lead.negated:
        raise Unclear(f"Should “not {text}” mean less than that, or any other amount?", [text])
    if bare:
        test = Comparison(((">=", test.numbers),), test.end)
        remarks.append(Remark("at_least", f"“{text}” means that much or more."))
    test = denied_test(test, lead, text) or test
    where = wheres(facts, test, Lead(end=lead.end), text)[0]
    if not where and facts.frame is None:
        node = test.node(lambda operator, value: leaf("total_spent", operator, value))
    else:
        node = test.node(lambda operator, value: orders_node("sum", operator, value, where, facts.frame))
    if bare:
        remarks[-1] = replace(remarks[-1], swap=(node, with_operator(node, "=")))
    yield found_in(facts, node, remarks, lead, kind="spend")


def build_measure(prompt: Prompt, facts: Purchase, measure: str, lead: Lead) -> Iterator[Found]:
    """The average or the largest order; the customer's own average where nothing narrows it down."""
    test = facts.test
    text = prompt.span(facts.at, facts.end)
    if test is None or lead.negated or facts.other is not None or facts.later is not None or facts.elsewhere:
        raise Unclear("Should people who never ordered be in?", [text])
    if not test.explicit:
        raise Unclear(f"Does “{text}” mean exactly that, or a limit? Say “above” or “below”.", [text])
    where = wheres(facts, test, lead, text)[0]
    if measure == "avg" and not where and facts.frame is None:
        node = test.node(lambda operator, value: leaf("average_order_value", operator, value))
    else:
        node = test.node(lambda operator, value: orders_node(measure, operator, value, where, facts.frame))
    yield found_in(facts, node, [*currency_remark(prompt, *test.numbers)], lead, kind="spend")


def _amount_first(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """1.5 lakh total spend; over 10k in total spend; more than 20k lifetime value."""
    if lead.negation not in ("", "not", "except"):
        return
    test = comparison(prompt, prompt.skip(at, "a total of", "a"), amount)
    end = prompt.skip(test.end, *AFTER_AMOUNT) if test is not None else at
    if test is None or end == test.end:
        return
    facts = complements(prompt, Purchase(at=at, end=end, test=test), lead, times=False)
    yield from build_spend(prompt, facts.but(end=prompt.skip(facts.end, *TOTALLY)), lead)


def _worth_of(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Bought more than 50k worth of Sarees; ordered at least 2k worth of goods this year."""
    start = prompt.skip(at, *VERBS)
    test = comparison(prompt, start, amount) if start > at and lead.verbal else None
    end = prompt.skip(test.end, "worth of", "worth in", "in worth of") if test is not None else at
    if test is None or end == test.end or lead.negated:
        return
    facts = complements(prompt, Purchase(at=at, end=prompt.skip(end, *_ANY_GOODS), test=test), lead, times=False)
    if facts.end > end:
        yield from build_spend(prompt, facts, lead)


_ANY_GOODS = ("goods", "stuff", "products", "things", "items", "orders", "merchandise")


def _nothing(prompt: Prompt, facts: Purchase, lead: Lead, word: str) -> Iterator[Found]:
    """Spent nothing; never spent anything; did not spend any money."""
    denied = word in ("nothing", "no", "zero")
    facts = complements(prompt, facts.but(end=prompt.skip(facts.end, "yet", "so far")), lead, times=False)
    text = prompt.span(facts.at, facts.end)
    if denied == lead.negated or facts.frame is not None or facts.goods is not None or facts.where or facts.later:
        raise Unclear(f"Who should be in with “{text}”?", [text])
    yield found_in(facts, leaf("total_spent", "=", 0), [], lead, kind="spend")


def _in_one_order(prompt: Prompt, facts: Purchase, lead: Lead) -> Iterator[Found]:
    """Spent over 5k in a single order: one order of that amount."""
    test, text = facts.test, prompt.span(facts.at, facts.end)
    if test is None or facts.later is not None or facts.elsewhere or facts.other is not None:
        raise Unclear(f"What does “one order” belong to in “{text}”? Say it in two parts.", [text])
    remarks = [*currency_remark(prompt, *test.numbers)]
    if not test.explicit:
        if lead.negated:
            raise Unclear(f"Should “not {text}” mean less than that, or any other amount?", [text])
        test = Comparison(((">=", test.numbers),), test.end)
        remarks.append(Remark("at_least", f"“{text}” means that much or more."))
    amounts = test.node(lambda operator, value: leaf("amount", operator, value))
    rules = tuple(amounts["rules"]) if "rules" in amounts else (amounts,)
    where = wheres(facts.but(where=(*rules, *facts.where)), None, Lead(end=lead.end), text)
    if len(where) > 1:
        raise Unclear(f"In “{text}”, does it count for each of them, or for all together?", [text])
    node = orders_node("count", "=" if lead.negated else ">=", 0 if lead.negated else 1, where[0], facts.frame)
    yield found_in(facts, node, remarks, lead, kind="spend")
