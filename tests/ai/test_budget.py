"""Budgets and the breaker: past them nobody is asked, and nothing waits."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.ai import breaker
from app.ai.planner import ProviderPlanner
from app.ai.suggest import suggest, suggest_segment
from app.settings import get_settings, use_settings
from models import AiCall, Member
from tests.ai.cases import CATALOGUE, TODAY
from tests.fakes.scripted import Hang, Say, Status

CLARIFY = json.dumps({"outcome": "clarify", "question": "Which one?"})
SURE = "customers with more than 5 orders"
UNSURE = "people who adore jazz"


@pytest.fixture(autouse=True)
def _no_memory() -> Iterator[None]:
    breaker._known.clear()
    yield
    breaker._known.clear()


def limit(**changes: Any) -> None:
    use_settings(get_settings().model_copy(update=changes))


async def test_requests_a_minute_are_counted_for_each_member(provider: Any, alice: Member, bob: Member) -> None:
    server = provider([CLARIFY])
    limit(ai_requests_per_minute=2)
    for _ in range(2):
        assert (await suggest_segment(bob, UNSURE)).source == provider.name
    over = await suggest_segment(bob, UNSURE)
    assert (over.outcome, over.source) == ("refuse", "grammar")
    assert "2 times within a minute" in (over.note or "")
    assert len(server.requests) == 2
    sure = await suggest_segment(bob, SURE)
    assert (sure.outcome, sure.source) == ("ok", "grammar")
    assert "built-in grammar" in (sure.note or "")
    assert (await suggest_segment(alice, UNSURE)).source == provider.name


async def test_tokens_a_day_are_the_shop_s(provider: Any, alice: Member, bob: Member) -> None:
    server = provider([CLARIFY])
    limit(ai_tokens_per_day=100)
    assert (await suggest_segment(bob, UNSURE)).source == provider.name
    over = await suggest_segment(alice, SURE)
    assert (over.outcome, over.source) == ("ok", "grammar")
    assert "tokens for today are used up" in (over.note or "")
    assert len(server.requests) == 1


async def test_zero_is_no_limit(provider: Any, bob: Member) -> None:
    server = provider([CLARIFY])
    limit(ai_tokens_per_day=0, ai_requests_per_minute=0)
    for _ in range(3):
        await suggest_segment(bob, UNSURE)
    assert len(server.requests) == 3


async def test_without_redis_requests_are_not_counted(provider: Any, bob: Member) -> None:
    server = provider([CLARIFY])
    limit(redis_url="redis://127.0.0.1:1/0", ai_requests_per_minute=1)
    for _ in range(2):
        assert (await suggest_segment(bob, UNSURE)).source == provider.name
    assert len(server.requests) == 2


async def ask(member: Member, seconds: float = 0.3) -> Any:
    name: Any = "gemini" if get_settings().gemini_base_url else "openai"
    planner = ProviderPlanner(name, timeout=seconds)
    return await suggest(member, SURE, CATALOGUE, today=TODAY, planner=planner)


async def test_a_provider_that_keeps_failing_is_left_alone(provider: Any, bob: Member) -> None:
    server = provider([Hang(5)])
    for _ in range(breaker.FAILURES):
        assert "did not answer" in ((await ask(bob, 1.0)).note or "")
    began = time.monotonic()
    answer = await ask(bob, 1.0)
    assert time.monotonic() - began < 0.8
    assert (answer.outcome, answer.source) == ("ok", "grammar")
    assert "left alone" in (answer.note or "")
    assert len(server.requests) == breaker.FAILURES
    assert await AiCall.count() == breaker.FAILURES


async def test_one_trial_after_its_rest(provider: Any, bob: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "FIRST_REST", 0.0)
    plan = {"outcome": "ok", "conditions": [{"field": "order_count", "operator": ">", "values": ["5"]}]}
    server = provider([*[Status(503)] * breaker.FAILURES, Say(json.dumps(plan))])
    for state in range(breaker.FAILURES):
        assert (await ask(bob, 10)).source == "grammar", state
    for known in breaker._known.values():
        known.until = 0.0
    assert (await ask(bob, 10)).source == provider.name
    assert breaker._known == {}
    assert len(server.requests) == breaker.FAILURES + 1


async def test_bad_answers_are_no_failure_of_the_provider(provider: Any, bob: Member) -> None:
    server = provider(["nonsense"])
    for _ in range(3):
        await ask(bob, 10)
    assert len(server.requests) == 9
