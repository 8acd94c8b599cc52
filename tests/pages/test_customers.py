"""The list of customers."""

from __future__ import annotations

from nicegui import ui
from nicegui.testing import User

from app.customers.service import create_customer
from models import Customer, Member
from tests.pages.seeing import click_last, column, table_rows, tables, until


async def _people(alice: Member, count: int = 30) -> None:
    for n in range(count):
        await create_customer(
            alice, {"first_name": f"Person{n:02}", "last_name": "Lee", "email": f"p{n}@example.com", "city": "Pune"}
        )


class TestList:
    async def test_it_shows_a_page_and_turns_it(self, user: User, alice: Member) -> None:
        await _people(alice)
        await user.open("/customers")
        await until(lambda: len(table_rows(user)) == 25, "the first page")
        await user.should_see("1–25 of 30")
        await tables(user)[0]._next()
        assert len(table_rows(user)) == 5
        await user.should_see("26–30 of 30")

    async def test_it_sorts_by_columns_of_its_own_alone(self, user: User, alice: Member) -> None:
        await _people(alice, 3)
        await user.open("/customers")
        await until(lambda: table_rows(user))
        table = user.find(ui.table)
        table.trigger("sort", "name")
        await until(lambda: column(user, "who") == ["Person02 Lee", "Person01 Lee", "Person00 Lee"], "falling names")
        table.trigger("sort", "name")
        await until(lambda: column(user, "who")[0] == "Person00 Lee", "rising names")
        table.trigger("sort", "password")
        assert tables(user)[0].sort == "name"

    async def test_search_narrows_it(self, user: User, alice: Member) -> None:
        await _people(alice, 12)
        await user.open("/customers?q=person07")
        await until(lambda: column(user, "who") == ["Person07 Lee"], "the one found")
        await user.open("/customers?q=nobody")
        await user.should_see("Nobody matches “nobody”", retries=30)

    async def test_an_empty_list_says_what_it_is_for(self, user: User) -> None:
        await user.open("/customers")
        await user.should_see("No customers yet", retries=30)

    async def test_a_row_carries_no_markup(self, user: User, alice: Member) -> None:
        """Rows are data; the browser's template escapes what is in them."""
        await create_customer(alice, {"first_name": "<b>Ann</b>"})
        await user.open("/customers")
        await until(lambda: table_rows(user))
        assert column(user, "who") == ["<b>Ann</b>"]


class TestAdd:
    async def test_it_adds_a_customer(self, user: User) -> None:
        await user.open("/customers?add=1")
        await user.should_see("A name, an email or a phone number is enough.", retries=30)
        _field(user, "First name").value = "Ann"
        _field(user, "Email").value = "Ann@Example.com"
        click_last(user, "Add customer")
        await until(lambda: user.back_history[-1].startswith("/customers/"), "the customer's page")
        ann = await Customer.find_one()
        assert ann is not None
        assert (ann.first_name, ann.email_opt_in, ann.folded["email"]) == ("Ann", False, "ann@example.com")

    async def test_an_error_is_said_at_its_field(self, user: User, alice: Member) -> None:
        await create_customer(alice, {"email": "ann@example.com"})
        await user.open("/customers?add=1")
        await user.should_see("A name, an email or a phone number is enough.", retries=30)
        click_last(user, "Add customer")
        await until(lambda: "name, an email" in (_field(user, "First name").error or ""), "what is missing")
        email = _field(user, "Email")
        assert email.error is None
        email.value = "ann@example.com"
        click_last(user, "Add customer")
        await until(lambda: email.error, "an error at the email field")
        email.value = "no address"
        click_last(user, "Add customer")
        await until(lambda: "address" in (email.error or ""), "an error about the address")
        assert await Customer.count() == 1

    async def test_a_viewer_has_no_button(self, viewer: User) -> None:
        await viewer.open("/customers?add=1")
        await viewer.should_see("No customers yet", retries=30)
        await viewer.should_not_see("Add customer")


def _field(user: User, label: str) -> ui.input:
    return next(field for field in user.find(ui.input).elements if field.props.get("aria-label") == label)
