"""Numbers, money and times as people write them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from app.segments.grammar.frames import time_frame
from app.segments.grammar.names import Names
from app.segments.grammar.numbers import amount, number
from app.segments.grammar.prompt import Prompt, Unclear
from app.segments.grammar.spelling import corrected
from app.segments.grammar.tokens import tokenize
from tests.ai.cases import CATALOGUE, TODAY


def prompt(text: str) -> Prompt:
    return Prompt(text, tuple(tokenize(text)), CATALOGUE, TODAY, Names(CATALOGUE))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10k", "10000"),
        ("10 k", "10000"),
        ("1.5 lakh", "150000"),
        ("1.5lakh", "150000"),
        ("2 crore", "20000000"),
        ("2cr", "20000000"),
        ("2m", "2000000"),
        ("3 million", "3000000"),
        ("two thousand", "2000"),
        ("twenty five", "25"),
        ("twenty-five", "25"),
        ("one hundred and fifty", "150"),
        ("a hundred", "100"),
        ("two lakh fifty thousand", "250000"),
        ("1,250.50", "1250.50"),
        ("12,50,000", "1250000"),
        ("₹5,000", "5000"),
        ("Rs. 5,000", "5000"),
        ("5000/-", "5000"),
        ("5000 rupees", "5000"),
        ("INR 10k", "10000"),
    ],
)
def test_numbers(text: str, value: str) -> None:
    words = prompt(text)
    found = amount(words, 0)
    assert found is not None
    assert found.value == Decimal(value)
    assert found.end == len(words)


@pytest.mark.parametrize("text", ["1,25", "1.250,50", "10x", "3.5.2026", "k", "lakh", "1,0000", "5%"])
def test_no_numbers(text: str) -> None:
    words = prompt(text)
    found = number(words, 0)
    assert found is None or found.end < len(words)


@pytest.mark.parametrize("text", ["$500", "500 dollars", "€5", "US$ 20", "20 USD", "1.250", "₹5 dollars", "100 paise"])
def test_amounts_to_ask_about(text: str) -> None:
    with pytest.raises(Unclear):
        amount(prompt(text), 0)


def test_tokens_remember_where_they_stood() -> None:
    text = "one-time buyers who haven't “Bought It”"
    tokens = tokenize(text)
    assert [token.word for token in tokens] == ["one", "time", "buyers", "who", "have", "not", "bought it"]
    assert [text[token.start : token.end] for token in tokens][-1] == "“Bought It”"


@pytest.mark.parametrize(
    ("text", "operator", "value"),
    [
        ("in the last 90 days", "inLast", {"amount": 90, "unit": "day"}),
        ("within 2 weeks", "inLast", {"amount": 2, "unit": "week"}),
        ("over the past year", "inLast", {"amount": 1, "unit": "year"}),
        ("in the past three months", "inLast", {"amount": 3, "unit": "month"}),
        ("this month", "inPeriod", {"period": "this", "unit": "month"}),
        ("last quarter", "inPeriod", {"period": "last", "unit": "quarter"}),
        ("so far this year", "inPeriod", {"period": "this", "unit": "year"}),
        ("yesterday", "on", {"amount": 1, "unit": "day", "direction": "ago"}),
        ("more than 90 days ago", "before", {"amount": 90, "unit": "day", "direction": "ago"}),
        ("less than a month ago", "inLast", {"amount": 1, "unit": "month"}),
        ("before 1 March 2026", "before", "2026-03-01"),
        ("before March 2026", "before", "2026-03-01"),
        ("after March 2026", "after", "2026-03-31"),
        ("after Mar 1st, 2026", "after", "2026-03-01"),
        ("since March", "after", "2026-02-28"),
        ("since December", "after", "2025-11-30"),
        ("in 2025", "between", ["2025-01-01", "2025-12-31"]),
        ("on 2026-03-01", "on", "2026-03-01"),
        ("on 25/12/2025", "on", "2025-12-25"),
        ("between 1 March and 31 March 2026", "between", ["2026-03-01", "2026-03-31"]),
    ],
)
def test_time_frames(text: str, operator: str, value: object) -> None:
    words = prompt(text)
    frame = time_frame(words, 0)
    assert frame is not None
    assert (frame.operator, frame.value, frame.end) == (operator, value, len(words))


@pytest.mark.parametrize(
    "text", ["on 05/06/2026", "on 31 February 2026", "in last month", "3 months ago", "in the last quarter"]
)
def test_time_frames_to_ask_about(text: str) -> None:
    with pytest.raises(Unclear):
        time_frame(prompt(text), 0)


@pytest.mark.parametrize("text", ["next week", "in the next 7 days", "tomorrow"])
def test_what_lies_ahead_is_for_birthdays_alone(text: str) -> None:
    assert time_frame(prompt(text), 0) is None
    assert time_frame(prompt(text), 0, future=True) is not None


def test_today_is_the_day_given() -> None:
    words = Prompt("since March", tuple(tokenize("since March")), CATALOGUE, date(2026, 2, 3), Names(CATALOGUE))
    frame = time_frame(words, 0)
    assert frame is not None
    assert frame.value == "2025-02-28"


@pytest.mark.parametrize(("slip", "right"), [("oders", "orders"), ("custmers", "customers"), ("brithday", "birthday")])
def test_slips(slip: str, right: str) -> None:
    assert corrected(slip) == right


@pytest.mark.parametrize("word", ["gmail", "newer", "older", "oder", "county", "fewer", "sender"])
def test_words_of_their_own_are_left_alone(word: str) -> None:
    assert corrected(word) is None
