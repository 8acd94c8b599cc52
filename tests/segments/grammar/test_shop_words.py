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


@pytest.mark.parametrize(
    ("stored", "prompt", "value"),
    [
        ("DE", "customers in Germany", "DE"),
        ("DE", "German customers", "DE"),
        ("Germany", "country is DE", "Germany"),
        ("IN", "customers in India", "IN"),
        ("IN", "customers in IN", "IN"),
        ("USA", "customers from the United States", "USA"),
        ("United States", "customers in the USA", "United States"),
        ("GB", "customers in the UK", "GB"),
        ("AE", "customers in the UAE", "AE"),
    ],
)
def test_a_country_under_any_of_its_names(stored: str, prompt: str, value: str) -> None:
    shop = replace(BARE, fields={**BARE.fields, "country": replace(BARE.fields["country"], values=(stored, "FR"))})
    answer = parse_words(prompt, shop, today=TODAY)
    assert answer.rule is not None, answer
    assert answer.rule["rules"] == [{"field": "country", "operator": "=", "value": value}]


def test_a_country_stored_in_two_ways_is_meant_in_both() -> None:
    shop = replace(BARE, fields={**BARE.fields, "country": replace(BARE.fields["country"], values=("IN", "India"))})
    answer = parse_words("customers in India", shop, today=TODAY)
    assert answer.rule is not None, answer
    (rule,) = answer.rule["rules"]
    assert (rule["operator"], sorted(rule["value"])) == ("in", ["IN", "India"])


@pytest.mark.parametrize("prompt", ["it", "no", "customers in me", "US"])
def test_small_words_are_no_country_codes(prompt: str) -> None:
    codes = replace(BARE.fields["country"], values=("IT", "NO", "ME"))
    assert parse_words(prompt, replace(BARE, fields={**BARE.fields, "country": codes}), today=TODAY).rule is None


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("customers likely to churn", "what happened"),
        ("customers in rainy weather", "does not know"),
        ("top 100 spenders", "rank"),
        ("bought more than 5 items", "items"),
        ("last order was above 5k", "first and the last order"),
        ("delete all customers", "do something"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(prompt: str, words: str) -> None:
    answer = parse_words(prompt, SHOP, today=TODAY)
    assert answer.outcome == "refuse"
    assert words in (answer.note or "")


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("our good customers", "total spent, number of orders, or recency"),
        ("customers over 50", "about age"),
        ("ordered in the last fiscal year", "calendar years"),
        ("ordered before Diwali", "Which dates"),
        ("customers in Germany", "No customer of this shop"),
        ("haven't ordered this year", "ordered before but not this year"),
    ],
)
def test_questions_help(prompt: str, words: str) -> None:
    answer = parse_words(prompt, SHOP, today=TODAY)
    assert answer.outcome == "clarify"
    assert words in (answer.question or ""), answer


@pytest.mark.parametrize("prompt", ["gold", "gold customers", "women who are silver", "not gold"])
def test_a_word_that_a_tag_and_a_field_share_is_asked_about(prompt: str) -> None:
    tagged = replace(SHOP, fields={**SHOP.fields, "tags": replace(SHOP.fields["tags"], values=("gold", "silver"))})
    answer = parse_words(prompt, tagged, today=TODAY)
    assert answer.outcome == "clarify"
    assert "tags or plan" in (answer.question or "")
    assert parse_words("tagged gold", tagged, today=TODAY).outcome == "ok"
    assert parse_words("plan gold", tagged, today=TODAY).outcome == "ok"


COINCIDING = replace(
    SHOP,
    fields={
        **SHOP.fields,
        "tags": replace(SHOP.fields["tags"], values=("coffee", "april", "big spender")),
        "city": replace(SHOP.fields["city"], values=("Mobile", "Nice", "Boston")),
    },
    order_fields={
        **SHOP.order_fields,
        "category": replace(SHOP.order_fields["category"], values=("Coffee", "Tea", "Mobile")),
    },
    segments={"b" * 24: "Big spenders"},
)


@pytest.mark.parametrize(
    "prompt",
    [
        "coffee",
        "coffee customers",
        "coffee but not tea buyers",
        "mobile",
        "mobile customers",
        "nice customers",
        "april women",
        "big spenders",
    ],
)
def test_a_word_that_names_two_things_is_asked_about(prompt: str) -> None:
    answer = parse_words(prompt, COINCIDING, today=TODAY)
    assert answer.outcome == "clarify", answer
    assert answer.rule is None


@pytest.mark.parametrize(
    ("prompt", "field", "value"),
    [
        ("tagged coffee", "tags", ["coffee"]),
        ("tagged april", "tags", ["april"]),
        ("tagged big spender", "tags", ["big spender"]),
        ("in the segment Big spenders", "segment", "b" * 24),
        ("in Mobile", "city", "Mobile"),
        ("Nice customers", "city", "Nice"),
        ("Boston customers", "city", "Boston"),
    ],
)
def test_the_same_words_said_in_full(prompt: str, field: str, value: Any) -> None:
    answer = parse_words(prompt, COINCIDING, today=TODAY)
    assert answer.rule is not None, answer
    (rule,) = answer.rule["rules"]
    assert (rule["field"], rule["value"]) == (field, value)


@pytest.mark.parametrize(
    "prompt", ["coffee buyers", "coffee orders", "mobile shoppers", "bought coffee", "tea customers"]
)
def test_goods_before_those_who_buy_them(prompt: str) -> None:
    answer = parse_words(prompt, COINCIDING, today=TODAY)
    assert answer.rule is not None, answer
    (rule,) = answer.rule["rules"]
    assert rule["field"] == "orders"
    assert [test["field"] for test in rule["where"]["rules"]] == ["category"]


def test_without_a_number_is_zero_or_unknown() -> None:
    answer = parse_words("no shoe size", SHOP, today=TODAY)
    assert answer.outcome == "clarify"
    assert "“shoe size is 0” or “shoe size is not set”" in (answer.question or "")
    assert parse_words("without a renewal date", SHOP, today=TODAY).rule == {
        "combinator": "and",
        "rules": [{"field": "attributes.renewal", "operator": "null", "value": None}],
    }


@pytest.mark.parametrize("prompt", ["Boston, France and Germany", "in Boston and France", "Boston, France, Germany"])
def test_places_of_different_kinds_are_no_address(prompt: str) -> None:
    places = replace(
        SHOP,
        fields={
            **SHOP.fields,
            "city": replace(SHOP.fields["city"], values=("Boston", "Paris")),
            "country": replace(SHOP.fields["country"], values=("France", "Germany")),
        },
    )
    answer = parse_words(prompt, places, today=TODAY)
    assert answer.outcome == "clarify"
    assert "any of them" in (answer.question or "")
    assert parse_words("Paris, France", places, today=TODAY).outcome == "ok"


def test_shop_words_of_a_letter_or_two_stay_what_they_are() -> None:
    named = replace(SHOP, fields={**SHOP.fields, "city": replace(SHOP.fields["city"], values=("N", "Teh"))})
    answer = parse_words("in Teh", named, today=TODAY)
    assert answer.rule == {"combinator": "and", "rules": [{"field": "city", "operator": "=", "value": "Teh"}]}
