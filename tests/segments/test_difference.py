"""What changed between two rules, in words."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.segments.rule import parse_rule
from app.segments.rule.normal import normal_form
from app.segments.sentence.difference import Change, difference
from tests.segments.strategies import CATALOGUE, orders_conditions, profile_rules
from tests.segments.test_rule import NAMED, condition, group
from tests.segments.test_rule_properties import steady

VIP = condition("tags", "anyOf", ["vip"])
PUNE = condition("city", "=", "Pune")
RICH = condition("total_spent", ">", 1000)
RICHER = condition("total_spent", ">", 2000)
LATELY = condition("last_order_at", "inLast", {"amount": 30, "unit": "day"})
SHOES = {
    "field": "orders",
    "measure": "count",
    "operator": ">=",
    "value": 3,
    "where": condition("category", "=", "Shoes"),
}


def negated(raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, "not": True}


def changes(before: Any, after: Any) -> list[str]:
    found = difference(parse_rule(before, NAMED), parse_rule(after, NAMED), NAMED)
    return [change.as_text() for change in found]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (group(), group(), []),
        (group(), group(PUNE), ["Added: city is Pune"]),
        (group(RICH), group(RICH, PUNE), ["Added: city is Pune"]),
        (group(RICH, PUNE), group(RICH), ["Removed: city is Pune"]),
        (group(RICH), group(RICHER), ["Changed: total spent is more than $1,000 → $2,000"]),
        (
            group(RICH),
            group(condition("total_spent", ">=", 1000)),
            ["Changed: total spent is more than $1,000 → at least $1,000"],
        ),
        (group(RICH), group(negated(RICH)), ["Changed: total spent is more than $1,000 → not more than $1,000"]),
        (
            group(RICH, PUNE),
            group(RICH, PUNE, combinator="or"),
            ["Changed: every one of the conditions is needed → one of the conditions is enough"],
        ),
        (
            group(RICH, PUNE),
            group(group(RICH, PUNE), VIP, combinator="or"),
            ["Added: tags include “vip”, as an alternative"],
        ),
        (group(RICH, PUNE), negated(group(RICH, PUNE)), ["Changed: the whole rule has to be met → must not be met"]),
        (
            group(RICH, PUNE),
            group(RICH, group(PUNE, VIP, combinator="or")),
            ["Changed: city is Pune → Pune or tags include “vip”"],
        ),
        (
            group(PUNE, RICH),
            group(PUNE, group(RICHER, VIP, combinator="or")),
            ["Changed: total spent is more than $1,000 → tags include “vip” or total spent is more than $2,000"],
        ),
        (
            group(RICH, group(PUNE, VIP, combinator="or")),
            group(RICH, LATELY, group(PUNE, VIP, combinator="or")),
            ["Added: last order is in the last 30 days"],
        ),
        (
            group(RICH, LATELY, group(PUNE, VIP, combinator="or")),
            group(RICH, group(PUNE, VIP, LATELY, combinator="or")),
            [
                "Changed: last order is in the last 30 days, for the whole rule → "
                "last order is in the last 30 days, in the group "
                "(city is Pune, last order is in the last 30 days, or tags include “vip”)"
            ],
        ),
        (
            group(SHOES),
            group({**SHOES, "window": {"operator": "inLast", "value": {"amount": 30, "unit": "day"}}}),
            [
                "Changed: number of orders with an item in Shoes is at least 3 → "
                "number of orders with an item in Shoes in the last 30 days is at least 3"
            ],
        ),
        (
            group(SHOES),
            group({**SHOES, "where": condition("category", "=", "Bags")}),
            [
                "Changed: number of orders with an item in Shoes is at least 3 → "
                "number of orders with an item in Bags is at least 3"
            ],
        ),
        (group(condition("segment", "in", "s1")), group(), ["Removed: is in the segment “Regulars”"]),
        (group(condition("campaign", "opened", "c1")), group(), ["Removed: opened the campaign “Spring”"]),
        (group(RICH, group(PUNE)), group(PUNE, RICH), []),
        (group(negated(PUNE)), group(condition("city", "!=", "Pune")), []),
    ],
)
def test_it_says(before: Any, after: Any, said: list[str]) -> None:
    assert changes(before, after) == said


rules = profile_rules | orders_conditions()


@settings(steady, max_examples=300)
@given(rules, rules)
def test_no_changes_exactly_when_the_rules_are_the_same(before: Any, after: Any) -> None:
    one, other = parse_rule(before, CATALOGUE), parse_rule(after, CATALOGUE)
    same = normal_form(one, CATALOGUE) == normal_form(other, CATALOGUE)
    assert bool(difference(one, other, CATALOGUE)) != same
    assert difference(one, one, CATALOGUE) == ()


def mutated(raw: Any, chance: random.Random) -> Any:
    """One small edit somewhere in the tree, as a person makes it."""
    if "rules" not in raw:
        return {**raw, "not": not raw.get("not", False)}
    rules = list(raw["rules"])
    at = chance.randrange(len(rules))
    way = chance.choice(["deeper", "join", "negate", "drop", "wrap", "move"])
    if way == "join":
        return {**raw, "combinator": "or" if raw["combinator"] == "and" else "and"}
    if way == "negate":
        return {**raw, "not": not raw.get("not", False)}
    if way == "drop" and len(rules) > 1:
        return {**raw, "rules": rules[:at] + rules[at + 1 :]}
    if way == "wrap":
        return {**raw, "rules": [*rules[:at], {"combinator": "or", "rules": [rules[at], PUNE]}, *rules[at + 1 :]]}
    if way == "move":
        chance.shuffle(rules)
        return {**raw, "rules": rules}
    return {**raw, "rules": [*rules[:at], mutated(rules[at], chance), *rules[at + 1 :]]}


@settings(steady, max_examples=400)
@given(profile_rules, st.randoms(use_true_random=False))
def test_a_small_edit_is_seen_or_means_nothing(raw: Any, chance: random.Random) -> None:
    one, other = parse_rule(raw, CATALOGUE), parse_rule(mutated(raw, chance), CATALOGUE)
    found = difference(one, other, CATALOGUE)
    assert bool(found) == (normal_form(one, CATALOGUE) != normal_form(other, CATALOGUE))
    for change in found:
        assert change.kind == "changed" or (change.before is None) == (change.kind == "added")
        assert change.before != change.after
    assert bool(difference(other, one, CATALOGUE)) == bool(found)


def test_a_change_is_read_as_one_line() -> None:
    change = Change(kind="changed", before="name contains “a b”", after="name contains “a c”")
    assert change.as_text() == "Changed: name contains “a b” → “a c”"
