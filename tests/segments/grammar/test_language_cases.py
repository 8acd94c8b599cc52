"""Every language case: the right tree or an honest decline, never a wrong rule."""

from __future__ import annotations

from typing import Any

import pytest

from app.ai.alike import alike
from app.ai.compact import tree_of
from app.ai.eval import DECLINED, RIGHT, WRONG, judge
from app.segments.grammar import parse_words
from tests.ai.cases import CATALOGUE, DOCUMENT, TODAY


@pytest.mark.parametrize("case", DOCUMENT["cases"], ids=lambda case: case["id"])
def test_case(case: dict[str, Any]) -> None:
    answer = parse_words(case["prompt"], CATALOGUE, today=TODAY)
    verdict = judge(case, answer, CATALOGUE)
    assert verdict != WRONG, answer
    if case["offline"] == "must":
        assert answer.outcome == "ok", answer
        assert verdict == RIGHT
        assert answer.sentence.startswith(("Customers", "All customers", "Everyone"))
        assert set(case.get("assume", ())) <= {assumption.code for assumption in answer.assumptions}
    if case["offline"] == "decline":
        assert answer.rule is None
        assert answer.outcome == case["outcome"]
        assert answer.question or answer.note
    assert verdict in (RIGHT, DECLINED)


def test_ids_are_unique() -> None:
    ids = [case["id"] for case in DOCUMENT["cases"]]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 100


def test_alike_sees_through_spelling_and_order() -> None:
    one = tree_of({"and": [["city", "in", ["Pune", "Delhi"]], ["order_count", "gt", 5]]}, CATALOGUE)
    other = tree_of(
        {"and": [["order_count", "gte", 6], {"or": [["city", "eq", "Delhi"], ["city", "eq", "Pune"]]}]}, CATALOGUE
    )
    assert alike(one, other, CATALOGUE)
    assert not alike(one, tree_of(["city", "in", ["Pune", "Delhi"]], CATALOGUE), CATALOGUE)
    never = tree_of({"orders": {"op": "eq", "value": 0, "where": [["category", "eq", "Shoes"]]}}, CATALOGUE)
    denied = tree_of({"not": {"orders": {"where": [["category", "eq", "Shoes"]]}}}, CATALOGUE)
    assert alike(never, denied, CATALOGUE)
    none_lately = tree_of({"orders": {"op": "eq", "value": 0, "window": ["in_period", "this year"]}}, CATALOGUE)
    not_some_lately = tree_of({"not": {"orders": {"window": ["in_period", "this year"]}}}, CATALOGUE)
    assert alike(none_lately, not_some_lately, CATALOGUE)
    assert not alike(none_lately, tree_of({"orders": {"window": ["in_period", "this year"]}}, CATALOGUE), CATALOGUE)
    assert not alike(
        tree_of(["last_order_at", "before", "90d ago"], CATALOGUE),
        tree_of(["last_order_at", "in_last", "90d"], CATALOGUE),
        CATALOGUE,
    )
