"""Two different rules never read the same: who reads a sentence knows the rule."""

from __future__ import annotations

import random
import timeit
from dataclasses import replace
from typing import Any

from hypothesis import given, reject, settings
from hypothesis import strategies as st

from app.errors import RuleError
from app.segments.catalogue import FieldType, bare_catalogue, operators_of
from app.segments.rule import parse_rule
from app.segments.rule.normal import normal_form
from app.segments.sentence import sentence
from app.segments.sentence.terms import node_words
from tests.segments.strategies import CATALOGUE, attribute, conditions, groups, orders_conditions, profile_rules
from tests.segments.test_difference import mutated
from tests.segments.test_rule_properties import steady

small = st.sampled_from(
    [
        {"field": "city", "operator": "=", "value": "A"},
        {"field": "city", "operator": "=", "value": "A or B"},
        {"field": "city", "operator": "in", "value": ["A", "B"]},
        {"field": "country", "operator": "=", "value": "A"},
        {"field": "region", "operator": "=", "value": "A"},
        {"field": "city", "operator": "=", "value": "the region A"},
        {"field": "tags", "operator": "anyOf", "value": ["a", "b"]},
        {"field": "tags", "operator": "anyOf", "value": ["a” or “b"]},
        {"field": "tags", "operator": "allOf", "value": ["a", "b"]},
        {"field": "gender", "operator": "=", "value": "not A"},
        {"field": "gender", "operator": "!=", "value": "A"},
        {"field": "order_count", "operator": "=", "value": 0},
        {"field": "total_spent", "operator": ">", "value": 5},
    ]
)
leaves = small | conditions(tuple(CATALOGUE.fields.values())) | orders_conditions()
negatable = st.tuples(leaves, st.booleans()).map(lambda pair: {**pair[0], "not": pair[1]})
crowded = groups(negatable, depth=3)
"""Trees over few conditions, so that two of them often differ in their structure alone."""
alike = groups(st.tuples(small, st.booleans()).map(lambda pair: {**pair[0], "not": pair[1]}), depth=3)


def _checked(one: Any, other: Any) -> None:
    try:
        first, second = parse_rule(one, CATALOGUE), parse_rule(other, CATALOGUE)
    except RuleError:
        reject()  # an edit may add the fifty-first condition
    if normal_form(first, CATALOGUE) != normal_form(second, CATALOGUE):
        assert sentence(first, CATALOGUE) != sentence(second, CATALOGUE)
        assert node_words(first, CATALOGUE) != node_words(second, CATALOGUE)


@settings(steady, max_examples=400)
@given(alike, alike)
def test_of_few_conditions(one: Any, other: Any) -> None:
    _checked(one, other)


@settings(steady, max_examples=600)
@given(alike | crowded | profile_rules, st.randoms(use_true_random=False))
def test_after_a_small_edit(raw: Any, chance: random.Random) -> None:
    _checked(raw, mutated(raw, chance))
    _checked(raw, mutated(mutated(raw, chance), chance))


@settings(steady, max_examples=600)
@given(leaves, leaves)
def test_of_single_conditions(one: Any, other: Any) -> None:
    _checked(one, other)


def test_every_pair_of_fields_and_operators() -> None:
    said: dict[str, Any] = {}
    for raw in _one_of_each():
        for negated in (False, True):
            rule = parse_rule({**raw, "not": negated}, CATALOGUE)
            form = normal_form(rule, CATALOGUE)
            for text in (sentence(rule, CATALOGUE), f"terms: {node_words(rule, CATALOGUE)}"):
                assert said.setdefault(text, form) == form, text


def _one_of_each() -> list[dict[str, Any]]:
    """Every field with every operator and values that look alike across types and operators."""
    day = {"amount": 1, "unit": "month", "direction": "ago"}
    span = {"amount": 1, "unit": "month"}
    values: dict[str, list[Any]] = {
        "null": [None],
        "notNull": [None],
        **{name: [["1", "2"], ["1"]] for name in ("in", "notIn", "anyOf", "allOf", "noneOf")},
        **{
            name: ["2026-03-01", day, {**day, "direction": "ahead"}, {**day, "amount": 0}]
            for name in ("before", "after", "on")
        },
        **{name: [span, {**span, "amount": 2}] for name in ("inLast", "notInLast", "inNext", "anniversaryInNext")},
        **{
            name: [{"period": which, "unit": "month"} for which in ("this", "last", "next")]
            for name in ("inPeriod", "anniversaryInPeriod")
        },
        "between": [[1, 2], ["1", "2"], ["2026-03-01", "2026-03-02"], [day, {**day, "amount": 0}]],
    }
    found = []
    for field in CATALOGUE.fields.values():
        for operator in operators_of(field):
            for value in values.get(operator, [0, 1, "1", 1.0000001, "paid", True, False]):
                raw = {"field": field.name, "operator": operator, "value": value}
                if _readable(raw):
                    found.append(raw)
    for measure in ("count", "sum", "avg", "max"):
        for operator in ("=", "!=", "<", "<=", ">", ">="):
            found += [
                {"field": "orders", "measure": measure, "operator": operator, "value": value} for value in (0, 1, 2)
            ]
    return found


def _readable(raw: Any) -> bool:
    try:
        parse_rule(raw, CATALOGUE)
    except RuleError:
        return False
    return True


def test_an_attribute_that_is_labelled_like_another_field_is_called_by_its_key() -> None:
    alike = [attribute(key, FieldType.TEXT) for key in ("city", "coupon", "a_b", "a__b", "sign_up_date", "own")]
    catalogue = bare_catalogue(fields=tuple(replace(field, label=field.label.replace("_", " ")) for field in alike))
    said = set()
    for name in ("city", *(field.name for field in alike)):
        rule = parse_rule({"field": name, "operator": "contains", "value": "x"}, catalogue)
        said |= {sentence(rule, catalogue), f"terms: {node_words(rule, catalogue)}"}
    assert len(said) == 2 * 7
    assert "Customers whose city contains “x”" in said
    assert "Customers whose custom field “city” contains “x”" in said
    assert "Customers whose own contains “x”" in said


def test_campaigns_of_one_name_are_told_apart() -> None:
    catalogue = replace(bare_catalogue(), campaigns={"1": "Sale", "2": "Sale", "3": "Other"})
    said = [
        sentence(parse_rule({"field": "campaign", "operator": "opened", "value": key}, catalogue), catalogue)
        for key in ("1", "2", "3")
    ]
    assert said[:2] == [f"Customers who opened the campaign “Sale” ({key})" for key in ("1", "2")]
    assert said[2] == "Customers who opened the campaign “Other”"


def test_fifty_conditions_are_said_in_a_millisecond_or_few() -> None:
    rules = [{"field": "total_spent", "operator": ">", "value": n} for n in range(25)]
    rules += [{"field": "city", "operator": "in", "value": [f"City {n}", "Pune"]} for n in range(25)]
    rule = parse_rule({"combinator": "and", "rules": rules}, CATALOGUE)
    sentence(rule, CATALOGUE)
    took = min(timeit.repeat(lambda: sentence(rule, CATALOGUE), number=1, repeat=20))
    assert took < 0.005, took
