"""The pages over time, overlap and suggestions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from nicegui.testing import User

from app.customers.service import create_customer, update_customer
from app.database import collection
from app.segments.growth import keeper
from app.segments.ideas.suggested import forget_ideas
from app.segments.service import create_segment
from models import Customer, Member, Segment
from models.values import now
from pages.components.tabs import Tabs
from tests.pages.seeing import column, table_rows, until
from tests.segments.ideas.test_suggested import a_shop
from tests.segments.test_rule import condition, group


@pytest.fixture(autouse=True)
def anew(database: object) -> None:
    """No suggestions kept from another shop."""
    forget_ideas()


async def _pune(alice: Member) -> Segment:
    return await create_segment(alice, name="In Pune", rule=group(condition("city", "=", "Pune")))


class TestGrowth:
    async def test_before_the_first_record_it_offers_one(self, user: User, alice: Member) -> None:
        segment = await _pune(alice)
        # As a segment of before, for which no first record was asked.
        await collection("segment_states").delete_many({})
        await user.open(f"/segments/{segment.id}/growth")
        await user.should_see("Nothing recorded yet", retries=30)
        user.find("Record now").click()
        await user.should_see("Recording", retries=30)
        assert await keeper.record_due() == 1
        await user.should_see("This is the first record", retries=50)
        await user.should_see("Record now")

    async def test_it_tells_who_moved_and_why(self, user: User, alice: Member) -> None:
        ann = await create_customer(alice, {"first_name": "Ann", "city": "Pune"})
        segment = await _pune(alice)
        await keeper.record_due()
        earlier = now() - timedelta(days=2)
        await collection("segment_records").update_many({}, {"$set": {"at": earlier, "occasion": "then"}})
        await update_customer(alice, ann.id, {"city": "Goa"})
        await create_customer(alice, {"first_name": "Bea", "city": "Pune"})
        await create_customer(alice, {"first_name": "Cleo", "city": "Pune"})
        await collection("segment_states").update_one({"_id": segment.id}, {"$set": {"asked": "again"}})
        await keeper.record_due()
        await user.open(f"/segments/{segment.id}/growth")
        await user.should_see("+2", retries=50)
        await user.should_see("−1")
        await user.should_see("+ 2 joined − 1 left = 2")
        await user.should_see("City is not Pune")
        await until(lambda: len(table_rows(user)) == 2, "two who joined")
        assert column(user, "who") == ["Bea", "Cleo"]
        assert column(user, "why") == ["New customers", "New customers"]
        (row,) = [element for element in user.client.elements.values() if isinstance(element, Tabs)]
        with user.client:
            await row.choose("then")
        await until(lambda: [row["c"]["who"]["t"] for row in table_rows(user)] == ["Ann"], "who was in it")

    async def test_who_may_only_look_cannot_record(self, viewer: User, alice: Member) -> None:
        segment = await _pune(alice)
        await viewer.open(f"/segments/{segment.id}/growth")
        await viewer.should_see("Nothing recorded yet", retries=30)
        await viewer.should_not_see("Record now")


class TestOverlap:
    async def test_one_segment_is_too_few(self, user: User, alice: Member) -> None:
        await _pune(alice)
        await user.open("/segments/overlap")
        await user.should_see("Nothing to compare yet", retries=30)

    async def test_a_region_becomes_a_segment(self, user: User, alice: Member) -> None:
        await create_customer(alice, {"first_name": "Ann", "city": "Pune", "tags": ["vip"]})
        await create_customer(alice, {"first_name": "Bea", "city": "Pune"})
        await _pune(alice)
        await create_segment(alice, name="VIP", rule=group(condition("tags", "anyOf", ["vip"])))
        await user.open("/segments/overlap")
        await user.should_see("2 people in at least one of them", retries=50)
        await user.should_see("1 combination has nobody in it.")
        user.find(marker="region-B").click()
        await user.should_see("Bea", retries=50)
        await user.should_not_see("Ann")
        user.find("Save as segment").click()
        await user.should_see("In Pune, not VIP is saved", retries=50)
        made = await Segment.find_one({"name": "In Pune, not VIP"})
        assert made is not None
        assert made.size == 1

    async def test_a_viewer_compares_but_does_not_save(self, viewer: User, alice: Member) -> None:
        await create_customer(alice, {"first_name": "Bea", "city": "Pune"})
        await _pune(alice)
        await create_segment(alice, name="All", rule=group())
        await viewer.open("/segments/overlap")
        await viewer.should_see("All of them", retries=50)
        viewer.find(marker="region-AB").click()
        await viewer.should_see("Bea", retries=50)
        await viewer.should_not_see("Save as segment")


class TestSuggested:
    async def test_an_empty_shop_is_asked_for_customers(self, user: User) -> None:
        await user.open("/segments/suggested")
        await user.should_see("No customers yet", retries=50)

    async def test_what_is_missing_is_said(self, user: User, alice: Member) -> None:
        await Customer(first_name="Ann").insert()
        await user.open("/segments/suggested")
        await user.should_see("Not enough data yet", retries=50)
        await user.should_see("No birthdays are known. Import them with your customers.")

    async def test_using_one_saves_it(self, user: User, alice: Member) -> None:
        await a_shop()
        await user.open("/segments/suggested")
        await user.should_see("Champions", retries=80)
        user.find("champions").click()
        await user.should_see("Champions is saved as a segment", retries=50)
        assert await Segment.find_one({"name": "Champions"}) is not None

    async def test_a_viewer_only_looks(self, viewer: User, alice: Member) -> None:
        await a_shop(60)
        await viewer.open("/segments/suggested")
        await viewer.should_see("Birthday soon", retries=80)
        await viewer.should_not_see("Use this")
