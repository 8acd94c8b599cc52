"""Working in the builder: undo, drafts, refining by words, questions, and what each condition costs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from nicegui.elements.mixins.text_element import TextElement
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from app.ai.suggestion import Suggestion
from app.customers.service import create_customer
from app.database import collection
from app.errors import Unavailable
from app.segments.catalogue import forget_catalogue
from app.segments.catalogue.value_counts import forget_value_counts
from app.segments.saved.drafts import Work, find_draft, keep_draft
from app.segments.service import create_segment, get_segment, update_segment
from models import Member, Segment
from pages.segment_editor import prompt as prompt_box
from pages.segment_editor import unsaved
from pages.segment_editor.shortcuts import Shortcuts
from tests.pages.controls import control, controls, press, press_words, sees, words
from tests.pages.seeing import until

RULE: dict[str, Any] = {
    "combinator": "and",
    "rules": [
        {"field": "city", "operator": "=", "value": "Pune"},
        {"field": "email_opt_in", "operator": "=", "value": True},
    ],
}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsaved, "PAUSE_SECONDS", 0.01)
    forget_catalogue()
    forget_value_counts()


@pytest.fixture
async def segment(alice: Member) -> Segment:
    """Three in Pune, of whom one accepts email."""
    for n, city in enumerate(("Pune", "Pune", "Pune", "Lyon")):
        fields = {"first_name": f"P{n}", "email": f"p{n}@example.com", "city": city, "email_opt_in": n in (0, 3)}
        await create_customer(alice, fields)
    return await create_segment(alice, name="Reachable in Pune", rule=RULE)


async def _open(user: User, segment: Segment, count: str = "1") -> None:
    await user.open(f"/segments/{segment.id}")
    await _count(user, count)


async def _count(user: User, count: str) -> None:
    await until(lambda: words(user, "segment-count") == count, f"a count of {count}")


def _key(user: User, **detail: Any) -> None:
    assert user.client is not None
    (shortcuts,) = [e for e in user.client.elements.values() if isinstance(e, Shortcuts)]
    UserInteraction(user, {shortcuts}, None).trigger("builder", detail)


def _nodes(user: User) -> list[int]:
    """The identities of the conditions on screen."""
    assert user.client is not None
    rows = [e for e in user.client.elements.values() if "cond" in e.classes]
    return [int(row.props["data-node"]) for row in rows]


class TestUndo:
    async def test_by_button_and_by_key(self, user: User, segment: Segment) -> None:
        await _open(user, segment)
        press(user, controls(user, "Remove condition")[1])
        await _count(user, "3")
        press(user, control(user, "Undo (Ctrl Z)"))
        await _count(user, "1")
        assert not sees(user, "Unsaved changes")
        _key(user, do="redo")
        await _count(user, "3")
        _key(user, do="undo")
        await _count(user, "1")

    async def test_keys_work_on_the_condition_they_name(self, user: User, segment: Segment) -> None:
        await _open(user, segment)
        city, consent = _nodes(user)
        _key(user, do="duplicate", node=consent)
        await until(lambda: len(_nodes(user)) == 3)
        _key(user, do="negate", node=city)
        await until(lambda: words(user, "segment-sentence").startswith("Customers who do not live in Pune"))
        _key(user, do="remove", node=city)
        await _count(user, "2")
        _key(user, do="remove", node=12345678)
        _key(user, do="nonsense", node=consent)
        _key(user, do="move", node=consent, group="x")
        await _count(user, "2")

    async def test_ctrl_s_saves(self, user: User, alice: Member, segment: Segment) -> None:
        await _open(user, segment)
        press(user, controls(user, "Remove condition")[1])
        _key(user, do="save")
        await user.should_see("Segment saved", retries=30)
        assert len((await get_segment(alice, segment.id)).rule["rules"]) == 1


class TestDraft:
    async def _left_behind(self, user: User, alice: Member, segment: Segment) -> None:
        await _open(user, segment)
        press(user, controls(user, "Remove condition")[1])
        await user.should_see("kept as your draft", retries=30)
        draft = await find_draft(alice, segment.id)
        assert draft is not None
        assert len(draft.rule["rules"]) == 1

    async def test_it_is_offered_and_restored_and_gone_after_a_save(
        self, user: User, alice: Member, segment: Segment
    ) -> None:
        await self._left_behind(user, alice, segment)
        await _open(user, segment)
        await user.should_see("You have unsaved changes from just now", retries=30)
        press_words(user, "Restore")
        await _count(user, "3")
        assert not sees(user, "You have unsaved changes")
        user.find("Save segment").click()
        await user.should_see("Segment saved", retries=30)
        assert await find_draft(alice, segment.id) is None

    async def test_discarded_it_does_not_come_again(self, user: User, alice: Member, segment: Segment) -> None:
        await self._left_behind(user, alice, segment)
        await _open(user, segment)
        await user.should_see("You have unsaved changes", retries=30)
        press_words(user, "Discard")
        await user.should_not_see("You have unsaved changes", retries=30)
        assert await find_draft(alice, segment.id) is None
        await _count(user, "1")

    async def test_work_while_it_is_offered_does_not_take_its_place(
        self, user: User, alice: Member, segment: Segment
    ) -> None:
        await self._left_behind(user, alice, segment)
        await _open(user, segment)
        await user.should_see("You have unsaved changes", retries=30)
        press(user, controls(user, "Remove condition")[0])
        await _count(user, "2")
        draft = await find_draft(alice, segment.id)
        assert draft is not None
        assert draft.rule["rules"][0]["field"] == "city"

    async def test_a_newer_version_is_mentioned_and_not_replaced_unasked(
        self, user: User, alice: Member, segment: Segment
    ) -> None:
        await keep_draft(alice, segment.id, Work(rule=RULE, name="Mine", base_version=segment.version))
        await update_segment(alice, segment.id, name="Theirs")
        await _open(user, segment)
        await user.should_see("was saved again since then", retries=30)
        press_words(user, "Restore")
        await until(lambda: control(user, "Name").value == "Mine")
        user.find("Save segment").click()
        await user.should_see("Someone else saved this segment meanwhile", retries=30)
        assert (await get_segment(alice, segment.id)).name == "Theirs"

    async def test_undoing_everything_leaves_no_draft(self, user: User, alice: Member, segment: Segment) -> None:
        await self._left_behind(user, alice, segment)
        _key(user, do="undo")
        await _count(user, "1")
        async with asyncio.timeout(5):
            while await collection("segment_drafts").count_documents({}):
                await asyncio.sleep(0.02)


class TestRefining:
    async def test_what_changed_is_said_and_can_be_undone(self, user: User, segment: Segment) -> None:
        await _open(user, segment)
        control(user, "Describe who you want").value = "also spent less than 100"
        press_words(user, "Change this rule")
        await user.should_see("Added:", retries=50)
        await until(lambda: len(_nodes(user)) == 3)
        assert control(user, "Describe who you want").value == ""
        press_words(user, "Undo")
        await until(lambda: len(_nodes(user)) == 2)
        assert not sees(user, "Unsaved changes")
        assert control(user, "Describe who you want").value == "also spent less than 100"

    async def test_a_question_is_answered_in_its_place(self, user: User, segment: Segment) -> None:
        await user.open("/segments/new")
        await _count(user, "4")
        control(user, "Describe who you want").value = "spent more than €500"
        press_words(user, "Find them")
        await until(lambda: controls(user, "Your answer"))
        control(user, "Your answer").value = "550"
        press_words(user, "Answer")
        await until(lambda: words(user, "segment-sentence").startswith("Customers who spent more than $550"))

    async def test_a_request_can_be_cancelled(
        self, user: User, segment: Segment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        began, ended = asyncio.Event(), asyncio.Event()

        async def slow(*_: Any, **__: Any) -> Suggestion:
            began.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            raise AssertionError

        monkeypatch.setattr(prompt_box, "suggest_segment", slow)
        await _open(user, segment)
        control(user, "Describe who you want").value = "people in Lyon"
        press_words(user, "Start over")
        await asyncio.wait_for(began.wait(), 5)
        assert sees(user, "Reading your words")
        press_words(user, "Cancel")
        await user.should_see("Cancelled. Your words are kept", retries=30)
        await asyncio.wait_for(ended.wait(), 5)
        assert control(user, "Describe who you want").value == "people in Lyon"
        assert len(_nodes(user)) == 2

    async def test_a_provider_that_fails_is_named_and_the_words_stay(
        self, user: User, segment: Segment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def away(*_: Any, **__: Any) -> Suggestion:
            raise Unavailable("Gemini does not answer.")

        monkeypatch.setattr(prompt_box, "suggest_segment", away)
        await _open(user, segment)
        control(user, "Describe who you want").value = "people in Lyon"
        press_words(user, "Start over")
        await user.should_see("Gemini does not answer.", retries=30)
        assert control(user, "Describe who you want").value == "people in Lyon"
        monkeypatch.undo()
        press_words(user, "Try again")
        await until(lambda: words(user, "segment-sentence") == "Customers who live in Lyon")


class TestCosts:
    async def test_each_condition_says_what_it_selects_alone(self, user: User, segment: Segment) -> None:
        await _open(user, segment)

        def counts() -> list[tuple[str, bool]]:
            assert user.client is not None
            found = [e for e in user.client.elements.values() if "cond-count" in e.classes]
            return [(e.text, "most" in e.classes) for e in found if isinstance(e, TextElement)]

        await until(lambda: counts() == [("3", False), ("2", True)], "the counts, and the mark on the costliest")
        await user.should_see("2 more miss only", retries=30)
        await user.should_see("1 more misses only")

    async def test_the_menu_of_values_says_how_many(self, user: User, segment: Segment) -> None:
        await _open(user, segment)
        UserInteraction(user, {control(user, "City")}, None).trigger("popupShow")

        def options() -> list[tuple[str, str]]:
            return [(option["label"], option["n"]) for option in control(user, "City").props["options"]]

        await until(lambda: options() == [("Pune", "3"), ("Lyon", "1")], "the numbers")
