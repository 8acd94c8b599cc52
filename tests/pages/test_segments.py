"""The list of segments."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from nicegui.testing import User

from app.customers.service import create_customer
from app.segments.service import create_segment
from models import Member, Segment
from tests.pages.seeing import column, table_rows, until

IN_PUNE = {"combinator": "and", "rules": [{"field": "city", "operator": "=", "value": "Pune"}]}


async def _segment(alice: Member, name: str = "In Pune", rule: dict[str, Any] | None = None) -> Segment:
    return await create_segment(alice, name=name, rule=rule or IN_PUNE)


async def _open(user: User, count: int) -> None:
    await user.open("/segments")
    await until(lambda: len(table_rows(user)) == count, f"{count} segments")


def _act(user: User, name: str, segment: Segment) -> None:
    user.find(ui.table).trigger("act", [name, str(segment.id)])


class TestList:
    async def test_it_shows_name_description_and_size(self, user: User, alice: Member) -> None:
        await create_customer(alice, {"first_name": "Ann", "city": "Pune"})
        await _segment(alice)
        await _open(user, 1)
        (row,) = table_rows(user)
        assert column(user, "name") == ["In Pune"]
        assert row["c"]["name"]["s"] == "Customers who live in Pune"
        assert row["c"]["size"]["t"] == "1"

    async def test_an_empty_list_offers_the_first_step(self, user: User) -> None:
        await user.open("/segments")
        await user.should_see("Describe your first audience", retries=30)

    async def test_search_narrows_it(self, user: User, alice: Member) -> None:
        await _segment(alice)
        await _segment(alice, "Regulars")
        await user.open("/segments?q=regul")
        await until(lambda: column(user, "name") == ["Regulars"])


class TestActions:
    async def test_deleting_asks_first(self, user: User, alice: Member) -> None:
        segment = await _segment(alice)
        await _open(user, 1)
        _act(user, "delete", segment)
        await user.should_see("Delete In Pune?", retries=30)
        user.find("Keep").click()
        await user.should_not_see("Delete In Pune?", retries=30)
        assert await Segment.get(segment.id) is not None
        _act(user, "delete", segment)
        await user.should_see("Delete In Pune?", retries=30)
        user.find("Delete segment").click()
        await user.should_see("In Pune is deleted", retries=30)
        assert await Segment.get(segment.id) is None

    async def test_a_copy_gets_a_name_of_its_own(self, user: User, alice: Member) -> None:
        segment = await _segment(alice)
        await _open(user, 1)
        _act(user, "copy", segment)
        await until(lambda: set(column(user, "name")) == {"In Pune", "In Pune (copy)"})
        _act(user, "copy", segment)
        await until(lambda: "In Pune (copy 2)" in column(user, "name"))

    async def test_counting_again_shows_the_new_size(self, user: User, alice: Member) -> None:
        segment = await _segment(alice)
        await create_customer(alice, {"first_name": "Ann", "city": "Pune"})
        await _open(user, 1)
        assert column(user, "size") == ["0"]
        _act(user, "count", segment)
        await until(lambda: column(user, "size") == ["1"])

    async def test_who_may_only_look_changes_nothing(self, viewer: User, alice: Member) -> None:
        segment = await _segment(alice)
        await _open(viewer, 1)
        assert [action["n"] for action in table_rows(viewer)[0]["c"]["acts"]["l"]] == ["count"]
        await viewer.should_not_see("New segment")
        _act(viewer, "copy", segment)
        await viewer.should_see("A viewer may not do this", retries=30)
        assert await Segment.count() == 1
