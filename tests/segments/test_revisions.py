"""Every save leaves a revision; one can be brought back; nothing that is referred to goes away."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bson import ObjectId

from app.campaigns.life.service import create_campaign, update_campaign
from app.database import collection
from app.errors import CohortError, Conflict, InvalidInput, NotFound, PermissionDenied, RuleError
from app.segments.catalogue import forget_catalogue
from app.segments.saved.revisions import Step, get_revision, list_revisions
from app.segments.service import (
    create_segment,
    delete_segment,
    get_segment,
    refresh_size,
    restore_segment,
    update_segment,
)
from app.settings import Settings, use_settings
from models import Campaign, Customer, Member, Segment, SegmentRevision
from models.segment import DescriptionSource, RuleSource
from tests.segments.test_rule import condition, group

PUNE = condition("city", "=", "Pune")
DELHI = condition("city", "=", "Delhi")
RICH = condition("total_spent", ">", 1000)


@pytest.fixture(autouse=True)
async def shop(database: object) -> None:
    """One customer in Pune."""
    forget_catalogue()
    await Customer(first_name="Ida", city="Pune").insert()


async def history(member: Member, segment: Segment) -> list[Step]:
    return (await list_revisions(member, segment.id, limit=200))[0]


class TestKeeping:
    async def test_each_save_is_a_revision_with_who_when_and_how(
        self, alice: Member, bob: Member, settings: Settings
    ) -> None:
        use_settings(settings.model_copy(update={"gemini_model": "gemini-x"}))
        made = await create_segment(bob, name="Near", rule=PUNE, source="gemini", prompt="people in Pune")
        changed = await update_segment(alice, made.id, rule=group(PUNE, RICH), name="Nearer")
        newest, first = await history(alice, made)
        one, two = first.revision, newest.revision
        assert (one.number, one.saved_by, one.saved_by_name, one.saved_at) == (1, bob.id, "Bob", made.updated_at)
        assert (one.source, one.model, one.prompt) == (RuleSource.GEMINI, "gemini-x", "people in Pune")
        assert (one.name, one.rule, one.sentence, one.size) == ("Near", made.rule, made.sentence, 1)
        assert (two.number, two.saved_by_name, two.saved_at) == (2, "Alice", changed.updated_at)
        assert (two.source, two.model, two.prompt) == (RuleSource.HAND, None, None)
        assert (two.name, two.rule, two.size) == ("Nearer", changed.rule, 0)
        assert first.changes is None
        assert newest.renamed_from == "Near"
        assert [change.as_text() for change in newest.changes or ()] == ["Added: total spent is more than $1,000"]

    async def test_a_save_of_the_page_keeps_the_source_it_names(self, bob: Member) -> None:
        made = await create_segment(bob, name="x", rule=PUNE, source="grammar", prompt="in Pune")
        changed = await update_segment(bob, made.id, name="y", rule=PUNE, source="grammar", prompt="in Pune")
        assert (changed.source, changed.prompt) == (RuleSource.GRAMMAR, "in Pune")
        step = (await history(bob, made))[0]
        assert (step.changes, step.described_anew, step.renamed_from) == ((), False, "x")

    async def test_a_save_that_fails_leaves_none(self, bob: Member, charlie: Member) -> None:
        made = await create_segment(bob, name="x", rule=PUNE)
        await create_segment(bob, name="y", rule=PUNE)
        for refused in (
            update_segment(bob, made.id, name="y"),
            update_segment(bob, made.id, version=7, name="z"),
            update_segment(bob, made.id, rule=condition("cty", "=", "x")),
            update_segment(charlie, made.id, name="z"),
            create_segment(bob, name="y", rule=PUNE),
        ):
            with pytest.raises(CohortError):
                await refused
        assert await SegmentRevision.count() == 2

    async def test_of_saves_at_the_same_time_one_wins_and_is_kept(self, bob: Member) -> None:
        made = await create_segment(bob, name="x", rule=PUNE)
        saves = await asyncio.gather(
            *(update_segment(bob, made.id, version=1, name=f"x{n}") for n in range(5)), return_exceptions=True
        )
        won = [save for save in saves if isinstance(save, Segment)]
        assert len(won) == 1
        assert [type(save) for save in saves].count(Conflict) == 4
        assert [step.revision.name for step in await history(bob, made)] == [won[0].name, "x"]

    async def test_a_count_is_no_revision(self, bob: Member) -> None:
        made = await create_segment(bob, name="x", rule=PUNE)
        await refresh_size(bob, made.id)
        assert len(await history(bob, made)) == 1

    async def test_a_segment_from_before_gets_its_first_revision(self, bob: Member, charlie: Member) -> None:
        made = await create_segment(bob, name="Old", rule=PUNE)
        await collection("segment_revisions").delete_many({})
        await collection("segments").update_one({"_id": made.id}, {"$set": {"version": 5}})
        histories = await asyncio.gather(*(history(charlie, made) for _ in range(4)))
        assert all([step.revision.number for step in steps] == [5] for steps in histories)
        assert await SegmentRevision.count() == 1

    async def test_it_gets_it_with_the_next_save_too(self, bob: Member) -> None:
        made = await create_segment(bob, name="Old", rule=PUNE)
        await collection("segment_revisions").delete_many({})
        await update_segment(bob, made.id, rule=DELHI)
        assert [step.revision.number for step in await history(bob, made)] == [2, 1]
        assert [change.as_text() for change in (await history(bob, made))[0].changes or ()] == [
            "Changed: city is Pune → Delhi"
        ]


class TestReading:
    async def test_pages(self, bob: Member, charlie: Member) -> None:
        made = await create_segment(bob, name="x", rule=PUNE)
        for n in range(4):
            await update_segment(bob, made.id, rule=condition("total_spent", ">", n))
        page, cursor = await list_revisions(charlie, made.id, limit=2)
        following, cursor = await list_revisions(charlie, made.id, limit=2, cursor=cursor)
        last, none = await list_revisions(charlie, made.id, limit=2, cursor=cursor)
        assert [[step.revision.number for step in part] for part in (page, following, last)] == [[5, 4], [3, 2], [1]]
        assert none is None
        # The last of a page is told by what changed since one that is on the next.
        assert [change.as_text() for change in page[1].changes or ()] == ["Changed: total spent is more than $1 → $2"]

    async def test_one_by_its_number(self, bob: Member, charlie: Member) -> None:
        made = await create_segment(bob, name="x", rule=PUNE)
        await update_segment(bob, made.id, rule=DELHI)
        step = await get_revision(charlie, made.id, 2)
        assert (step.revision.number, len(step.changes or ())) == (2, 1)
        for number in (0, 3, -1, 10**30):
            with pytest.raises(NotFound):
                await get_revision(charlie, made.id, number)
        with pytest.raises(NotFound):
            await list_revisions(charlie, ObjectId())
        for wrong in ({"limit": 0}, {"limit": 201}, {"cursor": "x"}):
            with pytest.raises(InvalidInput):
                await list_revisions(charlie, made.id, **wrong)  # type: ignore[arg-type]

    async def test_a_rule_that_cannot_be_read_any_more_is_told_by_its_sentence(self, bob: Member) -> None:
        inner = await create_segment(bob, name="Inner", rule=PUNE)
        outer = await create_segment(bob, name="Outer", rule=condition("segment", "in", str(inner.id)))
        await update_segment(bob, outer.id, rule=PUNE)
        await delete_segment(bob, inner.id)
        newest = (await history(bob, outer))[0]
        assert [change.as_text() for change in newest.changes or ()] == [
            "Changed: Customers who are in the segment “Inner” → live in Pune"
        ]
        with pytest.raises(RuleError, match="not a segment of this shop"):
            await restore_segment(bob, outer.id, revision=1)


class TestRestoring:
    async def test_it_is_a_new_revision_that_equals_the_old(self, alice: Member, bob: Member) -> None:
        made = await create_segment(bob, name="Near", rule=PUNE, description="Ours", source="grammar", prompt="Pune")
        await update_segment(bob, made.id, rule=DELHI, name="Far", description="Theirs")
        back = await restore_segment(alice, made.id, revision=1, version=2)
        assert (back.version, back.name, back.rule, back.description) == (3, "Near", made.rule, "Ours")
        assert (back.description_source, back.source, back.prompt) == (
            DescriptionSource.PERSON,
            RuleSource.GRAMMAR,
            "Pune",
        )
        newest = (await history(bob, made))[0].revision
        assert (newest.number, newest.restored_from, newest.saved_by_name) == (3, 1, "Alice")
        assert (await get_segment(bob, made.id)).sentence == made.sentence

    async def test_it_is_refused(self, bob: Member, charlie: Member) -> None:
        made = await create_segment(bob, name="Near", rule=PUNE)
        await update_segment(bob, made.id, name="Far")
        with pytest.raises(Conflict):
            await restore_segment(bob, made.id, revision=1, version=1)
        with pytest.raises(PermissionDenied):
            await restore_segment(charlie, made.id, revision=1)
        with pytest.raises(NotFound):
            await restore_segment(bob, made.id, revision=9)
        await create_segment(bob, name="Near", rule=PUNE)
        with pytest.raises(Conflict, match="Near"):
            await restore_segment(bob, made.id, revision=1)
        assert (await get_segment(bob, made.id)).version == 2


def refusals(results: list[Any]) -> list[str]:
    """What was refused, in words; anything else that was raised fails the test."""
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, Conflict | InvalidInput | NotFound):
            raise result
    return [str(result) for result in results if isinstance(result, BaseException)]


class TestAtTheSameTime:
    @pytest.mark.parametrize("turn", range(6))
    async def test_no_circle_closes(self, bob: Member, turn: int) -> None:
        one, two, three = [await create_segment(bob, name=f"S{n}", rule=PUNE) for n in range(3)]
        pairs = [(one, two), (two, three), (three, one)]
        results = await asyncio.gather(
            *(update_segment(bob, a.id, rule=condition("segment", "in", str(b.id))) for a, b in pairs),
            return_exceptions=True,
        )
        said = refusals(results)
        assert len(said) == 1
        assert "circle" in said[0]

    @pytest.mark.parametrize("turn", range(6))
    async def test_nothing_refers_to_a_segment_that_is_gone(self, bob: Member, turn: int) -> None:
        made = await create_segment(bob, name="Gone", rule=PUNE)
        other = await create_segment(bob, name="Other", rule=PUNE)
        draft = await create_campaign(bob, {"name": "D", "subject": "Hi", "body": "Hello"})
        chosen = {"segment_ids": [str(made.id)]}
        await asyncio.sleep(0)
        results = await asyncio.gather(
            create_campaign(bob, {"name": "C", "subject": "Hi", "body": "Hello", **chosen}),
            delete_segment(bob, made.id),
            update_campaign(bob, draft.id, chosen),  # type: ignore[arg-type]
            update_segment(bob, other.id, rule=condition("segment", "in", str(made.id))),
            create_segment(bob, name="New", rule=condition("segment", "notIn", str(made.id))),
            return_exceptions=True,
        )
        refusals(results)
        there = await collection("segments").find_one({"_id": made.id})
        campaigns = await Campaign.find({"segment_ids": made.id}).count()
        rules = [segment.rule for segment in await Segment.find_all().to_list()]
        referring = campaigns + sum(str(made.id) in str(rule) for rule in rules)
        assert (there is None) == (results[1] is None)
        assert there is not None or referring == 0
        assert there is None or referring > 0

    async def test_revisions_of_a_deleted_segment_stay(self, bob: Member) -> None:
        made = await create_segment(bob, name="Gone", rule=PUNE)
        await delete_segment(bob, made.id)
        assert await SegmentRevision.find({"segment_id": made.id}).count() == 1
        with pytest.raises(NotFound):
            await list_revisions(bob, made.id)
        with pytest.raises(NotFound):
            await delete_segment(bob, made.id)
