"""Segments are created, changed, listed and deleted, and say no where they should."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bson import ObjectId

from app.database import collection
from app.errors import Conflict, InvalidInput, NotFound, PermissionDenied, RuleError
from app.segments.catalogue import forget_catalogue
from app.segments.service import (
    create_segment,
    delete_segment,
    get_segment,
    list_segments,
    refresh_size,
    regenerate_description,
    update_segment,
)
from models import Campaign, Customer, Member, Segment
from models.campaign import CampaignState
from models.segment import DescriptionSource, RuleSource
from tests.segments.test_rule import condition, group

PUNE = condition("city", "=", "Pune")
DELHI = condition("city", "=", "Delhi")


@pytest.fixture(autouse=True)
async def shop(database: object) -> None:
    """One customer in Pune."""
    forget_catalogue()
    await Customer(first_name="Ida", city="Pune").insert()


async def test_a_segment_is_saved_in_canonical_form_with_its_sentence_and_size(bob: Member) -> None:
    made = await create_segment(bob, name="  Near   us ", rule=PUNE, source="grammar", prompt="people in Pune")
    stored = await get_segment(bob, str(made.id))
    assert (stored.name, stored.name_folded) == ("Near us", "near us")
    assert stored.rule == group(PUNE)
    assert stored.sentence == "Customers who live in Pune"
    assert (stored.description, stored.description_source) == (stored.sentence, DescriptionSource.SENTENCE)
    assert (stored.source, stored.prompt, stored.created_by) == (RuleSource.GRAMMAR, "people in Pune", bob.id)
    assert (stored.size, stored.version) == (1, 1)
    assert stored.sized_at is not None


async def test_a_viewer_reads_and_does_not_write(bob: Member, charlie: Member) -> None:
    made = await create_segment(bob, name="Pune", rule=PUNE)
    assert (await get_segment(charlie, made.id)).name == "Pune"
    assert len((await list_segments(charlie))[0]) == 1
    for refused in (
        create_segment(charlie, name="x", rule=PUNE),
        update_segment(charlie, made.id, name="x"),
        delete_segment(charlie, made.id),
        regenerate_description(charlie, name="x", rule=PUNE),
    ):
        with pytest.raises(PermissionDenied):
            await refused


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a\0b", "\ud800", None, 3])
async def test_a_name_has_1_to_120_characters(bob: Member, name: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        await create_segment(bob, name=name, rule=PUNE)
    assert caught.value.errors[0].field == "name"
    assert await Segment.count() == 0


async def test_a_name_is_there_once_whatever_its_case(bob: Member) -> None:
    await create_segment(bob, name="Straße", rule=PUNE)
    other = await create_segment(bob, name="Other", rule=PUNE)
    for refused in (
        create_segment(bob, name="STRASSE", rule=PUNE),
        update_segment(bob, other.id, name="strasse"),
    ):
        with pytest.raises(Conflict) as caught:
            await refused
        assert caught.value.errors[0].field == "name"
    assert (await update_segment(bob, other.id, name="OTHER")).name == "OTHER"


async def test_a_name_is_there_once_when_two_save_at_the_same_time(bob: Member) -> None:
    saves = await asyncio.gather(
        *(create_segment(bob, name="Same", rule=PUNE) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(save, Segment) for save in saves) == 1
    assert sum(isinstance(save, Conflict) for save in saves) == 3


async def test_a_wrong_rule_writes_nothing(bob: Member) -> None:
    with pytest.raises(RuleError) as caught:
        await create_segment(bob, name="x", rule=condition("cty", "=", "Pune"))
    assert caught.value.errors[0].field == "field"
    made = await create_segment(bob, name="x", rule=PUNE)
    with pytest.raises(RuleError):
        await update_segment(bob, made.id, name="y", rule=group(group()))
    assert await get_segment(bob, made.id) == made
    for change in ({"size": 3}, {"version_": 1}, {"source": "magic"}, {"description": 3}):
        with pytest.raises(InvalidInput):
            await update_segment(bob, made.id, **change)  # type: ignore[arg-type]


async def test_a_generated_description_follows_the_rule(bob: Member) -> None:
    made = await create_segment(bob, name="x", rule=PUNE)
    changed = await update_segment(bob, made.id, version=1, rule=DELHI, description=made.description)
    assert changed.description == changed.sentence == "Customers who live in Delhi"
    assert changed.description_source is DescriptionSource.SENTENCE
    assert (changed.version, changed.size) == (2, 0)


async def test_what_a_person_wrote_stays(bob: Member) -> None:
    made = await create_segment(bob, name="x", rule=PUNE, description=" Our neighbours ")
    assert (made.description, made.description_source) == ("Our neighbours", DescriptionSource.PERSON)
    changed = await update_segment(bob, made.id, rule=DELHI)
    assert (changed.description, changed.description_source) == ("Our neighbours", DescriptionSource.PERSON)
    again = await update_segment(bob, made.id, description="Capital")
    assert (again.description, again.description_source) == ("Capital", DescriptionSource.PERSON)
    emptied = await update_segment(bob, made.id, description="")
    assert (emptied.description, emptied.description_source) == (emptied.sentence, DescriptionSource.SENTENCE)


async def test_a_description_made_by_the_button_is_still_a_generated_one(bob: Member) -> None:
    text, source = await regenerate_description(bob, name="x", rule=PUNE)
    assert (text, source) == ("Customers who live in Pune", DescriptionSource.SENTENCE)
    made = await create_segment(bob, name="x", rule=PUNE, description=text)
    assert made.description_source is DescriptionSource.SENTENCE


async def test_an_older_version_does_not_win(alice: Member, bob: Member) -> None:
    made = await create_segment(bob, name="x", rule=PUNE)
    await update_segment(alice, made.id, version=1, name="y")
    with pytest.raises(Conflict):
        await update_segment(bob, made.id, version=1, name="z")
    saves = await asyncio.gather(
        *(update_segment(bob, made.id, version=2, prompt=f"{n}") for n in range(4)), return_exceptions=True
    )
    assert sum(isinstance(save, Segment) for save in saves) == 1
    assert (await get_segment(bob, made.id)).version == 3


async def test_a_segment_in_use_is_not_deleted(bob: Member) -> None:
    inner = await create_segment(bob, name="Inner", rule=PUNE)
    outer = await create_segment(bob, name="Outer", rule=group(condition("segment", "notIn", str(inner.id))))
    with pytest.raises(Conflict, match="Outer"):
        await delete_segment(bob, inner.id)
    campaign = await Campaign(name="Spring", exclude_segment_ids=[outer.id]).insert()
    with pytest.raises(Conflict, match="Spring"):
        await delete_segment(bob, outer.id)
    await campaign.set({"state": CampaignState.DONE})
    await delete_segment(bob, outer.id)
    await delete_segment(bob, inner.id)
    for missing in (inner.id, ObjectId(), "nonsense", "", None):
        with pytest.raises(NotFound):
            await get_segment(bob, missing)


async def test_segments_do_not_refer_to_each_other_in_a_circle(bob: Member) -> None:
    first = await create_segment(bob, name="First", rule=PUNE)
    second = await create_segment(bob, name="Second", rule=condition("segment", "in", str(first.id)))
    with pytest.raises(RuleError, match="First → Second → First"):
        await update_segment(bob, first.id, rule=condition("segment", "in", str(second.id)))
    with pytest.raises(RuleError, match="First → First"):
        await update_segment(bob, first.id, rule=condition("segment", "in", str(first.id)))
    assert (await get_segment(bob, first.id)).version == 1


async def test_the_list_is_searched_and_paged(bob: Member) -> None:
    for name in ("Alpha", "Beta (1)", "Alphabet"):
        await create_segment(bob, name=name, rule=PUNE)
    page, cursor = await list_segments(bob, limit=2)
    rest, none = await list_segments(bob, limit=2, cursor=cursor)
    assert [segment.name for segment in (*page, *rest)] == ["Alphabet", "Beta (1)", "Alpha"]
    assert none is None
    assert {segment.name for segment in (await list_segments(bob, search="ALPHA"))[0]} == {"Alpha", "Alphabet"}
    assert [segment.name for segment in (await list_segments(bob, search="(1)"))[0]] == ["Beta (1)"]
    for wrong in ({"limit": 0}, {"cursor": "x"}):
        with pytest.raises(InvalidInput):
            await list_segments(bob, **wrong)  # type: ignore[arg-type]


async def test_the_size_is_counted_again(charlie: Member, bob: Member) -> None:
    made = await create_segment(bob, name="x", rule=PUNE)
    await Customer(first_name="Eve", city="pune").insert()
    assert (await refresh_size(charlie, made.id)).size == 2
    row = await collection("segments").find_one({"_id": made.id})
    assert row is not None
    assert (row["size"], row["version"]) == (2, 1)
