"""What `parse_rule` accepts, and how exactly it refuses the rest."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.errors import RuleError
from app.segments.catalogue import OPERATORS, FieldType, operators_of
from app.segments.rule import (
    CampaignCondition,
    Condition,
    Group,
    OrdersCondition,
    Period,
    RelativeDay,
    SegmentCondition,
    Span,
    Window,
    parse_rule,
    rule_json,
)
from tests.segments.strategies import CATALOGUE

NAMED = type(CATALOGUE)(**{**vars(CATALOGUE), "campaigns": {"c1": "Spring"}, "segments": {"s1": "Regulars"}})
NINETY = {"amount": 90, "unit": "day"}


def condition(field: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value, **more}


def group(*rules: Any, combinator: str = "and", **more: Any) -> dict[str, Any]:
    return {"combinator": combinator, "rules": list(rules), **more}


def refused(raw: Any) -> dict[str, str]:
    with pytest.raises(RuleError) as caught:
        parse_rule(raw, NAMED)
    return {error.field: error.message for error in caught.value.errors}


def the(raw: Any) -> Any:
    """The one condition of a rule."""
    return parse_rule(raw, NAMED).rules[0]


def test_the_example_of_every_kind_of_node() -> None:
    raw = group(
        condition("total_spent", ">", 10000),
        condition("last_order_at", "notInLast", NINETY),
        group(condition("city", "in", ["Mumbai", "Pune"]), condition("tags", "anyOf", ["vip"]), combinator="or"),
        {
            "field": "orders",
            "measure": "count",
            "operator": ">=",
            "value": 3,
            "where": group(condition("category", "=", "Shoes")),
            "window": {"operator": "inLast", "value": {"amount": 30, "unit": "day"}},
        },
        condition("campaign", "opened", "any", **{"not": True}),
        condition("segment", "in", "s1"),
    )
    rule = parse_rule(raw, NAMED)
    assert rule == Group(
        rules=(
            Condition(field="total_spent", operator=">", value=Decimal(10000)),
            Condition(field="last_order_at", operator="notInLast", value=Span(amount=90, unit="day")),
            Group(
                combinator="or",
                rules=(
                    Condition(field="city", operator="in", value=("Mumbai", "Pune")),
                    Condition(field="tags", operator="anyOf", value=("vip",)),
                ),
            ),
            OrdersCondition(
                measure="count",
                operator=">=",
                value=3,
                where=Group(rules=(Condition(field="category", operator="=", value="Shoes"),)),
                window=Window(operator="inLast", value=Span(amount=30, unit="day")),
            ),
            CampaignCondition(operator="opened", value="any", negated=True),
            SegmentCondition(operator="in", value="s1"),
        )
    )
    assert rule_json(rule) == raw


def test_it_accepts_a_bare_condition_and_an_empty_rule() -> None:
    assert parse_rule(condition("city", "=", " Pune "), NAMED) == Group(
        rules=(Condition(field="city", operator="=", value="Pune"),)
    )
    assert parse_rule(group(), NAMED) == Group()


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (condition("total_spent", "=", 99.95), Decimal("99.95")),
        (condition("total_spent", "=", "99.9500"), Decimal("99.95")),
        (condition("total_spent", "between", [1, "2.5"]), (Decimal(1), Decimal("2.5"))),
        (condition("order_count", "=", 3.0), 3),
        (condition("attributes.size", "<", 42.5), 42.5),
        (condition("email_opt_in", "=", False), False),
        (condition("city", "in", ["Pune", "PUNE", "Delhi"]), ("Pune", "Delhi")),
        (condition("city", "null"), None),
        (condition("birthday", "on", "2000-02-29"), date(2000, 2, 29)),
        (condition("last_order_at", "before", {**NINETY, "direction": "ago"}), RelativeDay(amount=90, unit="day")),
        (
            condition("last_order_at", "inPeriod", {"period": "last", "unit": "week"}),
            Period(period="last", unit="week"),
        ),
    ],
)
def test_it_reads_values_by_type(raw: Any, value: Any) -> None:
    read = the(raw).value
    assert read == value
    assert type(read) is type(value)


def test_every_operator_of_every_field_has_a_value_it_reads() -> None:
    examples = {
        **dict.fromkeys(("=", "!=", "contains", "doesNotContain", "beginsWith", "endsWith"), "x"),
        **{name: ["x"] for name in ("in", "notIn", "anyOf", "allOf", "noneOf")},
        **dict.fromkeys(("inLast", "notInLast", "inNext", "anniversaryInNext"), NINETY),
        **{name: {"period": "this", "unit": "month"} for name in ("inPeriod", "anniversaryInPeriod")},
        **dict.fromkeys(("before", "after", "on"), "2026-03-01"),
        **dict.fromkeys(("null", "notNull")),
    }
    for field in CATALOGUE.fields.values():
        for operator in operators_of(field):
            value = examples.get(operator)
            if field.type in (FieldType.NUMBER, FieldType.MONEY) and operator not in ("null", "notNull"):
                value = [1, 2] if operator == "between" else 1
            elif field.type is FieldType.DATE and operator == "between":
                value = ["2026-01-01", "2026-02-01"]
            elif field.type is FieldType.BOOLEAN:
                value = True
            read = the(condition(field.name, operator, value))
            assert (read.field, read.operator) == (field.name, operator)
    assert set(OPERATORS) == set(FieldType)


@pytest.mark.parametrize(
    ("raw", "path", "says"),
    [
        (condition("totl_spent", ">", 1), "field", 'did you mean "total_spent"'),
        (condition("zip", "=", "1"), "field", 'did you mean "postal_code"'),
        (condition("attributes.siez", "=", 1), "field", 'did you mean "attributes.size"'),
        (condition("attributes.zzz", "=", 1), "field", "no customer has this custom attribute"),
        (condition("$where", "=", 1), "field", "is not a field"),
        (condition(["city"], "=", "x"), "field", "is not a field"),
        (condition("city", "eq", "x"), "operator", 'did you mean "="'),
        (condition("city", "begnsWith", "x"), "operator", 'did you mean "beginsWith"'),
        (condition("city", "$regex", "x"), "operator", "does not apply to City (text)"),
        (condition("last_order_at", ">", "2026-01-01"), "operator", 'did you mean "after"'),
        (condition("tags", "in", ["vip"]), "operator", 'did you mean "anyOf"'),
        (condition("signed_up_at", "anniversaryInNext", NINETY), "operator", "does not apply"),
        ({"field": "city", "value": "x"}, "operator", "is missing"),
        ({"field": "city", "operator": "="}, "value", "is missing"),
        (condition("city", "=", {"$ne": None}), "value", "should be text"),
        (condition("city", "=", True), "value", "should be text"),
        (condition("city", "=", ""), "value", "is empty"),
        (condition("city", "=", "x\0"), "value", "NUL"),
        (condition("city", "=", "\ud800"), "value", "surrogate"),
        (condition("city", "=", "x" * 201), "value", "at most 200"),
        (condition("city", "in", "Pune"), "value", "should be a list"),
        (condition("city", "in", []), "value", "empty list"),
        (condition("city", "in", ["x"] * 101), "value", "at most 100"),
        (condition("city", "in", ["x", 3]), "value[1]", "should be text"),
        (condition("city", "null", "x"), "value", "should be left out"),
        (condition("order_count", "=", "3"), "value", "should be a number"),
        (condition("order_count", "=", True), "value", "should be a number"),
        (condition("order_count", "=", float("nan")), "value", "finite"),
        (condition("order_count", "=", float("inf")), "value", "finite"),
        (condition("order_count", "=", 10**400), "value", "too large"),
        (condition("total_spent", "=", "$5"), "value", "without currency"),
        (condition("total_spent", "=", 0.00001), "value", "four decimal places"),
        (condition("total_spent", "=", [1]), "value", "should be a number"),
        (condition("total_spent", "between", [5, 1]), "value", "runs backwards"),
        (condition("total_spent", "between", [5]), "value", "two values"),
        (condition("age", ">", 200), "value", "from 0 to 150"),
        (condition("email_opt_in", "=", "yes"), "value", "true or false"),
        (condition("email_opt_in", "=", 1), "value", "true or false"),
        (condition("birthday", "on", "2001-02-29"), "value", "not a day of the calendar"),
        (condition("birthday", "on", "29/02/2000"), "value", "should be a day"),
        (condition("birthday", "on", "2000-02-29T00:00:00Z"), "value", "without a time"),
        (condition("birthday", "on", "0001-01-01"), "value", "from 1800"),
        (condition("birthday", "between", ["2001-01-01", "2000-01-01"]), "value", "runs backwards"),
        (condition("last_order_at", "inLast", {"amount": 3, "unit": "days"}), "value.unit", 'did you mean "day"'),
        (condition("last_order_at", "inLast", {"amount": 0, "unit": "day"}), "value.amount", "1 or more"),
        (condition("last_order_at", "inLast", {"amount": 1.5, "unit": "day"}), "value.amount", "whole number"),
        (condition("last_order_at", "inLast", {"amount": 10**9, "unit": "day"}), "value.amount", "at most 36500"),
        (condition("last_order_at", "inLast", 90), "value", "stretch of time"),
        (condition("last_order_at", "inLast", {"amount": 1}), "value.unit", "is missing"),
        (condition("last_order_at", "before", NINETY), "value.direction", "is missing"),
        (condition("last_order_at", "inPeriod", {"period": "thsi", "unit": "week"}), "value.period", '"this"'),
        (condition("city", "=", "x", colour=1), "colour", "is not a key here"),
        (condition("city", "=", "x", **{"not": 1}), "not", "true or false"),
        (condition("campaign", "opend", "any"), "operator", 'did you mean "opened"'),
        (condition("campaign", "opened", "c2"), "value", "not a campaign"),
        (condition("segment", "in", "s2"), "value", "not a segment"),
        (group(combinator="xor"), "combinator", "is not a combinator"),
        (group(condition("city", "null"), combinator="AND"), "combinator", 'did you mean "and"'),
        ({"rules": []}, "combinator", "is missing"),
        ({"combinator": "and"}, "rules", "is missing"),
        ({"combinator": "and", "rules": {}}, "rules", "should be a list"),
        (group(group()), "rules[0].rules", "has no conditions"),
        (group(**{"not": True}), "rules", "cannot be negated"),
        (group("and"), "rules[0]", "should be a group or a condition"),
        (None, "rule", "should be a group or a condition"),
        ({}, "rule", "should be a group with combinator"),
    ],
)
def test_it_refuses(raw: Any, path: str, says: str) -> None:
    errors = refused(raw)
    assert path in errors
    assert says in errors[path]


@pytest.mark.parametrize(
    ("change", "path", "says"),
    [
        ({"measure": "total"}, "measure", "is not a measure"),
        ({"operator": "contains"}, "operator", "is not an operator for orders"),
        ({"value": 2.5}, "value", "whole number"),
        ({"value": -1}, "value", "0 or more"),
        ({"where": group(condition("categry", "=", "x"))}, "where.rules[0].field", 'did you mean "category"'),
        ({"where": condition("status", "=", "payd")}, "where.value", 'did you mean "paid"'),
        ({"where": condition("city", "=", "x")}, "where.field", "is not a field"),
        ({"where": condition("orders", "=", 1)}, "where.field", "is not a field"),
        ({"window": {"operator": "inLst", "value": NINETY}}, "window.operator", 'did you mean "inLast"'),
        ({"window": 3}, "window", "should be an object"),
    ],
)
def test_it_refuses_in_orders(change: dict[str, Any], path: str, says: str) -> None:
    errors = refused({"field": "orders", "measure": "count", "operator": ">", "value": 1, **change})
    assert says in errors[path]


def test_paths_lead_into_the_tree_and_all_errors_are_told() -> None:
    raw = group(
        condition("city", "=", "x"),
        group(condition("cty", "=", "x"), condition("age", ">", "x"), combinator="or"),
    )
    with pytest.raises(RuleError) as caught:
        parse_rule(raw, NAMED)
    assert [error.field for error in caught.value.errors] == ["rules[1].rules[0].field", "rules[1].rules[1].value"]
    assert caught.value.detail == 'rules[1].rules[0].field: "cty" is not a field; did you mean "city"?'


def test_it_stops_at_ten_errors() -> None:
    assert len(refused(group(*[condition(f"f{n}", "=", 1) for n in range(40)]))) == 10


def test_fifty_conditions_and_no_more() -> None:
    assert len(parse_rule(group(*[condition("city", "null")] * 50), NAMED).rules) == 50
    assert "at most 50" in refused(group(*[condition("city", "null")] * 51))["rules[50]"]


def test_five_levels_and_no_more() -> None:
    raw: Any = condition("city", "null")
    for _ in range(5):
        raw = group(raw)
    parse_rule(raw, NAMED)
    assert "too deep" in refused(group(raw))["rules[0].rules[0].rules[0].rules[0].rules[0]"]


def test_a_rule_of_ten_thousand_levels_is_refused_without_recursing() -> None:
    raw: Any = condition("city", "null")
    for _ in range(10_000):
        raw = group(raw)
    assert list(refused(raw).values()) == ["is nested too deep; at most 5 levels are possible"]
