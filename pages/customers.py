"""Customers: everybody the shop knows, page by page from the server."""

from __future__ import annotations

from nicegui import ui

from app.auth.permissions import allowed
from app.customers.service import page_of_customers
from app.database import collection
from app.settings import get_settings
from models.customer import Customer
from models.member import Member
from pages.components import (
    Ask,
    Column,
    DataTable,
    Page,
    Row,
    button,
    card,
    chip_cell,
    chips_cell,
    date_cell,
    empty_state,
    filter_bar,
    money_cell,
    number,
    number_cell,
    person_cell,
    search_input,
    text_cell,
)
from pages.components.chip import Tone
from pages.components.customer_form import customer_sheet
from pages.frame import frame, page

COLUMNS = (
    Column(name="who", label="Customer", sort="name", spot="title"),
    Column(name="city", label="City", spot="sub"),
    Column(name="consent", label="Consent", spot="subend"),
    Column(name="tags", label="Tags", wide_only=True),
    Column(name="orders", label="Orders", sort="order_count", right=True),
    Column(name="spent", label="Total spent", sort="total_spent", right=True, spot="end"),
    Column(name="last", label="Last order", sort="last_order_at"),
    Column(name="since", label="Signed up", sort="signed_up_at", wide_only=True),
)


@page("/customers", permission="customers.read", title="Customers", nav="customers")
async def customers(member: Member, q: str = "", add: str = "") -> None:
    """The list; `q` is the search to begin with, `add` opens the form."""
    searched = q[:200]

    async def load(ask: Ask) -> Page:
        found, total = await page_of_customers(
            member, search=searched, sort=ask.sort or "-signed_up_at", offset=ask.offset, limit=ask.limit
        )
        return Page(rows=[_row(customer, member) for customer in found], total=total)

    async def search(words: str) -> None:
        nonlocal searched
        searched = words
        await table.reload()

    def nothing() -> None:
        if searched:
            with empty_state(
                "search", f"Nobody matches “{searched}”", "Try part of a name, an email or a phone number."
            ):
                pass
            return
        words = "Import the customers of your shop from a CSV or Excel file, or add one by hand."
        with empty_state("users", "No customers yet", words) as actions, actions:
            if may_import:
                button("Import customers", icon="upload", kind="primary", href="/imports?kind=customers")
            if may_add:
                button("Add customer", icon="plus", on_click=open_sheet)

    async def open_sheet() -> None:
        async def saved(customer: Customer) -> None:
            ui.navigate.to(f"/customers/{customer.id}")

        customer_sheet(member, None, saved).open()

    may_add, may_import = allowed(member, "customers.write"), allowed(member, "imports.run")
    with frame(member, "Customers", await _summary(member)) as actions:
        with actions:
            if may_import:
                button("Import", icon="upload", href="/imports?kind=customers")
            if may_add:
                button("Add customer", icon="plus", kind="primary", on_click=open_sheet)
        with filter_bar():
            search_input("Search name, email or phone", search, value=searched)
        with card(css="p-0"):
            table = DataTable(
                COLUMNS, load, empty=nothing, sort="-signed_up_at", locale=member.locale, label="Customers"
            )
    await ui.context.client.connected()
    await table.reload()
    if add and may_add:
        await open_sheet()


async def _summary(member: Member) -> str:
    people = collection("customers")
    total = await people.estimated_document_count()
    if not total:
        return "The people your shop knows"
    reachable = await people.count_documents({"email_opt_in": True})
    return f"{number(total, member.locale)} people, {number(reachable, member.locale)} accept email"


def _row(customer: Customer, member: Member) -> Row:
    tags: list[tuple[str, Tone]] = [(tag, "gray") for tag in customer.tags]
    return Row(
        key=str(customer.id),
        href=f"/customers/{customer.id}",
        label=customer.name or customer.email or "Customer without a name",
        cells={
            "who": person_cell(customer.name, customer.email or customer.phone),
            "city": text_cell(customer.city),
            "consent": chip_cell("accepts email", "good") if customer.email_opt_in else chip_cell("no consent"),
            "tags": chips_cell(tags, most=2),
            "orders": number_cell(customer.order_count, member),
            "spent": money_cell(customer.total_spent, get_settings().currency, member, css="num medium"),
            "last": date_cell(customer.last_order_at, member),
            "since": date_cell(customer.signed_up_at, member),
        },
    )
