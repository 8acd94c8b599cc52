"""No word is ever passed over in silence, and no text makes the grammar fail."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ai.alike import alike
from app.segments.grammar import parse_words
from app.segments.rule import parse_rule
from tests.ai.cases import CATALOGUE, DOCUMENT, TODAY

UNDERSTOOD = [case for case in DOCUMENT["cases"] if case["offline"] == "must"]
TURNS = ("not", "never", "only", "average", "twice", "without", "per", "few", "most")
_REDUNDANT = """
    = a aged all an and anything are been before both but came coupon custmers customers did each ever everyone exactly
    for had has have in is it largest lifetime live made me number of on one only over people placed please rs rupees
    need ppl segment single tagged teh the those to total totl used value w/ who whos whose with worth wth years yet
"""
LABELS = ("lapsed", "best", "our")
"""Words of a name before a colon, which what follows explains."""
REDUNDANT = frozenset((*_REDUNDANT.split(), *LABELS))
"""Words that one prompt or another says the same without."""
WORDS = sorted({word for case in DOCUMENT["cases"] for word in case["prompt"].split()})


def with_word(prompt: str, word: str) -> list[str]:
    parts = prompt.split(" ")
    return [" ".join([*parts[:at], word, *parts[at:]]) for at in range(len(parts) + 1)]


@pytest.mark.parametrize("case", UNDERSTOOD, ids=lambda case: case["id"])
def test_unknown_word_anywhere_declines(case: dict[str, Any]) -> None:
    for prompt in with_word(case["prompt"], "zebra"):
        answer = parse_words(prompt, CATALOGUE, today=TODAY)
        assert answer.rule is None, prompt


@pytest.mark.parametrize("case", UNDERSTOOD, ids=lambda case: case["id"])
def test_word_that_changes_the_meaning_never_leaves_the_rule_as_it_was(case: dict[str, Any]) -> None:
    before = parse_words(case["prompt"], CATALOGUE, today=TODAY)
    for word in TURNS:
        for prompt in with_word(case["prompt"], word):
            answer = parse_words(prompt, CATALOGUE, today=TODAY)
            assert answer.outcome != "ok" or not alike(answer.rule, before.rule, CATALOGUE), prompt


@pytest.mark.parametrize("case", UNDERSTOOD, ids=lambda case: case["id"])
def test_a_word_left_out_changes_the_rule(case: dict[str, Any]) -> None:
    before = parse_words(case["prompt"], CATALOGUE, today=TODAY)
    parts = case["prompt"].split(" ")
    for at, word in enumerate(parts):
        if word.strip(",().?").lower() in REDUNDANT or word.isdigit():
            continue
        prompt = " ".join(parts[:at] + parts[at + 1 :])
        answer = parse_words(prompt, CATALOGUE, today=TODAY)
        assert answer.rule is None or not alike(answer.rule, before.rule, CATALOGUE), prompt


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=120), st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)))
def test_no_text_raises(prompt: str) -> None:
    answer = parse_words(prompt, CATALOGUE, today=TODAY)
    assert (answer.rule is not None) == (answer.outcome == "ok")
    assert answer.source == "grammar"
    if answer.rule is not None:
        parse_rule(answer.rule, CATALOGUE)
        assert answer.sentence
    else:
        assert answer.question or answer.note


@pytest.mark.parametrize("prompt", ["(" * 399, "either " * 399, "not " * 300, "ordered " * 380, "x" * 2000, "9" * 2000])
def test_hostile_text_is_answered_at_once(prompt: str) -> None:
    assert parse_words(prompt, CATALOGUE, today=TODAY).rule is None
