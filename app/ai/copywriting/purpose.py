"""What a message is for, read from the brief and from the rules of the segments it goes to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from app.segments.rule.nodes import Condition, Group, Node, OrdersCondition, leaves


class Purpose(StrEnum):
    """The reasons shops write for."""

    WINBACK = "winback"
    WELCOME = "welcome"
    THANKS = "thanks"
    BIRTHDAY = "birthday"
    FEEDBACK = "feedback"
    NEWS = "news"


def _said(*words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)


_WORDS: tuple[tuple[Purpose, re.Pattern[str]], ...] = (
    (Purpose.BIRTHDAY, _said("birth ?da(?:y|ys|te)")),
    (
        Purpose.WINBACK,
        _said(
            "win[- ]?back",
            "win them back",
            "miss(?:ed)? (?:you|them)",
            "come back",
            r"reactivat\w*",
            "lapsed",
            "back to us",
            "gone quiet",
            "(?:not|haven'?t|hasn'?t) (?:ordered|bought|been|shopped)",
            "inactive",
            "sleeping",
            "a while",
        ),
    ),
    (Purpose.FEEDBACK, _said("feedback", "review", "survey", "opinion", "ask (?:them )?(?:how|what)")),
    (
        Purpose.WELCOME,
        _said(r"welcom\w+", "new (?:customers?|subscribers?|members?|buyers?)", "first (?:order|purchase)"),
    ),
    (Purpose.THANKS, _said(r"thank\w*", "grateful", r"appreciat\w*", r"loyal\w*", "best customers?", "vips?")),
    (
        Purpose.NEWS,
        _said(r"announc\w+", "new", r"launch\w*", r"introduc\w+", "sale", "off", "news", "open(?:s|ing)?", "here"),
    ),
)


def purpose_of(brief: str, rules: Iterable[Group] = ()) -> Purpose:
    """What the brief says it is for; else what the first segment that tells is about; else news."""
    for purpose, words in _WORDS:
        if words.search(brief):
            return purpose
    for rule in rules:
        for leaf in leaves(rule):
            if (found := _of(leaf)) is not None:
                return found
    return Purpose.NEWS


def _of(leaf: Node) -> Purpose | None:
    if isinstance(leaf, OrdersCondition):
        return Purpose.THANKS if leaf.operator in (">", ">=") and _large(leaf.value, 2) and not leaf.negated else None
    if not isinstance(leaf, Condition) or leaf.negated:
        return None
    name, operator = leaf.field, leaf.operator
    if name == "birthday":
        return Purpose.BIRTHDAY
    if name == "last_order_at":
        return Purpose.WINBACK if operator in ("before", "notInLast") else None
    if name in ("signed_up_at", "first_order_at") and operator in ("inLast", "after", "inPeriod"):
        return Purpose.WELCOME
    if name == "order_count":
        return Purpose.THANKS if operator in (">", ">=") and _large(leaf.value, 3) else Purpose.WELCOME
    if name == "total_spent" and operator in (">", ">="):
        return Purpose.THANKS
    if name == "tags" and any(str(value).casefold() in ("vip", "loyal") for value in _values(leaf.value)):
        return Purpose.THANKS
    return None


def _large(value: object, least: int) -> bool:
    return isinstance(value, int | Decimal) and value >= least


def _values(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)
