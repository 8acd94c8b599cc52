"""Whatever is put where in a rule: it is read and can be used, or it is refused with a place that exists."""

from __future__ import annotations

import copy
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import RuleError
from app.segments.catalogue import operators_of
from app.segments.compile.filters import rule_filter
from app.segments.explain.evaluate import evaluate
from app.segments.explain.facts import Facts
from app.segments.rule import rule_json
from app.segments.rule.dates import clock_at
from app.segments.rule.nodes import Condition, Group, leaves
from app.segments.rule.parse import parse_rule
from app.segments.sentence import sentence
from tests.segments.crowd import CAMPAIGNS, SEGMENTS, shops
from tests.segments.proving import tries
from tests.segments.strategies import (
    campaign_conditions,
    json_values,
    orders_conditions,
    profile_rules,
    segment_conditions,
)

SHOP = shops()[0]
CATALOGUE = SHOP.catalogue


def _deep_list() -> Any:
    deep: list[Any] = []
    for _ in range(50_000):
        deep = [deep]
    return deep


def _deep_object() -> Any:
    deep: dict[str, Any] = {}
    for _ in range(50_000):
        deep = {"combinator": "and", "rules": [deep]}
    return deep


ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    -0.0,
    float("nan"),
    float("inf"),
    float("-inf"),
    1e308,
    10**14,
    10**400,
    -(10**400),
    Decimal("NaN"),
    Decimal("sNaN"),
    Decimal("Infinity"),
    Decimal("1E+999999"),
    Decimal("1E-999999"),
    "",
    " ",
    "\u200b",
    "\0",
    "\ud800",
    "x\udfff",
    "ß" * 201,
    "1" * 100_000,
    "1_000",
    "１２",
    "1e5",
    "0x10",
    "2026-02-30",
    "2026-13-01",
    "0000-00-00",
    "9999-12-31",
    "2026-03-01T00:00:00Z",
    "２０２６-03-01",
    "$where",
    "$expr",
    "a.b",
    "__proto__",
    "attributes.",
    "attributes.$where",
    "attributes.a.b",
    "any",
    b"bytes",
    (),
    {1, 2},
    object(),
    [],
    [[]],
    [None],
    ["x"] * 101,
    ["a", 1, None, {}],
    {},
    {"$gt": 1},
    {"$where": "sleep(1000)"},
    {1: 2},
    {None: None},
    {"amount": True, "unit": "day"},
    {"amount": 10**30, "unit": "day"},
    {"amount": 0.5, "unit": "day"},
    {"amount": 36_501, "unit": "day"},
    {"amount": 1, "unit": ["day"]},
    {"amount": 1, "unit": "day", "direction": {}},
    {"period": "this", "unit": "day"},
)
PLACE = re.compile(r"rule|(rules\[\d+\]|where|\.)*(\.?[A-Za-z_?][A-Za-z0-9_?]*(\[\d+\])*)*")


def _check(raw: Any) -> None:
    read: Group | RuleError
    try:
        read = parse_rule(raw, CATALOGUE)
    except RuleError as refused:
        read = refused
    if isinstance(read, RuleError):
        _check_refusal(read)
    else:
        _check_use(read)


def _check_refusal(refused: RuleError) -> None:
    assert 1 <= len(refused.errors) <= 10
    for error in refused.errors:
        assert PLACE.fullmatch(error.field), error.field
        assert error.message
        assert error.message.isprintable(), error.message
        assert len(error.field + error.message) < 2_000
    assert refused.detail.encode()


def _check_use(rule: Group) -> None:
    canonical = rule_json(rule)
    assert parse_rule(json.loads(json.dumps(canonical, allow_nan=False)), CATALOGUE) == rule
    assert sentence(rule, CATALOGUE).encode()
    own = Group(rules=tuple(leaf for leaf in leaves(rule) if isinstance(leaf, Condition)))
    rule_filter(own, CATALOGUE.fields, clock_at(SHOP.now, CATALOGUE))
    facts = Facts(segments=dict.fromkeys(SEGMENTS, Group()))
    assert evaluate(rule, {}, CATALOGUE, now=SHOP.now, facts=facts) in (True, False)


def _places(raw: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside, itself included."""
    inside = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    return [at, *(place for key, value in inside for place in _places(value, (*at, key)))]


KEYS = (
    "combinator",
    "not",
    "rules",
    "field",
    "operator",
    "value",
    "measure",
    "where",
    "window",
    "$where",
    "id",
    "unit",
    "",
)

whole_rules = st.one_of(
    profile_rules,
    orders_conditions(),
    campaign_conditions(CAMPAIGNS),
    segment_conditions(SEGMENTS),
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A valid rule with one to three places replaced, taken away, renamed, doubled or wrapped."""
    raw = copy.deepcopy(draw(whole_rules))
    for _ in range(draw(st.integers(1, 3))):
        places = _places(raw) if isinstance(raw, dict | list) else [()]
        place = draw(st.sampled_from(places))
        if not place:
            raw = draw(st.sampled_from([raw, [raw], {"rules": [raw]}, {"combinator": "or", "rules": [raw, raw]}]))
            continue
        around = raw
        for step in place[:-1]:
            around = around[step]
        match draw(st.sampled_from(["odd", "odd", "json", "drop", "rename", "wrap"])):
            case "odd":
                around[place[-1]] = copy.copy(draw(st.sampled_from(ODD)))
            case "json":
                around[place[-1]] = draw(json_values)
            case "drop":
                del around[place[-1]]
            case "rename" if isinstance(around, dict):
                around[draw(st.sampled_from(KEYS))] = around.pop(place[-1])
            case _:
                around[place[-1]] = [around[place[-1]]]
    return raw


@tries(300, thorough=10_000)
@given(damaged())
def test_a_damaged_rule_is_read_or_refused(raw: Any) -> None:
    _check(raw)


@tries(200, thorough=10_000)
@given(json_values)
def test_any_json_is_read_or_refused(raw: Any) -> None:
    _check(raw)


@pytest.mark.parametrize("odd", [*ODD, _deep_list(), _deep_object()], ids=range(len(ODD) + 2))
def test_an_odd_value_at_every_place(odd: Any) -> None:
    whole = {
        "combinator": "and",
        "not": False,
        "rules": [
            *(
                {"field": name, "operator": operator, "value": odd}
                for name, field in CATALOGUE.fields.items()
                for operator in operators_of(field)
            )
        ],
    }
    for leaf in whole["rules"]:
        _check(leaf)
    orders = {
        "field": "orders",
        "measure": "count",
        "operator": ">=",
        "value": 3,
        "not": False,
        "where": {"combinator": "and", "rules": [{"field": "category", "operator": "=", "value": "Shoes"}]},
        "window": {"operator": "inLast", "value": {"amount": 30, "unit": "day"}},
    }
    campaign = {"field": "campaign", "operator": "sent", "value": "any", "window": orders["window"], "not": True}
    segment = {"field": "segment", "operator": "in", "value": SEGMENTS[0]}
    tree = {"combinator": "or", "rules": [orders, campaign, segment]}
    for place in _places(tree):
        damaged_tree = copy.deepcopy(tree)
        if not place:
            _check(odd)
            continue
        around: Any = damaged_tree
        for step in place[:-1]:
            around = around[step]
        around[place[-1]] = odd
        _check(damaged_tree)


@pytest.mark.parametrize("key", ["$where", "$expr", "a.b", "", "\ud800", "x" * 10_000, "constructor", "\u202e"])
def test_a_key_that_does_not_belong_there_is_refused(key: str) -> None:
    leaf = {"field": "city", "operator": "=", "value": "Pune"}
    for raw in ({**leaf, key: 1}, {"combinator": "and", "rules": [leaf], key: 1}):
        _check(raw)
        with pytest.raises(RuleError):
            parse_rule(raw, CATALOGUE)


def test_the_limits_are_exact() -> None:
    leaf = {"field": "city", "operator": "=", "value": "Pune"}
    assert parse_rule({"combinator": "and", "rules": [leaf] * 50}, CATALOGUE).rules
    nested: Any = leaf
    for _ in range(5):
        nested = {"combinator": "and", "rules": [nested]}
    assert parse_rule(nested, CATALOGUE).rules
    assert parse_rule({**leaf, "operator": "in", "value": [f"c{n}" for n in range(100)]}, CATALOGUE).rules
    assert parse_rule({**leaf, "value": "x" * 200}, CATALOGUE).rules
    for raw in (
        {"combinator": "and", "rules": [leaf] * 51},
        {"combinator": "and", "rules": [nested]},
        {**leaf, "operator": "in", "value": [f"c{n}" for n in range(101)]},
        {**leaf, "value": "x" * 201},
    ):
        with pytest.raises(RuleError):
            parse_rule(raw, CATALOGUE)
