"""The list of orders."""

from __future__ import annotations

import pytest
from nicegui import ui
from nicegui.testing import User

from app.customers.service import create_customer
from app.orders.service import create_order
from models import Customer, Member, Order
from models.order import OrderStatus
from tests.pages.seeing import column, table_rows, until


@pytest.fixture
async def ann(alice: Member) -> Customer:
    """A customer with a paid and a pending order."""
    ann = await create_customer(alice, {"first_name": "Ann", "last_name": "Lee", "email": "ann@example.com"})
    for number, status in (("1001", "paid"), ("1002", "pending")):
        data = {"customer_id": str(ann.id), "number": number, "amount": "20", "status": status, "currency": "USD"}
        await create_order(alice, data)
    return ann


class TestList:
    async def test_it_names_the_customer(self, user: User, ann: Customer) -> None:
        await user.open("/orders")
        await until(lambda: len(table_rows(user)) == 2)
        assert column(user, "who") == ["Ann Lee", "Ann Lee"]
        assert column(user, "amount") == ["$20.00", "$20.00"]

    async def test_status_and_search_filter_it(self, user: User, ann: Customer) -> None:
        await user.open("/orders?status=pending")
        await until(lambda: column(user, "number") == ["1002"], "the pending one")
        await user.open("/orders?q=1001")
        await until(lambda: column(user, "number") == ["1001"], "the one with the number")
        await user.open("/orders?q=ann")
        await until(lambda: len(table_rows(user)) == 2, "both of Ann")
        await user.open("/orders?status=refunded")
        await user.should_see("No orders like that", retries=30)

    async def test_an_empty_list_offers_the_first_step(self, user: User) -> None:
        await user.open("/orders")
        await user.should_see("No orders yet", retries=30)
        await user.should_see("Import orders")


class TestOpen:
    async def test_the_status_changes_and_the_totals_follow(self, user: User, ann: Customer) -> None:
        await user.open("/orders?q=1002")
        await until(lambda: len(table_rows(user)) == 1)
        user.find(ui.table).trigger("open", table_rows(user)[0]["key"])
        await user.should_see("Order 1002", retries=30)
        user.find("Completed").click()
        await until(lambda: column(user, "status") == ["completed"], "the new status in the list")
        found = await Customer.get(ann.id)
        assert found is not None
        assert (found.order_count, str(found.total_spent)) == (2, "40")

    async def test_a_viewer_cannot_change_it(self, viewer: User, ann: Customer) -> None:
        await viewer.open("/orders?q=1002")
        await until(lambda: len(table_rows(viewer)) == 1)
        viewer.find(ui.table).trigger("open", table_rows(viewer)[0]["key"])
        await viewer.should_see("Order 1002", retries=30)
        await viewer.should_not_see("Delete")
        order = await Order.find_one(Order.number == "1002")
        assert order is not None
        assert order.status is OrderStatus.PENDING


class TestAdd:
    async def test_the_customer_is_found_by_typing(self, user: User, ann: Customer) -> None:
        await user.open("/orders")
        await until(lambda: table_rows(user))
        user.find("Add order").click()
        await user.should_see("Placed on", retries=30)
        picker = next(f for f in user.find(ui.input).elements if f.props.get("aria-label") == "Customer")
        picker.value = "ann"
        await user.should_see("ann@example.com", retries=30)
