"""The door for prompts: permission, limits, and the grammar when no provider is configured."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from app.ai.provider import configured
from app.ai.suggest import suggest_segment
from app.errors import InvalidInput, PermissionDenied
from app.settings import Settings
from models import AiCall, Member, Segment


async def test_grammar_answers_without_a_provider(bob: Member) -> None:
    answer = await suggest_segment(bob, "customers with more than 5 orders")
    assert (answer.outcome, answer.source) == ("ok", "grammar")
    assert answer.rule == {
        "combinator": "and",
        "rules": [{"field": "order_count", "operator": ">", "value": 5}],
    }
    assert await AiCall.count() == 0
    assert await Segment.count() == 0


async def test_viewers_may_not(charlie: Member) -> None:
    with pytest.raises(PermissionDenied):
        await suggest_segment(charlie, "everyone")


@pytest.mark.parametrize("prompt", ["", "   ", "x" * 2001])
async def test_length(prompt: str, bob: Member) -> None:
    with pytest.raises(InvalidInput) as refused:
        await suggest_segment(bob, prompt)
    assert refused.value.errors[0].field == "prompt"


def test_what_counts_as_configured(settings: Settings) -> None:
    key = SecretStr("key")
    assert configured(settings) is None
    assert configured(settings.model_copy(update={"gemini_base_url": "http://127.0.0.1:1"})) is None
    assert configured(settings.model_copy(update={"openai_base_url": "http://127.0.0.1:1/v1"})) == "openai"
    assert configured(settings.model_copy(update={"openai_api_key": key})) == "openai"
    assert configured(settings.model_copy(update={"openai_api_key": key, "gemini_api_key": key})) == "gemini"
