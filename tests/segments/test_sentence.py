"""Rules read aloud."""

from __future__ import annotations

from typing import Any

import pytest

from app.segments.catalogue import Catalogue, bare_catalogue
from app.segments.rule import parse_rule
from app.segments.sentence import sentence
from tests.segments.test_rule import NAMED, condition, group


def days(amount: int, unit: str = "day") -> dict[str, Any]:
    return {"amount": amount, "unit": unit}


def negated(raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, "not": True}


VIP = condition("tags", "anyOf", ["vip"])
PUNE = condition("city", "=", "Pune")
RICH = condition("total_spent", ">", 10000)
ORDERS = {"field": "orders", "measure": "count", "operator": ">=", "value": 3}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (group(), "All customers"),
        (
            group(RICH, condition("last_order_at", "notInLast", days(90)), condition("city", "in", ["Mumbai", "Pune"])),
            "Customers who spent more than $10,000 in total, have not ordered in the last 90 days, "
            "and live in Mumbai or Pune",
        ),
        (group(RICH, PUNE), "Customers who spent more than $10,000 in total and live in Pune"),
        (group(RICH, group(PUNE)), "Customers who spent more than $10,000 in total and live in Pune"),
        (
            group(RICH, group(PUNE, VIP, combinator="or")),
            "Customers who spent more than $10,000 in total and (live in Pune or are tagged “vip”)",
        ),
        (
            group(group(PUNE, VIP), RICH, combinator="or"),
            "Customers who (live in Pune and are tagged “vip”) or spent more than $10,000 in total",
        ),
        (
            group(group(condition("gender", "=", "female"), PUNE, combinator="or"), VIP),
            "Customers (whose gender is female or who live in Pune) and who are tagged “vip”",
        ),
        (
            group(PUNE, condition("gender", "=", "female"), VIP),
            "Customers who live in Pune, whose gender is female, and who are tagged “vip”",
        ),
        (
            negated(group(PUNE, VIP, combinator="or")),
            "Customers who are not among those who live in Pune or are tagged “vip”",
        ),
        (
            group(RICH, negated(group(PUNE, VIP))),
            "Customers who spent more than $10,000 in total "
            "and are not among those (who live in Pune and are tagged “vip”)",
        ),
        (negated(group(PUNE)), "Customers who do not live in Pune (or whose city is unknown)"),
        (condition("city", "!=", "Pune"), "Customers who do not live in Pune (or whose city is unknown)"),
        (condition("region", "=", "Goa"), "Customers who live in the region Goa"),
        (condition("city", "null"), "Customers whose city is unknown"),
        (condition("email", "endsWith", "@x.com"), "Customers whose email ends with “@x.com”"),
        (condition("email", "doesNotContain", "x"), "Customers whose email does not contain “x” (or is unknown)"),
        (condition("tags", "noneOf", ["a", "b"]), "Customers who are not tagged “a” or “b”"),
        (condition("tags", "allOf", ["a", "b"]), "Customers who are tagged “a” and “b”"),
        (condition("email_opt_in", "=", False), "Customers who do not accept email"),
        (condition("sms_opt_in", "=", True), "Customers who accept text messages"),
        (condition("order_count", "=", 0), "Customers who have never ordered"),
        (condition("order_count", ">=", 1), "Customers who have ordered at least once"),
        (condition("order_count", "=", 1), "Customers who placed exactly 1 order"),
        (condition("average_order_value", "<=", 99.5), "Customers who spend at most $99.50 per order on average"),
        (condition("age", ">=", 18), "Customers who are at least 18 years old"),
        (condition("age", "between", [25, 34]), "Customers who are between 25 and 34 years old"),
        (condition("attributes.size", "=", 42.5), "Customers whose size is 42.5"),
        (condition("attributes.vip", "=", True), "Customers whose vip is yes"),
        (condition("last_order_at", "inLast", days(1, "month")), "Customers who ordered in the last month"),
        (
            negated(condition("last_order_at", "inLast", days(30))),
            "Customers who have not ordered in the last 30 days (or never ordered)",
        ),
        (condition("last_order_at", "null"), "Customers who have never ordered"),
        (
            condition("signed_up_at", "before", {**days(1, "year"), "direction": "ago"}),
            "Customers who signed up more than 1 year ago",
        ),
        (condition("signed_up_at", "after", "2026-03-01"), "Customers who signed up after March 1, 2026"),
        (
            condition("first_order_at", "inPeriod", {"period": "last", "unit": "quarter"}),
            "Customers who placed their first order last quarter",
        ),
        (condition("birthday", "anniversaryInNext", days(7)), "Customers who have their birthday in the next 7 days"),
        (
            {
                **ORDERS,
                "where": condition("category", "=", "Shoes"),
                "window": {"operator": "inLast", "value": days(30)},
            },
            "Customers who placed at least 3 orders with an item in Shoes in the last 30 days",
        ),
        (
            {**ORDERS, "operator": "=", "value": 0, "window": {"operator": "inLast", "value": days(30)}},
            "Customers who placed no orders in the last 30 days",
        ),
        ({**ORDERS, "measure": "sum", "value": 50}, "Customers who spent at least $50 on orders"),
        (
            negated({**ORDERS, "measure": "max", "value": 50}),
            "Customers who did not spend at least $50 on their largest order (or placed no such order)",
        ),
        (condition("campaign", "opened", "any", **{"not": True}), "Customers who did not open any campaign"),
        (condition("campaign", "sent", "c1"), "Customers who were sent the campaign “Spring”"),
        (condition("segment", "notIn", "s1"), "Customers who are not in the segment “Regulars”"),
    ],
)
def test_it_says(raw: Any, said: str) -> None:
    assert sentence(parse_rule(raw, NAMED), NAMED) == said


@pytest.mark.parametrize(
    ("currency", "locale", "said"),
    [
        ("INR", "en_IN", "₹1,00,000"),
        ("EUR", "de_DE", "100.000\xa0€"),
        ("JPY", "en_US", "¥100,000"),
        ("USD", "xx_unknown", "$100,000"),
    ],
)
def test_money_follows_currency_and_locale(currency: str, locale: str, said: str) -> None:
    catalogue: Catalogue = bare_catalogue(currency=currency)
    rule = parse_rule(condition("total_spent", ">", 100_000), catalogue)
    assert sentence(rule, catalogue, locale=locale) == f"Customers who spent more than {said} in total"
