"""The page of one customer."""

from __future__ import annotations

from nicegui import ui
from nicegui.testing import User

from app.customers.service import create_customer
from app.orders.service import create_order
from models import Customer, Member, Order
from tests.pages.seeing import click_last, click_named, column, table_rows, until


async def _ann(alice: Member) -> Customer:
    ann = await create_customer(
        alice,
        {
            "first_name": "Ann",
            "last_name": "Lee",
            "email": "ann@example.com",
            "tags": ["vip"],
            "attributes": {"shoe_size": 38},
        },
    )
    for number, amount in (("1001", "20.00"), ("1002", "40.00")):
        await create_order(alice, {"customer_id": str(ann.id), "number": number, "amount": amount, "currency": "USD"})
    return ann


class TestProfile:
    async def test_it_shows_profile_rollups_and_orders(self, user: User, alice: Member) -> None:
        ann = await _ann(alice)
        await user.open(f"/customers/{ann.id}")
        for words in ("Ann Lee", "ann@example.com", "$60.00", "$30.00", "vip", "Shoe size", "38"):
            await user.should_see(words)
        await until(lambda: sorted(column(user, "number")) == ["1001", "1002"], "both orders")

    async def test_an_unknown_customer_is_not_found(self, user: User) -> None:
        for id in ("0" * 24, "not-an-id"):
            response = await user.http_client.get(f"/customers/{id}")
            assert response.status_code == 404
            assert "There is no customer" in response.text

    async def test_consent_is_kept(self, user: User, alice: Member) -> None:
        ann = await _ann(alice)
        await user.open(f"/customers/{ann.id}")
        switch = next(s for s in user.find(ui.switch).elements if s.props["aria-label"] == "Accepts email")
        switch.value = True
        await user.should_see("Accepts email: yes", retries=30)
        found = await Customer.get(ann.id)
        assert found is not None
        assert found.email_opt_in

    async def test_an_edit_sends_only_what_changed(self, user: User, alice: Member) -> None:
        ann = await _ann(alice)
        await user.open(f"/customers/{ann.id}")
        user.find("Edit").click()
        await user.should_see("Edit customer", retries=30)
        await Customer.find_one(Customer.id == ann.id).update({"$set": {"source": "fair"}})
        city = next(field for field in user.find(ui.input).elements if field.props.get("aria-label") == "City")
        city.value = "Pune"
        user.find("Save changes").click()
        await user.should_see("Changes saved", retries=30)
        found = await Customer.get(ann.id)
        assert found is not None
        assert (found.city, found.folded["city"], found.source) == ("Pune", "pune", "fair")

    async def test_deleting_asks_first(self, user: User, alice: Member) -> None:
        ann = await _ann(alice)
        await user.open(f"/customers/{ann.id}")
        click_named(user, "Delete customer")
        await user.should_see("Delete Ann Lee?", retries=30)
        await user.should_see("2 orders")
        user.find("Keep").click()
        await user.should_not_see("Delete Ann Lee?", retries=30)
        assert await Customer.count() == 1
        click_named(user, "Delete customer")
        await user.should_see("Delete Ann Lee?", retries=30)
        click_last(user, "Delete customer")
        await until(lambda: user.back_history[-1] == "/customers", "the list")
        assert (await Customer.count(), await Order.count()) == (0, 0)

    async def test_a_viewer_may_look_and_change_nothing(self, viewer: User, alice: Member) -> None:
        ann = await _ann(alice)
        await viewer.open(f"/customers/{ann.id}")
        await viewer.should_see("$60.00")
        for words in ("Edit", "Add order"):
            await viewer.should_not_see(words)
        assert all(not switch.enabled for switch in viewer.find(ui.switch).elements)


class TestOrders:
    async def test_an_order_is_added_and_the_totals_follow(self, user: User, alice: Member) -> None:
        ann = await _ann(alice)
        await user.open(f"/customers/{ann.id}")
        await until(lambda: len(table_rows(user)) == 2)
        user.find("Add order").click()
        await user.should_see("Placed on", retries=30)
        amount = next(field for field in user.find(ui.input).elements if field.props.get("aria-label") == "Amount")
        amount.value = "1,040.00"
        click_last(user, "Add order")
        await user.should_see("$1,100.00", retries=30)
        await until(lambda: len(table_rows(user)) == 3, "the new order in the list")

    async def test_a_wrong_amount_is_said_at_its_field(self, user: User, alice: Member) -> None:
        ann = await _ann(alice)
        await user.open(f"/customers/{ann.id}")
        user.find("Add order").click()
        await user.should_see("Placed on", retries=30)
        amount = next(field for field in user.find(ui.input).elements if field.props.get("aria-label") == "Amount")
        amount.value = "a lot"
        click_last(user, "Add order")
        await until(lambda: amount.error, "an error at the amount")
        assert await Order.count() == 2
