"""Why somebody is in or out, with the value found, and what would have to be different."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from bson import Decimal128
from hypothesis import given, settings
from hypothesis import strategies as st

from app.segments.explain import Explanation, Inquiry, explain
from app.segments.explain.evaluate import Evaluator, evaluate
from app.segments.explain.facts import Facts
from app.segments.rule import parse_rule
from app.segments.rule.dates import clock_at
from tests.segments.strategies import CATALOGUE, NOW, customers, profile_rules
from tests.segments.test_rule import NAMED, condition, group
from tests.segments.test_rule_properties import steady

MOMENT = datetime(2027, 5, 15, 12, tzinfo=UTC)
ANN: dict[str, Any] = {
    "city": "Delhi",
    "email": "ann@example.com",
    "total_spent": Decimal128("812.40"),
    "order_count": 2,
    "last_order_at": MOMENT - timedelta(days=42),
    "tags": ["new"],
    "email_opt_in": False,
    "birthday": datetime(1990, 3, 15, tzinfo=UTC),
    "attributes": {"size": 40},
}
SHOES = {"category": "Shoes", "product": "Boot"}
ORDER = {
    "status": "paid",
    "amount": Decimal128("50"),
    "items": [SHOES],
    "placed_at": MOMENT - timedelta(days=42),
}
FACTS = Facts(orders=[ORDER], segments={"s1": parse_rule(group(condition("city", "=", "Pune")), NAMED)})


def negated(raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, "not": True}


def days(amount: int, **more: Any) -> dict[str, Any]:
    return {"amount": amount, "unit": "day", **more}


def told(raw: Any, customer: dict[str, Any] = ANN) -> Explanation:
    return explain(parse_rule(raw, NAMED), customer, NAMED, now=MOMENT, facts=FACTS)


ORDERS = {
    "field": "orders",
    "measure": "count",
    "operator": ">=",
    "value": 3,
    "where": condition("category", "=", "Shoes"),
}


@pytest.mark.parametrize(
    ("raw", "because", "change"),
    [
        (
            condition("total_spent", ">", 1000),
            "total spent $812.40 is not more than $1,000",
            "needs more than $187.60 more total spend",
        ),
        (
            condition("total_spent", ">=", 1000),
            "total spent $812.40 is not at least $1,000",
            "needs $187.60 more total spend",
        ),
        (
            condition("total_spent", "<", 500),
            "total spent $812.40 is not less than $500",
            "total spent would have to be more than $312.40 lower",
        ),
        (
            negated(condition("total_spent", "<", 1000)),
            "total spent $812.40 is less than $1,000",
            "needs $187.60 more total spend",
        ),
        (
            condition("total_spent", "between", [900, 1000]),
            "total spent $812.40 is not between $900 and $1,000",
            "needs $87.60 more total spend",
        ),
        (condition("order_count", ">", 2), "number of orders is 2, not more than 2", "needs 1 more order"),
        (condition("order_count", "=", 5), "number of orders is 2, not 5", "number of orders would have to be 5"),
        (
            condition("attributes.size", ">=", 42.5),
            "size is 40, not at least 42.5",
            "size would have to be 2.5 higher",
        ),
        (condition("city", "=", "Pune"), "city is Delhi, not Pune", "city would have to be Pune"),
        (
            condition("city", "in", ["Pune", "Goa"]),
            "city is Delhi, not Pune or Goa",
            "city would have to be Pune or Goa",
        ),
        (condition("city", "!=", "Delhi"), "city is Delhi", "city would have to not be Delhi"),
        (condition("country", "=", "India"), "country is unknown", "country would have to be India; it is unknown"),
        (
            condition("email", "endsWith", "@x.com"),
            "email ann@example.com does not end with “@x.com”",
            "email would have to end with “@x.com”",
        ),
        (condition("tags", "anyOf", ["vip"]), "tags do not include “vip”", "would have to be tagged “vip”"),
        (
            condition("tags", "allOf", ["vip", "new"]),
            "tags do not include all of “vip” and “new”",
            "would have to be tagged all of “vip” and “new”",
        ),
        (condition("tags", "noneOf", ["new"]), "tags include “new”", "would have to be not tagged “new”"),
        (condition("email_opt_in", "=", True), "does not accept email", "would have to accept email"),
        (
            condition("last_order_at", "inLast", days(30)),
            "last order 42 days ago is not in the last 30 days",
            "last order would have to be in the last 30 days; it was 42 days ago",
        ),
        (
            condition("first_order_at", "inLast", days(30)),
            "there is no order yet",
            "first order would have to be in the last 30 days; there is none yet",
        ),
        (
            condition("birthday", "anniversaryInNext", days(7)),
            "birthday March 15, 1990 does not come in the next 7 days",
            "birthday would have to come in the next 7 days; it was March 15, 1990",
        ),
        (
            condition("birthday", "null"),
            "birthday is known",
            "birthday would have to be unknown",
        ),
        (
            ORDERS,
            "number of orders with an item in Shoes is 1, not at least 3",
            "needs 2 more orders with an item in Shoes",
        ),
        (
            {**ORDERS, "measure": "sum", "value": 80},
            "spending on orders with an item in Shoes $50 is not at least $80",
            "needs $30 more spending on orders with an item in Shoes",
        ),
        (
            condition("campaign", "opened", "c1"),
            "did not open the campaign “Spring”",
            "would have to have opened the campaign “Spring”",
        ),
        (
            condition("segment", "in", "s1"),
            "is not in the segment “Regulars”",
            "would have to be in the segment “Regulars”",
        ),
    ],
)
def test_of_one_condition_it_says(raw: Any, because: str, change: str) -> None:
    found = told(group(raw)).children[0]
    assert (found.truth, found.because, found.change) == (False, because, change)


def test_what_is_fine_has_no_change() -> None:
    found = told(
        group(
            condition("city", "=", "Delhi"),
            group(condition("total_spent", ">", 1000), condition("tags", "anyOf", ["new"]), combinator="or"),
            condition("order_count", ">=", 3),
        )
    )
    city, inner, orders = found.children
    assert (city.change, inner.change, orders.change) == (None, None, "needs 1 more order")
    assert [child.change for child in inner.children] == [None, None]


def test_of_two_ways_in_the_shorter_is_shown() -> None:
    found = told(
        group(
            group(condition("city", "=", "Pune"), condition("order_count", ">", 5)),
            condition("tags", "anyOf", ["vip"]),
            combinator="or",
        )
    )
    both, tag = found.children
    assert [child.change for child in both.children] == [None, None]
    assert tag.change == "would have to be tagged “vip”"


def because(raw: Any) -> str:
    evaluator = Evaluator(ANN, NAMED, clock_at(MOMENT, NAMED), FACTS)
    return Inquiry(parse_rule(raw, NAMED), evaluator).because()


def test_the_shortest_reason() -> None:
    pune, rich, vip = (
        condition("city", "=", "Pune"),
        condition("total_spent", ">", 1000),
        condition("tags", "anyOf", ["vip"]),
    )
    assert because(group(condition("city", "=", "Delhi"), rich)) == "total spent $812.40 is not more than $1,000"
    assert because(group(pune, rich)) == "city is Delhi, not Pune"
    assert because(group(pune, vip, combinator="or")) == "city is Delhi, not Pune and tags do not include “vip”"
    assert because(negated(group(condition("city", "=", "Delhi"), condition("order_count", "=", 2)))) == (
        "city is Delhi and number of orders is 2"
    )
    assert because(group(condition("order_count", ">", 1), condition("city", "!=", "Pune"))) == (
        "2 orders and city is Delhi, not Pune"
    )
    assert because(group(condition("total_spent", "<", 1000), condition("last_order_at", "inLast", days(60)))) == (
        "$812.40 spent and last order 42 days ago"
    )
    assert because(group()) == "the segment is for everybody"
    many = group(*(condition("city", "=", f"C{n}") for n in range(9)), combinator="or")
    assert because(many).endswith(", and 6 more reasons")


@settings(steady, max_examples=150)
@given(profile_rules, customers(), st.sampled_from(["en_US", "de_DE", "hi_IN"]))
def test_any_rule_and_customer_can_be_explained(raw: Any, customer: Any, locale: str) -> None:
    rule = parse_rule(raw, CATALOGUE)
    found = explain(rule, customer, CATALOGUE, now=NOW, locale=locale)
    assert found.truth == evaluate(rule, customer, CATALOGUE, now=NOW)
    changes = _changes(found)
    assert bool(changes) != found.truth
    evaluator = Evaluator(customer, CATALOGUE, clock_at(NOW, CATALOGUE), Facts())
    assert Inquiry(rule, evaluator, locale=locale).because()
    assert not any("None" in text or "Decimal" in text for text in changes)


def _changes(node: Explanation) -> list[str]:
    own = [node.change] if node.change is not None else []
    return own + [change for child in node.children for change in _changes(child)]


def test_money_is_exact() -> None:
    found = told(group(condition("total_spent", ">=", "812.41"))).children[0]
    assert (found.found, found.change) == (str(Decimal("812.40")), "needs $0.01 more total spend")
