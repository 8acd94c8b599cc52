"""The suggested segments themselves: each a plain rule with figures from the shop's facts, or what is missing for it.

Recency, frequency and money in fifths of all buyers: Arthur M. Hughes, Strategic Database Marketing (1994), chapter on
RFM. The names of combinations (champions, loyal, at risk, hibernating) are those that Putler and, after it, most tools
use for the grid of recency against frequency and money. A fifth of frequency often begins at one order, because most
customers of a shop buy once; repeat buyers then begin at two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.segments.ideas.facts import FEWEST_BUYERS, FEWEST_REGULARS, REGULAR, Facts
from app.segments.sentence.wording import Wording, quoted

Rule = dict[str, Any]
BIRTHDAY_DAYS = 14
NEW_DAYS = 60


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A suggestion before it is counted. `rule` is None when `missing` says what the shop lacks for it."""

    key: str
    name: str
    why: str
    formula: str
    rule: Rule | None
    missing: str | None = None


def drafts(facts: Facts, *, locale: str = "en_US") -> list[Draft]:
    """Every suggestion, in the order in which they are shown."""
    words = Wording(facts.currency, locale)
    return [*_rfm(facts, words), *_coming_back(facts, words), *_moments(facts), *_habits(facts, words)]


def _rfm(facts: Facts, words: Wording) -> Iterator[Draft]:
    fifths = facts.quintiles
    if fifths is None:
        for key, name, why in _RFM:
            yield _lacking(key, name, why, _too_few(facts))
        return
    recent, quiet = fifths.days[0], fifths.days[2]
    orders, spent = max(fifths.orders[2], 2), fifths.spent[2]
    often = [_is("order_count", ">=", orders), _is("total_spent", ">=", _amount(spent))]
    champions = [_last("inLast", recent), *often]
    repeat = "repeat buyers" if orders > fifths.orders[2] else "the upper two fifths"
    valued = f"at least {orders} orders ({repeat}) and {words.money(spent)} in total (the upper two fifths)"
    rules = {
        "champions": (_all(*champions), f"Last order in the last {recent} days (the latest fifth), {valued}"),
        "loyal": (
            _all(_last("inLast", quiet), *often, {**_all(*champions), "not": True}),
            f"Last order in the last {quiet} days (the latest three fifths), {valued}, and no champion",
        ),
        "at_risk": (
            _all(_last("notInLast", quiet), *often),
            f"Last order more than {quiet} days ago (the oldest two fifths), {valued}",
        ),
        "hibernating": (
            _all(_last("notInLast", quiet), {**_all(*often), "not": True}),
            f"Last order more than {quiet} days ago (the oldest two fifths), and fewer than {orders} orders or less "
            f"than {words.money(spent)} in total",
        ),
    }
    for key, name, why in _RFM:
        rule, formula = rules[key]
        yield Draft(key=key, name=name, why=why, formula=formula, rule=rule)


_RFM = (
    (
        "champions",
        "Champions",
        "Your best customers, active right now: thank them, ask them for reviews, show them first.",
    ),
    ("loyal", "Loyal customers", "They keep coming back: new arrivals and a loyalty offer keep it so."),
    ("at_risk", "At risk", "They bought often and well, and have gone quiet: win them back before they forget you."),
    ("hibernating", "Hibernating", "Bought little and long ago: a low-cost reminder, or leave them in peace."),
)


def _coming_back(facts: Facts, words: Wording) -> Iterator[Draft]:
    gaps, fifths = facts.gaps, facts.quintiles
    lapsed = "Lapsed regulars", "They are later than regulars of your shop usually are: a nudge now still reaches them."
    vips = "Big spenders about to lapse", "Your highest spenders are past their usual gap, but not gone yet."
    if gaps is None:
        missing = f"{FEWEST_REGULARS} customers with {REGULAR} orders or more are needed; there are {facts.regulars:,}."
        yield _lacking("lapsed_regulars", *lapsed, missing)
        yield _lacking("vips_about_to_lapse", *vips, missing)
        return
    yield Draft(
        key="lapsed_regulars",
        name=lapsed[0],
        why=lapsed[1],
        formula=f"At least {REGULAR} orders, the last more than {gaps.late} days ago but in the last {3 * gaps.late}. "
        f"Four of five regulars order again within {gaps.late} days on average",
        rule=_all(_is("order_count", ">=", REGULAR), _last("notInLast", gaps.late), _last("inLast", 3 * gaps.late)),
    )
    if fifths is None or gaps.late <= gaps.usual:
        reason = _too_few(facts) if fifths is None else "Your regulars all come back after the same number of days."
        yield _lacking("vips_about_to_lapse", *vips, reason)
        return
    spent = fifths.spent[3]
    yield Draft(
        key="vips_about_to_lapse",
        name=vips[0],
        why=vips[1],
        formula=f"Spent at least {words.money(spent)} (the highest fifth), at least {REGULAR} orders, the last more "
        f"than {gaps.usual} days ago (half of all regulars are back by then) but in the last {gaps.late}",
        rule=_all(
            _is("total_spent", ">=", _amount(spent)),
            _is("order_count", ">=", REGULAR),
            _last("notInLast", gaps.usual),
            _last("inLast", gaps.late),
        ),
    )


def _moments(facts: Facts) -> Iterator[Draft]:
    name, why = "Birthday soon", "A greeting that arrives in time is the friendliest reason to write."
    if facts.birthdays:
        rule = _all(_is("birthday", "anniversaryInNext", _span(BIRTHDAY_DAYS)))
        formula = f"Birthday today or in the next {BIRTHDAY_DAYS} days"
        yield Draft(key="birthday_soon", name=name, why=why, formula=formula, rule=rule)
    else:
        yield _lacking("birthday_soon", name, why, "No birthdays are known. Import them with your customers.")
    name, why = "New, no second order yet", "The second order decides whether somebody becomes a regular."
    if not facts.buyers:
        yield _lacking("no_second_order", name, why, "There are no paid orders yet.")
        return
    days = facts.gaps.late if facts.gaps else NEW_DAYS
    because = (
        "when four of five regulars are back" if facts.gaps else "two months, as there are too few regulars to tell"
    )
    yield Draft(
        key="no_second_order",
        name=name,
        why=why,
        formula=f"Exactly one order, placed in the last {days} days ({because})",
        rule=_all(_is("order_count", "=", 1), _is("first_order_at", "inLast", _span(days))),
    )


def _habits(facts: Facts, words: Wording) -> Iterator[Draft]:
    name, why = "One order, of your best category", "They know what you are best at: show them more of it."
    if facts.category is None:
        yield _lacking("best_category_once", name, why, "No categories are known of your orders' items.")
    else:
        category = {"field": "category", "operator": "=", "value": facts.category}
        yield Draft(
            key="best_category_once",
            name=f"One order, of {facts.category}",
            why=why,
            formula=f"Exactly one order, with an item of {quoted(facts.category)}, the category in most of your newest "
            "orders",
            rule=_all(_is("order_count", "=", 1), _orders(">=", 1, category)),
        )
    name, why = "Big baskets", "They fill the basket when they buy: bundles and free delivery suit them."
    if facts.basket:
        formula = f"At least {words.money(facts.basket)} per order on average (the highest fifth of buyers)"
        rule = _all(_is("average_order_value", ">=", _amount(facts.basket)))
        yield Draft(key="big_baskets", name=name, why=why, formula=formula, rule=rule)
    else:
        yield _lacking("big_baskets", name, why, _too_few(facts))
    name, why = "High spenders you may not email", "Your email does not reach them: ask for their consent at checkout."
    if facts.quintiles:
        spent = facts.quintiles.spent[3]
        formula = f"Spent at least {words.money(spent)} in total (the highest fifth) and have not opted in to email"
        rule = _all(_is("total_spent", ">=", _amount(spent)), _is("email_opt_in", "=", False))
        yield Draft(key="spenders_without_email", name=name, why=why, formula=formula, rule=rule)
    else:
        yield _lacking("spenders_without_email", name, why, _too_few(facts))
    name, why = "Only with a coupon", "They wait for a discount: do not spend margin on those who would buy anyway."
    if facts.coupons:
        bare = {"field": "coupon", "operator": "null"}
        used = {"field": "coupon", "operator": "notNull"}
        formula = "At least 2 orders with a coupon and none without"
        rule = _all(_orders(">=", 2, used), _orders("=", 0, bare))
        yield Draft(key="coupon_only", name=name, why=why, formula=formula, rule=rule)
    else:
        yield _lacking("coupon_only", name, why, "No coupons are known of your newest orders.")


def _lacking(key: str, name: str, why: str, missing: str) -> Draft:
    return Draft(key=key, name=name, why=why, formula="", rule=None, missing=missing)


def _too_few(facts: Facts) -> str:
    return f"{FEWEST_BUYERS} customers with an order are needed to tell fifths apart; there are {facts.buyers:,}."


def _all(*rules: Rule) -> Rule:
    return {"combinator": "and", "rules": list(rules)}


def _is(field: str, operator: str, value: Any) -> Rule:
    return {"field": field, "operator": operator, "value": value}


def _last(operator: str, days: int) -> Rule:
    return _is("last_order_at", operator, _span(days))


def _span(days: int) -> dict[str, Any]:
    return {"amount": max(days, 1), "unit": "day"}


def _orders(operator: str, count: int, where: Rule) -> Rule:
    return {"field": "orders", "measure": "count", "operator": operator, "value": count, "where": _all(where)}


def _amount(amount: Decimal) -> int | str:
    """Exact in JSON."""
    return int(amount) if amount == amount.to_integral_value() else str(amount)
