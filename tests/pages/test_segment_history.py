"""History, people and import of a segment, and the segments of a customer, on screen."""

from __future__ import annotations

import json
from typing import Any

from nicegui import ui
from nicegui.testing import User

from app.customers.service import create_customer
from app.segments.service import create_segment, get_segment, update_segment
from models import Customer, Member, Segment
from tests.pages.controls import control, sees
from tests.pages.seeing import click_last, click_named, column, table_rows, until


def city(name: str) -> dict[str, Any]:
    return {"combinator": "and", "rules": [{"field": "city", "operator": "=", "value": name}]}


async def _shop(alice: Member) -> Customer:
    await create_customer(alice, {"first_name": "Ann", "city": "Pune", "email": "ann@example.com"})
    await create_customer(alice, {"first_name": "Ben", "city": "Pune"})
    made: Customer = await create_customer(alice, {"first_name": "Cleo", "city": "Delhi"})
    return made


async def _saved_twice(alice: Member) -> Segment:
    made = await create_segment(alice, name="Near", rule=city("Pune"), source="grammar", prompt="people in Pune")
    return await update_segment(alice, made.id, rule=city("Delhi"))


class TestHistory:
    async def test_it_tells_what_each_save_changed(self, user: User, alice: Member) -> None:
        segment = await _saved_twice(alice)
        await user.open(f"/segments/{segment.id}/history")
        for words in (
            "Version 2",
            "Current",
            "Changed: city is Pune → Delhi",
            "Version 1",
            "people in Pune",
            "From words",
        ):
            await user.should_see(words, retries=30)

    async def test_restoring_asks_first(self, user: User, alice: Member) -> None:
        segment = await _saved_twice(alice)
        await user.open(f"/segments/{segment.id}/history")
        await user.should_see("Restore this version", retries=30)
        user.find("Restore this version").click()
        await user.should_see("Restore version 1?", retries=30)
        assert (await get_segment(alice, segment.id)).version == 2
        click_last(user, "Restore version")
        await user.should_see("Version 1 is in use again", retries=30)
        assert (await get_segment(alice, segment.id)).rule == city("Pune")

    async def test_a_viewer_looks_and_does_not_restore(self, viewer: User, alice: Member) -> None:
        segment = await _saved_twice(alice)
        await viewer.open(f"/segments/{segment.id}/history")
        await viewer.should_see("Version 1", retries=30)
        assert not sees(viewer, "Restore this version")

    async def test_an_unknown_segment_is_not_found(self, user: User) -> None:
        for page in ("history", "people"):
            assert (await user.http_client.get(f"/segments/{'0' * 24}/{page}")).status_code == 404


class TestPeople:
    async def test_it_lists_them_with_the_reason(self, user: User, alice: Member) -> None:
        await _shop(alice)
        segment = await create_segment(alice, name="Near", rule=city("Pune"))
        await user.open(f"/segments/{segment.id}/people")
        await until(lambda: column(user, "who") == ["Ann", "Ben"])
        assert column(user, "why") == ["City is Pune", "City is Pune"]
        await user.should_see("2 people now", retries=30)
        user.find(ui.table).trigger("act", ["why", table_rows(user)[0]["key"]])
        await user.should_see("Ann is in Near", retries=30)
        await user.should_see("All of these")

    async def test_search_and_nobody(self, user: User, alice: Member) -> None:
        await _shop(alice)
        segment = await create_segment(alice, name="Near", rule=city("Pune"))
        nobody = await create_segment(alice, name="Nobody", rule=city("Goa"))
        await user.open(f"/segments/{segment.id}/people")
        await until(lambda: len(table_rows(user)) == 2)
        user.find(ui.input).elements.pop().value = "ann@ex"
        await until(lambda: column(user, "who") == ["Ann"])
        await user.open(f"/segments/{nobody.id}/people")
        await user.should_see("Nobody is in this segment now", retries=30)


class TestCustomer:
    async def test_the_card_says_in_and_why_not(self, user: User, alice: Member) -> None:
        cleo = await _shop(alice)
        await create_segment(alice, name="Near", rule=city("Pune"))
        await create_segment(alice, name="Capital", rule=city("Delhi"))
        await user.open(f"/customers/{cleo.id}")
        for words in ("In 1 segment", "Capital", "Not in 1", "because city is Delhi, not Pune"):
            await user.should_see(words, retries=30)
        click_named(user, "Why not in Near")
        await user.should_see("City would have to be Pune", retries=30)
        click_named(user, "Why not in Near")
        await user.should_not_see("City would have to be Pune", retries=30)

    async def test_of_many_a_few_are_shown_at_first(self, user: User, alice: Member) -> None:
        cleo = await _shop(alice)
        for n in range(30):
            await create_segment(alice, name=f"S{n:02}", rule=city(f"C{n}"))
        await user.open(f"/customers/{cleo.id}")
        await user.should_see("Not in 30", retries=30)
        assert not sees(user, "S05")
        user.find("Show 20 more").click()
        await user.should_see("S24", retries=30)
        user.find("Show the other 5").click()
        await user.should_see("S29", retries=30)


class TestImport:
    async def test_it_is_looked_at_and_saved(self, user: User, alice: Member) -> None:
        await _shop(alice)
        await user.open("/segments")
        click_last(user, "Import")
        await user.should_see("Import a segment", retries=30)
        control(user, "Or paste it here").value = json.dumps({"name": "Near", "rule": city("Pune")})
        user.find("Look at it").click()
        await user.should_see("2 of 3 people now", retries=30)
        assert await Segment.count() == 0
        user.find("Import segment").click()
        await until(lambda: user.back_history and user.back_history[-1].startswith("/segments/"))
        (made,) = await Segment.find_all().to_list()
        assert (made.name, made.source) == ("Near", "import")

    async def test_what_is_wrong_is_named_with_its_place(self, user: User, alice: Member) -> None:
        await create_segment(alice, name="Near", rule=city("Pune"))
        await user.open("/segments")
        click_last(user, "Import")
        wrong = {"combinator": "and", "rules": [{"field": "citty", "operator": "=", "value": "x"}]}
        control(user, "Or paste it here").value = json.dumps(wrong)
        user.find("Look at it").click()
        await user.should_see("rules[0].field:", retries=30)
        control(user, "Or paste it here").value = json.dumps({"name": "near", "rule": city("Goa")})
        user.find("Look at it").click()
        await user.should_see("0 of 0 people now", retries=30)
        user.find("Import segment").click()
        await until(lambda: control(user, "Name").error == "Another segment has this name")
