"""What holds for every rule: what MongoDB selects is what the evaluator says; JSON and back is the same rule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient
from pymongo.collection import Collection

from app.segments.compile.filters import rule_filter
from app.segments.explain.evaluate import evaluate
from app.segments.rule import parse_rule, rule_json
from app.segments.rule.dates import clock_at
from app.segments.sentence import sentence
from app.settings import Settings
from tests.segments.strategies import CATALOGUE, NOW, customers, orders_conditions, profile_rules

steady = settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture
def people(server_settings: Settings) -> Iterator[Collection[dict[str, Any]]]:
    """An empty collection of raw customers, with a client that needs no event loop."""
    with MongoClient[dict[str, Any]](server_settings.mongodb_url, tz_aware=True) as client:
        collection = client["rules"]["people"]
        collection.drop()
        yield collection
        client.drop_database("rules")


@settings(steady, max_examples=60)
@given(st.lists(customers(), min_size=1, max_size=8), st.lists(profile_rules, min_size=4, max_size=8))
def test_mongodb_selects_what_the_evaluator_says(people: Collection[dict[str, Any]], crowd: Any, raws: Any) -> None:
    people.delete_many({})
    people.insert_many(crowd)
    stored = list(people.find())
    for raw in raws:
        rule = parse_rule(raw, CATALOGUE)
        wanted = rule_filter(rule, CATALOGUE.fields, clock_at(NOW, CATALOGUE))
        selected = {row["_id"] for row in people.find(wanted, {"_id": 1})}
        expected = {row["_id"] for row in stored if evaluate(rule, row, CATALOGUE, now=NOW)}
        assert selected == expected, (rule, wanted)


@settings(steady, max_examples=150)
@given(profile_rules)
def test_json_and_back_is_the_same_rule(raw: Any) -> None:
    rule = parse_rule(raw, CATALOGUE)
    assert parse_rule(rule_json(rule), CATALOGUE) == rule
    assert parse_rule(json.loads(json.dumps(rule_json(rule))), CATALOGUE) == rule


@settings(steady, max_examples=100)
@given(orders_conditions())
def test_json_and_back_keeps_orders(raw: Any) -> None:
    rule = parse_rule(raw, CATALOGUE)
    assert parse_rule(json.loads(json.dumps(rule_json(rule))), CATALOGUE) == rule


@settings(steady, max_examples=150)
@given(profile_rules | orders_conditions())
def test_every_rule_has_a_sentence(raw: Any) -> None:
    text = sentence(parse_rule(raw, CATALOGUE), CATALOGUE)
    assert text.startswith(("Customers ", "All customers"))
    assert "None" not in text.replace("None of", "")


def test_amounts_are_exact() -> None:
    rule = parse_rule({"field": "total_spent", "operator": "=", "value": 0.1}, CATALOGUE)
    assert rule.rules[0].value == Decimal("0.1")  # type: ignore[union-attr]
