"""The AI log: what is kept, for how long, and who may read it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from app.ai.describe import describe_segment
from app.ai.log import get_call, list_calls, totals
from app.ai.suggest import suggest_segment
from app.api.ai_calls import router
from app.errors import InvalidInput, NotFound, PermissionDenied
from app.segments.catalogue import forget_catalogue
from app.segments.service import create_segment
from app.settings import get_settings, use_settings
from models import AiCall, Customer, Member
from models.segment import DescriptionSource
from models.values import now

CLARIFY = json.dumps({"outcome": "clarify", "question": "Which one?"})


async def test_question_and_answer_are_kept(provider: Any, alice: Member) -> None:
    provider([CLARIFY])
    await suggest_segment(alice, "people who adore jazz")
    (line,), following = await list_calls(alice)
    assert following is None
    assert (line.purpose, line.outcome, line.asked, line.member) == ("segment", "ok", "people who adore jazz", "Alice")
    assert line.provider == provider.name
    call, who = await get_call(alice, line.id)
    assert who == "Alice"
    assert "people who adore jazz" in call.prompt
    assert call.reply == CLARIFY
    assert call.expires_at is not None
    assert timedelta(days=89) < call.expires_at - now() < timedelta(days=91)


async def test_kept_for_good(provider: Any, alice: Member) -> None:
    provider([CLARIFY])
    use_settings(get_settings().model_copy(update={"ai_log_days": 0}))
    await suggest_segment(alice, "people who adore jazz")
    call = await AiCall.find_one()
    assert call is not None
    assert call.expires_at is None


async def test_mongodb_removes_what_is_old(database: Any) -> None:
    indexes = await database["ai_calls"].index_information()
    assert any(index.get("expireAfterSeconds") == 0 for index in indexes.values())


async def _three(member: Member) -> None:
    for n, (purpose, outcome) in enumerate([("segment", "ok"), ("copy", "timeout"), ("insight", "ok")]):
        await AiCall(
            purpose=purpose,  # type: ignore[arg-type]  # one of the purposes
            provider="openai",
            model="m",
            asked=str(n),
            prompt="p",
            outcome=outcome,
            input_tokens=100,
            output_tokens=n,
            member_id=member.id,
            created_at=now() - timedelta(days=n * 20, seconds=1),
        ).insert()


async def test_filters_and_pages(alice: Member, bob: Member) -> None:
    await _three(bob)
    assert [line.asked for line in (await list_calls(alice))[0]] == ["0", "1", "2"]
    assert [line.asked for line in (await list_calls(alice, purpose="copy"))[0]] == ["1"]
    assert [line.asked for line in (await list_calls(alice, outcome="ok"))[0]] == ["0", "2"]
    assert [line.asked for line in (await list_calls(alice, outcome="failed"))[0]] == ["1"]
    assert (await list_calls(alice, member_id=alice.id))[0] == []
    first, cursor = await list_calls(alice, limit=2)
    rest, end = await list_calls(alice, limit=2, cursor=cursor)
    assert [line.asked for line in (*first, *rest)] == ["0", "1", "2"]
    assert end is None


async def test_totals(alice: Member, bob: Member) -> None:
    await _three(bob)
    found = await totals(alice)
    assert (found.calls, found.tokens) == (2, 201)
    assert found.most_tokens_a_day == get_settings().ai_tokens_per_day


@pytest.mark.parametrize("wrong", [{"purpose": "x"}, {"member_id": "x"}, {"limit": 0}, {"cursor": "x"}])
async def test_bad_input(wrong: dict[str, Any], alice: Member) -> None:
    with pytest.raises(InvalidInput):
        await list_calls(alice, **wrong)


async def test_owners_only(bob: Member, charlie: Member) -> None:
    for member in (bob, charlie):
        with pytest.raises(PermissionDenied):
            await list_calls(member)
        with pytest.raises(PermissionDenied):
            await totals(member)
        with pytest.raises(PermissionDenied):
            await get_call(member, "0" * 24)


async def test_nothing_there(alice: Member) -> None:
    for key in ("0" * 24, "x"):
        with pytest.raises(NotFound):
            await get_call(alice, key)
    assert {route.path for route in router.routes} == {"/api/ai-calls", "/api/ai-calls/{id}"}  # type: ignore[attr-defined]


async def test_no_customer_gets_in(provider: Any, alice: Member) -> None:
    """Neither into a request nor into the log, whether by the catalogue, a prompt, a rule or a description."""
    await Customer(
        name="Zebedee Quux",
        first_name="Zebedee",
        last_name="Quux",
        email="zebedee@quux.example",
        phone="+911234567890",
        city="Pune",
        tags=["vip"],
        attributes={"nickname": "Zebby", "contact_email": "zeb@home.example", "shoe_size": 9},
    ).insert()
    forget_catalogue()
    server = provider([CLARIFY])
    named = {"combinator": "and", "rules": [{"field": "last_name", "operator": "=", "value": "Quux"}]}
    await suggest_segment(alice, "people in the nicest city")
    await suggest_segment(alice, "name is Zebedee Quux")
    await suggest_segment(alice, "the account of zebedee@quux.example and their friends")
    await suggest_segment(alice, "those like +91 1234567890")
    await suggest_segment(alice, "also the nice ones", rule=named)
    segment = await create_segment(alice, name="One person", rule=named)
    assert segment.description_source is DescriptionSource.SENTENCE
    await describe_segment("Buyers", "Customers who placed more than 5 orders", alice)
    assert server.requests
    told = " ".join(asked.text for asked in server.requests).casefold()
    kept = " ".join([call.prompt + call.reply + call.asked async for call in AiCall.find_all()]).casefold()
    for secret in ("zebedee", "quux", "1234567890", "zebby", "zeb@home"):
        assert secret not in told
        assert secret not in kept
    assert "pune" in told
