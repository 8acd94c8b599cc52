"""Rules of every kind over one stored crowd: MongoDB selects whom the evaluator selects, with known operators only."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import assume, given
from hypothesis import strategies as st
from pymongo.asynchronous.collection import AsyncCollection

from app.database import collection
from app.errors import RuleError
from app.segments.compile import beyond, compile_rule, resolved
from app.segments.explain.evaluate import evaluate
from app.segments.explain.facts import Facts
from app.segments.preview.counting import Counter
from app.segments.rule.dates import clock_at
from app.segments.rule.nodes import Group
from app.segments.rule.parse import parse_rule
from models.values import fold
from tests.segments.crowd import CAMPAIGNS, SEGMENTS, STORED_SEGMENTS, Shop, crowd, shops
from tests.segments.proving import THOROUGH, tries
from tests.segments.strategies import campaign_conditions, conditions, groups, orders_conditions, segment_conditions

SEEDS = (20270225, 7, 1969, 4, 38) if THOROUGH else (20270225,)
WAYS = ((beyond.FEW, resolved.MOST_IDS), (0, resolved.MOST_IDS), (0, 20), (beyond.FEW, 20))
"""What decides which way is taken: few customers looked up by their ids, and how many ids fit into one filter."""

SIZE = 250

IN_FILTERS = frozenset(
    ["$and", "$or", "$nor", "$not", "$in", "$nin", "$all", "$ne", "$gt", "$gte", "$lt", "$lte", "$regex"]
)
IN_STAGES = frozenset(["$match", "$group", "$project", "$sort", "$limit", "$sum", "$avg", "$max", "$firstN", "$count"])
REFERENCES = frozenset(
    ["$_id", "$customer_id", "$amount", *(f"${known.path}" for known in shops()[0].catalogue.fields.values())]
)
OWN_WORDS = REFERENCES | {"_id", "measure", "count", "some", "input", "n"}
"""What pipelines say themselves, so that a rule with the same text proves nothing."""

PATH = re.compile(r"_id|measure|(folded\.)?(attributes\.)?[a-z][a-z0-9_]{0,63}")
PATTERN = re.compile(r"(?s)\^?(?P<text>.*?)(\\z)?")


class Stored:
    """The crowd as it came back from MongoDB, what is known about each customer, and the pipelines that were run."""

    def __init__(self, customers: list[Mapping[str, Any]], facts: Mapping[ObjectId, Facts]) -> None:
        self.customers = customers
        self.facts = facts
        self.pipelines: list[Any] = []


def rules_for(shop: Shop) -> st.SearchStrategy[Any]:
    """Rules with every kind of condition, whose days are those at which this shop's calendar turns."""
    catalogue, near = shop.catalogue, st.sampled_from(shop.days)
    wheres = groups(conditions(tuple(catalogue.order_fields.values()), near), depth=2)
    profile = conditions(tuple(catalogue.fields.values()), near)
    others = (orders_conditions(wheres, near), campaign_conditions(CAMPAIGNS, near), segment_conditions(SEGMENTS))
    return groups(st.one_of(profile, profile, profile, *others))


shops_and_rules = st.one_of(*(st.tuples(st.just(place), rules_for(shop)) for place, shop in enumerate(shops())))


@pytest.fixture(params=SEEDS)
async def stored(request: pytest.FixtureRequest, database: object, monkeypatch: pytest.MonkeyPatch) -> Stored:
    """One crowd in the database."""
    made = crowd(request.param, SIZE)
    for name in ("customers", "orders", "deliveries"):
        await collection(name).insert_many(getattr(made, name))
    await collection("segments").insert_many(
        {"_id": ObjectId(key), "name": key, "name_folded": key, "rule": rule} for key, rule in STORED_SEGMENTS.items()
    )
    segments = {key: parse_rule(rule, shops()[0].catalogue) for key, rule in STORED_SEGMENTS.items()}
    orders, deliveries = await _by_customer("orders"), await _by_customer("deliveries")
    customers = [row async for row in collection("customers").find()]
    facts = {
        key: Facts(orders=orders[key], deliveries=deliveries[key], segments=segments)
        for key in (row["_id"] for row in customers)
    }
    found = Stored(customers, facts)
    aggregate = AsyncCollection.aggregate

    async def noted(self: Any, pipeline: Any, *rest: Any, **options: Any) -> Any:
        found.pipelines.append(pipeline)
        return await aggregate(self, pipeline, *rest, **options)

    monkeypatch.setattr(AsyncCollection, "aggregate", noted)
    return found


async def _by_customer(name: str) -> defaultdict[ObjectId, list[Any]]:
    rows = defaultdict(list)
    async for row in collection(name).find():
        rows[row["customer_id"]].append(row)
    return rows


@tries(300, thorough=10_000 // len(SEEDS))
@given(shops_and_rules, st.sampled_from(WAYS))
async def test_mongodb_and_the_evaluator_agree(stored: Stored, drawn: tuple[int, Any], way: tuple[int, int]) -> None:
    shop, raw = shops()[drawn[0]], drawn[1]
    rule = _read(raw, shop)
    stored.pipelines.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beyond, "FEW", way[0])
        wanted = await compile_rule(rule, shop.catalogue, now=shop.now)
        patch.setattr(resolved, "MOST_IDS", way[1])
        counter = Counter(rule, shop.catalogue, clock_at(shop.now, shop.catalogue), longest_ms=10_000)
        count, parts = await counter.count(), await counter.filters()
    texts = set(_texts(raw)) | set(_texts(list(STORED_SEGMENTS.values())))
    known = {re.escape(fold(text)) for text in texts}
    _check_filter(wanted, known)
    for pipeline in stored.pipelines:
        _check_pipeline(pipeline, known, texts)
    selected = {row["_id"] async for row in collection("customers").find(wanted, {"_id": 1})}
    for row in stored.customers:
        facts = stored.facts[row["_id"]]
        said = evaluate(rule, row, shop.catalogue, now=shop.now, facts=facts)
        assert said == (row["_id"] in selected), f"{said} for {row} in {raw}; {wanted}; {facts.orders}; {shop}"
    assert count == len(selected), (raw, wanted, str(shop))
    together = [
        row["_id"] for part in parts async for row in collection("customers").find(part, {"_id": 1}).sort("_id")
    ]
    assert together == sorted(selected), (raw, wanted, str(shop))


def _read(raw: Any, shop: Shop) -> Group:
    try:
        return parse_rule(raw, shop.catalogue)
    except RuleError as refused:
        assume("condition too many" not in refused.detail)
        raise


def _texts(raw: Any) -> Iterator[str]:
    """Every text among the values of a rule."""
    if isinstance(raw, str):
        yield raw
    elif isinstance(raw, list):
        for item in raw:
            yield from _texts(item)
    elif isinstance(raw, dict):
        for key in ("rules", "value", "where", "window"):
            yield from _texts(raw.get(key))


def _check_filter(node: Any, patterns: set[str]) -> None:
    """Operators and paths are known ones; every pattern is text of the rule, escaped, perhaps anchored."""
    if isinstance(node, list):
        for item in node:
            _check_filter(item, patterns)
    elif isinstance(node, dict):
        for key, value in node.items():
            assert key in IN_FILTERS or PATH.fullmatch(key), key
            if key == "$regex":
                found = PATTERN.fullmatch(value)
                assert found is not None, value
                assert found["text"] in patterns, value
            else:
                _check_filter(value, patterns)


def _check_pipeline(pipeline: Any, patterns: set[str], texts: set[str]) -> None:
    """Text of the rule is only in filters; stages and what is summed are known."""
    for stage in pipeline:
        for name, body in stage.items():
            assert name in IN_STAGES, name
            if name == "$match":
                _check_filter(body, patterns)
            else:
                assert not (texts - OWN_WORDS) & set(_strings(body)), body
                assert {key for key in _strings(body) if key.startswith("$")} <= IN_STAGES | REFERENCES


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from _strings(value)
    elif isinstance(node, list):
        for item in node:
            yield from _strings(item)
