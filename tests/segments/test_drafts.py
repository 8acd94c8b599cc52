"""Drafts: one per member and segment, found by their member alone, gone after a save."""

from __future__ import annotations

from typing import Any

import pytest

from app.database import collection
from app.errors import InvalidInput, PermissionDenied, TooLarge
from app.segments.saved.drafts import LARGEST_BYTES, Work, discard_draft, find_draft, keep_draft
from app.segments.service import create_segment
from models import Member
from models.segment import DescriptionSource, RuleSource

UNFINISHED: dict[str, Any] = {
    "combinator": "and",
    "rules": [{"field": "city", "operator": "in", "value": []}, {"field": "", "operator": "", "value": None}],
}


async def test_unfinished_work_comes_back_as_it_was(alice: Member) -> None:
    work = Work(
        rule=UNFINISHED,
        name="Half",
        description="done",
        description_source=DescriptionSource.PERSON,
        source=RuleSource.GRAMMAR,
        prompt="people in",
    )
    await keep_draft(alice, None, work)
    draft = await find_draft(alice, None)
    assert draft is not None
    assert (draft.rule, draft.name, draft.description, draft.prompt) == (UNFINISHED, "Half", "done", "people in")
    assert (draft.source, draft.description_source) == (RuleSource.GRAMMAR, DescriptionSource.PERSON)
    assert draft.updated_at.tzinfo is not None


async def test_a_member_has_one_for_each_segment_and_one_for_a_new_one(alice: Member) -> None:
    segment = await create_segment(alice, name="S", rule={"combinator": "and", "rules": []})
    await keep_draft(alice, segment.id, Work(rule=UNFINISHED, name="first", base_version=1))
    await keep_draft(alice, segment.id, Work(rule=UNFINISHED, name="second", base_version=1))
    await keep_draft(alice, None, Work(rule=UNFINISHED, name="new"))
    found = await find_draft(alice, segment.id)
    assert found is not None
    assert (found.name, found.base_version) == ("second", 1)
    assert await collection("segment_drafts").count_documents({}) == 2


async def test_nobody_finds_or_discards_anothers(alice: Member, bob: Member) -> None:
    await keep_draft(alice, None, Work(rule=UNFINISHED))
    assert await find_draft(bob, None) is None
    await discard_draft(bob, None)
    assert await find_draft(alice, None) is not None
    await discard_draft(alice, None)
    assert await find_draft(alice, None) is None
    await discard_draft(alice, None)


async def test_who_may_only_look_keeps_none(charlie: Member) -> None:
    with pytest.raises(PermissionDenied):
        await keep_draft(charlie, None, Work(rule=UNFINISHED))
    with pytest.raises(PermissionDenied):
        await find_draft(charlie, None)


async def test_what_cannot_be_a_segment_or_is_too_large_is_refused(alice: Member) -> None:
    with pytest.raises(InvalidInput):
        await keep_draft(alice, "nonsense", Work(rule=UNFINISHED))
    with pytest.raises(TooLarge):
        await keep_draft(alice, None, Work(rule={"combinator": "and", "rules": ["x" * LARGEST_BYTES]}))
    assert await find_draft(alice, None) is None


async def test_it_is_forgotten_after_a_month(alice: Member) -> None:
    indexes = await collection("segment_drafts").index_information()
    assert [index.get("expireAfterSeconds") for index in indexes.values()] == [None, 30 * 24 * 3600]
