"""The AI log page: for owners alone, narrowed by filters, each line with all of its words."""

from __future__ import annotations

from nicegui import ui
from nicegui.testing import User

from app.ai.provider import REQUEST_MARK
from models import AiCall, Member
from tests.pages.conftest import UserOf
from tests.pages.seeing import column, table_rows, until


async def _calls(member: Member) -> None:
    for n, (purpose, outcome) in enumerate([("segment", "ok"), ("segment", "timeout"), ("copy", "ok")]):
        await AiCall(
            purpose=purpose,  # type: ignore[arg-type]  # one of the purposes
            provider="gemini",
            model="gemini-test",
            asked=f"question {n}",
            prompt=f"You are told{REQUEST_MARK}question {n}",
            reply=f"answer {n}",
            outcome=outcome,
            input_tokens=1000,
            output_tokens=n,
            took_ms=120,
            member_id=member.id,
        ).insert()


async def test_an_empty_log_says_what_it_is_for(user: User) -> None:
    await user.open("/ai-log")
    await user.should_see("Nothing has been asked yet", retries=30)


async def test_lines_and_totals(user: User, alice: Member) -> None:
    await _calls(alice)
    await user.open("/ai-log")
    await until(lambda: column(user, "asked") == ["question 2", "question 1", "question 0"])
    assert column(user, "tokens") == ["1,002", "1,001", "1,000"]
    await user.should_see("3,003")


async def test_filters_by_address(user: User, alice: Member) -> None:
    await _calls(alice)
    await user.open("/ai-log?purpose=segment&outcome=failed")
    await until(lambda: column(user, "asked") == ["question 1"])


async def test_a_line_opens_all_words(user: User, alice: Member) -> None:
    await _calls(alice)
    await user.open("/ai-log?purpose=copy")
    await until(lambda: column(user, "asked") == ["question 2"])
    user.find(ui.table).trigger("open", table_rows(user)[0]["key"])
    await user.should_see("answer 2", retries=30)
    await user.should_see("You are told")
    await user.should_see("1,000 tokens read, 2 written")


async def test_others_may_not(user_of: UserOf, bob: Member) -> None:
    marketer = await user_of(bob)
    assert (await marketer.http_client.get("/ai-log")).status_code == 403
