"""Clauses whose meaning is known, joined in every way: the grammar gets the whole right, or says that it does not.

A clause alone is easy. What goes wrong is scope: a word of one clause that changes its neighbour.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from typing import Any

import pytest

from app.ai.alike import alike
from app.ai.compact import catalogue_of, tree_of
from app.segments.grammar import parse_words
from tests.segments.proving import THOROUGH

TODAY = date(2026, 11, 22)
SHOP: dict[str, Any] = {
    "context": {"currency": "INR", "tz": "Asia/Kolkata", "week_start": "monday"},
    "catalogue": {
        "fields": {
            "city": {"distinct": ["Mumbai", "Delhi", "Bengaluru", "Pune", "Chennai", "Jaipur"]},
            "country": {"distinct": ["India", "UAE", "USA"]},
            "gender": {"values": ["female", "male", "other", "unknown"]},
            "source": {"values": ["website", "store", "referral", "import", "social"]},
            "tags": {"distinct": ["vip", "wholesale", "newsletter", "at-risk", "employee"]},
        },
        "order_filters": {
            "category": {"values": ["Shoes", "Sarees", "Electronics", "Home", "Beauty"]},
            "channel": {"values": ["online", "store"]},
        },
        "campaigns": ["Diwali Sale", "Summer Launch", "Winback June"],
        "segments": ["VIP customers", "Dormant"],
    },
}
CATALOGUE = catalogue_of(SHOP)


def orders(**body: Any) -> dict[str, Any]:
    return {"orders": body}


def campaign(event: str, name: str, **body: Any) -> dict[str, Any]:
    return {"campaign": {"event": event, "name": name, **body}}


SHOES = ["category", "eq", "Shoes"]
CLAUSES: dict[str, Any] = {
    "live in Mumbai": ["city", "eq", "Mumbai"],
    "live in Delhi or Pune": ["city", "in", ["Delhi", "Pune"]],
    "do not live in Chennai": ["city", "neq", "Chennai"],
    "are not in Delhi or Pune": ["city", "not_in", ["Delhi", "Pune"]],
    "are women": ["gender", "eq", "female"],
    "are under 30": ["age", "lt", 30],
    "are not over 60": ["age", "lte", 60],
    "are 40 or older": ["age", "gte", 40],
    "are aged 25 to 35": ["age", "between", [25, 35]],
    "are tagged vip": ["tags", "any_of", ["vip"]],
    "are tagged vip or wholesale": ["tags", "any_of", ["vip", "wholesale"]],
    "are not tagged employee": ["tags", "none_of", ["employee"]],
    "spent over 10k": ["total_spent", "gt", 10_000],
    "spent between 5k and 20k": ["total_spent", "between", [5_000, 20_000]],
    "have an average order above 2k": ["avg_order_value", "gt", 2_000],
    "placed more than 3 orders": ["order_count", "gt", 3],
    "ordered twice or more": ["order_count", "gte", 2],
    "have at most 5 orders": ["order_count", "lte", 5],
    "never ordered": ["order_count", "eq", 0],
    "ordered only once": ["order_count", "eq", 1],
    "signed up this month": ["created_at", "in_period", "this month"],
    "joined before 2025": ["created_at", "before", "2025-01-01"],
    "ordered in the last 60 days": ["last_order_at", "in_last", "60d"],
    "have not ordered for 90 days": ["last_order_at", "before", "90d ago"],
    "have a birthday this month": ["birthday", "anniv_in_period", "this month"],
    "bought Shoes": orders(where=[SHOES]),
    "bought Shoes or Sarees": orders(where=[["category", "in", ["Shoes", "Sarees"]]]),
    "bought Shoes in the last 30 days": orders(where=[SHOES], window=["in_last", "30d"]),
    "never bought Electronics": orders(op="eq", value=0, where=[["category", "eq", "Electronics"]]),
    "did not buy Home or Beauty": orders(op="eq", value=0, where=[["category", "in", ["Home", "Beauty"]]]),
    "placed at least 2 orders of Shoes this year": orders(
        op="gte", value=2, where=[SHOES], window=["in_period", "this year"]
    ),
    "have at least 2 orders above 5k": orders(op="gte", value=2, where=[["amount", "gt", 5_000]]),
    "spent over 5k in the last 90 days": orders(measure="sum", op="gt", value=5_000, window=["in_last", "90d"]),
    "spent over 5k on Beauty": orders(measure="sum", op="gt", value=5_000, where=[["category", "eq", "Beauty"]]),
    "bought Sarees once or twice this month": orders(
        op="between", value=[1, 2], where=[["category", "eq", "Sarees"]], window=["in_period", "this month"]
    ),
    "bought products containing silk": orders(where=[["product", "contains", "silk"]]),
    "bought online": orders(where=[["channel", "eq", "online"]]),
    "used coupon WELCOME10": orders(where=[["coupon", "eq", "WELCOME10"]]),
    "opened Diwali Sale": campaign("opened", "Diwali Sale"),
    "did not open Diwali Sale": campaign("opened", "Diwali Sale", did=False),
    "clicked Summer Launch last month": campaign("clicked", "Summer Launch", window=["in_period", "last month"]),
    "opted in to email": ["email_opt_in", "eq", True],
    "did not opt in to sms": ["sms_opt_in", "eq", False],
    "are in the segment Dormant": ["segment", "in", "Dormant"],
    "are not in the segment Dormant": ["segment", "not_in", "Dormant"],
    "came from referral": ["source", "eq", "referral"],
    "have no phone number": ["phone", "is_not_set"],
}


def both(*parts: Any) -> dict[str, Any]:
    return {"and": list(parts)}


def either(*parts: Any) -> dict[str, Any]:
    return {"or": list(parts)}


def denied(tree: Any) -> Any:
    """Everybody else."""
    return {"not": tree}


def plain_consent(node: Any) -> Any:
    """The rule with denied consent spelled plainly: consent is there or not, so its opposite is the other value."""
    if "rules" not in node:
        return node
    rules = [plain_consent(rule) for rule in node["rules"]]
    if node.get("not") and len(rules) == 1 and rules[0].get("field", "").endswith("_opt_in"):
        return {**rules[0], "value": not rules[0]["value"]}
    return {**node, "rules": rules}


JOINTS: dict[str, Any] = {
    "customers who {} and {}": lambda a, b: [both(a, b)],
    "customers who {} and who {}": lambda a, b: [both(a, b)],
    "people who {} but {}": lambda a, b: [both(a, b)],
    "customers who {}, {}": lambda a, b: [both(a, b)],
    "{}, and {}": lambda a, b: [both(a, b)],
    "customers who {} or {}": lambda a, b: [either(a, b)],
    "customers who either {} or {}": lambda a, b: [either(a, b)],
    "everyone who {}, or who {}": lambda a, b: [either(a, b)],
    "customers who {} but not those who {}": lambda a, b: [both(a, denied(b))],
    "customers who {} except those who {}": lambda a, b: [both(a, denied(b))],
    "not ({}) and {}": lambda a, b: [both(denied(a), b)],
    "not ({} or {})": lambda a, b: [{"not": either(a, b)}],
    "not ({} and {})": lambda a, b: [{"not": both(a, b)}],
    "customers who {}, {} and {}": lambda a, b, c: [both(a, b, c)],
    "customers who {}, {} or {}": lambda a, b, c: [either(a, b, c)],
    "customers who {} and {} or {}": lambda a, b, c: [either(both(a, b), c), both(a, either(b, c))],
    "customers who {} or {} and {}": lambda a, b, c: [either(a, both(b, c)), both(either(a, b), c)],
    "customers who {} and ({} or {})": lambda a, b, c: [both(a, either(b, c))],
    "({} or {}) and not ({})": lambda a, b, c: [both(either(a, b), denied(c))],
}
EACH = 400 if THOROUGH else 12
"""Sentences for each joint."""


@pytest.mark.parametrize("joint", JOINTS)
def test_joined_clauses_are_right_or_declined(joint: str) -> None:
    chance = random.Random(joint)
    verdicts: Counter[str] = Counter()
    for _ in range(EACH):
        words = chance.sample(sorted(CLAUSES), joint.count("{}"))
        text = joint.format(*words)
        answer = parse_words(text, CATALOGUE, today=TODAY)
        meant = JOINTS[joint](*(CLAUSES[word] for word in words))
        right = answer.rule is not None and any(
            alike(plain_consent(answer.rule), plain_consent(tree_of(tree, CATALOGUE)), CATALOGUE) for tree in meant
        )
        assert right or answer.rule is None, f"{text} -> {answer.sentence}"
        verdicts["right" if right else "declined"] += 1
    assert verdicts.total() == EACH


@pytest.mark.parametrize("words", CLAUSES)
def test_a_clause_alone(words: str) -> None:
    answer = parse_words(f"customers who {words}", CATALOGUE, today=TODAY)
    assert answer.rule is not None, (words, answer.unsupported, answer.question)
    assert alike(answer.rule, tree_of(CLAUSES[words], CATALOGUE), CATALOGUE), answer.sentence
