"""The segment builder: words, rule, people, saving."""

from __future__ import annotations

from typing import Any

from nicegui.elements.mixins.text_element import TextElement
from nicegui.testing import User

from app.customers.service import create_customer
from app.segments.service import create_segment, update_segment
from models import Member, Segment
from models.segment import DescriptionSource, RuleSource
from tests.pages.controls import control, press, press_words, sees, words
from tests.pages.seeing import until

IN_PUNE: dict[str, Any] = {"combinator": "and", "rules": [{"field": "city", "operator": "=", "value": "Pune"}]}


async def _people(alice: Member) -> None:
    for n, city in enumerate(("Pune", "Pune", "Lyon")):
        fields = {"first_name": f"Person{n}", "email": f"p{n}@example.com", "city": city, "email_opt_in": n == 0}
        await create_customer(alice, fields)


async def _count(user: User, count: str) -> None:
    await until(lambda: words(user, "segment-count") == count, f"a count of {count}")


async def _ask(user: User, prompt: str, verb: str = "Find them") -> None:
    control(user, "Describe who you want").value = prompt
    press_words(user, verb)


async def _add(user: User, field: str) -> None:
    user.find("Add condition").click()
    await until(lambda: sees(user, "Activity"), "the picker")
    press_words(user, field)


class TestWords:
    async def test_words_become_a_rule_with_its_people(self, user: User, alice: Member) -> None:
        await _people(alice)
        await user.open("/segments/new")
        await _count(user, "3")
        await _ask(user, "people in Pune")
        await _count(user, "2")
        await user.should_see("Built by rules, no AI configured")
        await user.should_see("Customers who live in Pune")
        await user.should_see("p1@example.com")
        await user.should_not_see("p2@example.com")

    async def test_what_is_not_understood_is_named_and_nothing_changes(self, user: User, alice: Member) -> None:
        await _people(alice)
        await user.open("/segments/new")
        await _ask(user, "people with blue eyes")
        await until(lambda: [e.text for e in user.find(kind=TextElement).elements if e.tag == "mark"] == ["blue eyes"])
        assert control(user, "Describe who you want").value == "people with blue eyes"
        await _count(user, "3")

    async def test_an_assumption_can_be_turned(self, user: User, alice: Member) -> None:
        await _people(alice)
        await user.open("/segments/new")
        await _ask(user, "people who have not ordered for 90 days")
        await user.should_see("Assumed", retries=30)
        await _count(user, "0")
        press_words(user, "People who never ordered are not in.")
        await until(lambda: words(user, "segment-count") == "3", "those who never ordered")

    async def test_what_words_replaced_can_be_brought_back(self, user: User, alice: Member) -> None:
        await _people(alice)
        segment = await create_segment(alice, name="In Pune", rule=IN_PUNE)
        await user.open(f"/segments/{segment.id}")
        await _ask(user, "people in Lyon", "Start over")
        await _count(user, "1")
        press_words(user, "Undo")
        await _count(user, "2")
        await user.should_not_see("Unsaved changes")


class TestRule:
    async def test_a_condition_counts_at_once(self, user: User, alice: Member) -> None:
        await _people(alice)
        await user.open("/segments/new")
        await _add(user, "Accepts email")
        await _count(user, "1")

    async def test_an_unfinished_condition_leaves_the_people_and_cannot_be_saved(
        self, user: User, alice: Member
    ) -> None:
        await _people(alice)
        await user.open("/segments/new")
        await _count(user, "3")
        await _add(user, "Phone")
        await user.should_see("still the people from before", retries=30)
        await user.should_see("Enter a value")
        await _count(user, "3")
        control(user, "Name").value = "By phone"
        user.find("Save segment").click()
        await user.should_see("Fill in or remove the conditions that are marked", retries=30)
        assert await Segment.count() == 0

    async def test_a_refused_value_is_marked_where_it_is(self, user: User, alice: Member) -> None:
        await _people(alice)
        await user.open("/segments/new")
        await _add(user, "Age")
        control(user, "Age").value = "500"
        await user.should_see("Should be an age in years", retries=30)
        await user.should_see("A condition cannot be used as it is")
        control(user, "Age").value = "50"
        await user.should_not_see("Should be an age in years", retries=60)
        await _count(user, "0")

    async def test_removing_a_condition_widens_it(self, user: User, alice: Member) -> None:
        await _people(alice)
        segment = await create_segment(alice, name="In Pune", rule=IN_PUNE)
        await user.open(f"/segments/{segment.id}")
        await _count(user, "2")
        press(user, control(user, "Remove condition"))
        await _count(user, "3")
        await user.should_see("Everyone, so far")
        await user.should_see("Unsaved changes")


class TestSaving:
    async def test_a_new_segment_keeps_its_words_and_gets_a_description(self, user: User, alice: Member) -> None:
        await _people(alice)
        await user.open("/segments/new")
        await _ask(user, "people in Pune")
        await _count(user, "2")
        assert control(user, "Name").value == "People in Pune"
        user.find("Save segment").click()
        await user.should_see("Segment saved", retries=30)
        saved = await Segment.find_one()
        assert saved is not None
        assert (saved.source, saved.prompt, saved.size) == (RuleSource.GRAMMAR, "people in Pune", 2)
        assert saved.description == "Customers who live in Pune"
        assert saved.description_source is DescriptionSource.SENTENCE

    async def test_a_name_is_asked_for(self, user: User) -> None:
        await user.open("/segments/new")
        user.find("Save segment").click()
        await until(lambda: control(user, "Name").error == "Give the segment a name")

    async def test_a_taken_name_is_said_at_the_field(self, user: User, alice: Member) -> None:
        await create_segment(alice, name="Regulars", rule=IN_PUNE)
        await user.open("/segments/new")
        control(user, "Name").value = "regulars"
        user.find("Save segment").click()
        await until(lambda: control(user, "Name").error == "Another segment has this name")

    async def test_writing_again_asks_before_it_replaces_a_persons_words_and_saves_nothing(
        self, user: User, alice: Member
    ) -> None:
        segment = await create_segment(alice, name="In Pune", rule=IN_PUNE, description="Ours")
        await user.open(f"/segments/{segment.id}")
        await user.should_see("Written by hand", retries=30)
        user.find("Write again").click()
        await user.should_see("Replace the description", retries=30)
        user.find("Keep mine").click()
        await user.should_not_see("Replace the description", retries=30)
        assert control(user, "Description").value == "Ours"
        user.find("Write again").click()
        await user.should_see("Replace the description", retries=30)
        user.find("Write a new one").click()
        await until(lambda: control(user, "Description").value == "Customers who live in Pune")
        again = await Segment.get(segment.id)
        assert again is not None
        assert again.description == "Ours"

    async def test_somebody_elses_newer_version_is_not_overwritten_unasked(self, user: User, alice: Member) -> None:
        segment = await create_segment(alice, name="In Pune", rule=IN_PUNE)
        await user.open(f"/segments/{segment.id}")
        await update_segment(alice, segment.id, name="In Pune now")
        control(user, "Name").value = "Mine"
        user.find("Save segment").click()
        await user.should_see("Someone else saved this segment meanwhile", retries=30)
        unchanged = await Segment.get(segment.id)
        assert unchanged is not None
        assert unchanged.name == "In Pune now"
        user.find("Replace their version").click()
        await user.should_see("Segment saved", retries=30)
        replaced = await Segment.get(segment.id)
        assert replaced is not None
        assert replaced.name == "Mine"


class TestViewer:
    async def test_who_may_only_look_sees_the_sentence_and_the_people(self, viewer: User, alice: Member) -> None:
        await _people(alice)
        segment = await create_segment(alice, name="In Pune", rule=IN_PUNE)
        await viewer.open(f"/segments/{segment.id}")
        await _count(viewer, "2")
        await viewer.should_see("Customers who live in Pune")
        await viewer.should_not_see("Save segment")
        await viewer.should_not_see("Add condition")

    async def test_who_may_only_look_cannot_begin_a_new_one(self, viewer: User) -> None:
        response = await viewer.http_client.get("/segments/new")
        assert response.status_code == 403
