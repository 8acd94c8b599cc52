"""A rule as the flat plan a model answers with, and the faults a model may make in it."""

from __future__ import annotations

import copy
import json
from typing import Any

from app.ai.compact import tree_of
from app.ai.flatten import plan_of
from app.segments.rule import parse_rule, rule_json
from tests.ai.cases import BY_ID, CATALOGUE
from tests.fakes.scripted import Blocked, Drop, Empty, Hang, Reply, Say, Status

Json = dict[str, Any]


def good_plan(case_id: str) -> Json:
    """The right plan for a case."""
    case = BY_ID[case_id]
    if "expect" not in case:
        question = case.get("ask", "What exactly is meant?")
        return {"outcome": case["outcome"], "question": question, "note": "This cannot be expressed."}
    plan = plan_of(rule_json(parse_rule(tree_of(case["expect"], CATALOGUE), CATALOGUE)), CATALOGUE)
    assert plan is not None
    return plan


def faulty(fault: str, plan: Json) -> Reply:
    """A model's bad answer of one kind, made from a good plan."""
    text = json.dumps(plan)
    if fault == "raw_mongo":
        return '{"$where": "sleep(1000)"}'
    if fault == "prose_wrapped":
        return f"Sure! Here is the segment:\n```json\n{text}\n```"
    if fault == "truncated":
        return Say(text[: int(len(text) * 0.6)], cut=True)
    return json.dumps(_MUTATIONS[fault](copy.deepcopy(plan)))


def _hallucinated_field(plan: Json) -> Json:
    plan["conditions"][0]["field"] = "lifetime_value"
    return plan


def _bad_enum(plan: Json) -> Json:
    for condition in plan["conditions"]:
        if condition["field"] == "gender":
            condition["values"] = ["F"]
    return plan


def _frozen_date(plan: Json) -> Json:
    for condition in plan["conditions"]:
        if condition.get("unit"):
            condition.update(operator="after", values=["2026-10-23"], amount=0, unit="", direction="")
    return plan


def _wrong_magnitude(plan: Json) -> Json:
    for condition in plan["conditions"]:
        if condition["field"] == "total_spent":
            condition["values"] = [str(int(condition["values"][0]) // 10)]
    return plan


def _too_deep(plan: Json) -> Json:
    plan["groups"] = [{"id": n, "parent": max(n - 1, 0), "combinator": "and"} for n in range(13)]
    for condition in plan["conditions"]:
        condition["group"] = 12
    return plan


_MUTATIONS = {
    "hallucinated_field": _hallucinated_field,
    "bad_enum": _bad_enum,
    "frozen_date": _frozen_date,
    "wrong_magnitude": _wrong_magnitude,
    "too_deep": _too_deep,
}

TRANSPORT: dict[object, tuple[Reply, str]] = {
    429: (Status(429), "too many requests"),
    503: (Status(503), "temporarily not available"),
    401: (Status(401), "refused the API key"),
    "timeout": (Hang(1.5), "did not answer within"),
    "refused": (Drop(), "could not be reached"),
    "SAFETY": (Blocked(), "declined this text for its safety rules"),
    "empty": (Empty(), "gave an empty answer"),
}
"""The transport faults of the language cases, with words that the note has to say."""
