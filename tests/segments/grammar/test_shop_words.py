"""A shop's own fields, values and currency."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.segments.catalogue import Field, FieldType, bare_catalogue
from app.segments.grammar import parse_words
from tests.ai.cases import TODAY


def own(name: str, label: str, kind: FieldType, *values: str) -> Field:
    return Field(name=f"attributes.{name}", label=label, type=kind, path=name, values=values, group="Custom")


BARE = bare_catalogue(
    currency="USD",
    fields=(
        own("shoe_size", "Shoe size", FieldType.NUMBER),
        own("plan", "Plan", FieldType.TEXT, "gold", "silver"),
        own("renewal", "Renewal date", FieldType.DATE),
        own("wholesaler", "Wholesaler", FieldType.BOOLEAN),
    ),
)
SHOP = replace(
    BARE,
    fields={**BARE.fields, "gender": replace(BARE.fields["gender"], values=("F", "M"))},
    campaigns={"a" * 24: "New Year – 20% off"},
)


@pytest.mark.parametrize(
    ("prompt", "field", "operator", "value"),
    [
        ("shoe size over 8", "attributes.shoe_size", ">", 8),
        ("customers with a shoe size between 8 and 9.5", "attributes.shoe_size", "between", [8, 9.5]),
        ("shoe_size >= 8", "attributes.shoe_size", ">=", 8),
        ("customers whose plan is gold or silver", "attributes.plan", "in", ["gold", "silver"]),
        ("plan is not gold", "attributes.plan", "!=", "gold"),
        ("plan is not set", "attributes.plan", "null", None),
        ("renewal date in the next 30 days", "attributes.renewal", "inNext", {"amount": 30, "unit": "day"}),
        ("renewal date before 2026-12-31", "attributes.renewal", "before", "2026-12-31"),
        ("wholesaler is true", "attributes.wholesaler", "=", True),
        ("women", "gender", "=", "F"),
        ("spent over $1,000", "total_spent", ">", 1000),
        ("spent over 1,000 dollars", "total_spent", ">", 1000),
        ("spent over USD 1.5k", "total_spent", ">", 1500),
        ("opened New Year - 20% off", "campaign", "opened", "a" * 24),
        ("city is Springfield", "city", "=", "Springfield"),
        ('city is "New York"', "city", "=", "New York"),
    ],
)
def test_understood(prompt: str, field: str, operator: str, value: Any) -> None:
    answer = parse_words(prompt, SHOP, today=TODAY)
    assert answer.rule is not None, answer
    (rule,) = answer.rule["rules"]
    assert (rule["field"], rule["operator"], rule["value"]) == (field, operator, value)


@pytest.mark.parametrize("prompt", ["plan is bronze", "spent over ₹500", "city is New York", "size over 8", "golden"])
def test_declined(prompt: str) -> None:
    answer = parse_words(prompt, SHOP, today=TODAY)
    assert answer.rule is None
    assert answer.question


def test_unknown_words_are_named() -> None:
    answer = parse_words("show me women who like jazz and own a zeppelin", SHOP, today=TODAY)
    assert answer.unsupported == ("like jazz", "own", "zeppelin")
    assert "zeppelin" in (answer.question or "")


def test_the_other_choice_is_a_whole_rule() -> None:
    answer = parse_words("women who have not bought for 90 days", SHOP, today=TODAY)
    (choice,) = [item for item in answer.assumptions if item.code == "never_bought_excluded"]
    assert choice.alternative is not None
    assert choice.alternative["rules"][0] == {"field": "gender", "operator": "=", "value": "F"}
    assert {"field": "order_count", "operator": "=", "value": 0} in choice.alternative["rules"][1]["rules"]


def test_brackets_are_offered_where_and_meets_or() -> None:
    answer = parse_words("women or spent over $1k and joined this year", SHOP, today=TODAY)
    (choice,) = [item for item in answer.assumptions if item.code == "and_binds_tighter"]
    assert answer.rule is not None
    assert answer.rule["combinator"] == "or"
    assert choice.alternative is not None
    assert choice.alternative["combinator"] == "and"
