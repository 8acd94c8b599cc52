"""Orders: everything that was bought, filtered by status and search."""

from __future__ import annotations

from nicegui import ui

from app.auth.permissions import allowed
from app.orders.service import get_order, page_of_orders
from models.member import Member
from models.order import Order, OrderStatus
from pages.components import (
    Ask,
    DataTable,
    Page,
    button,
    card,
    empty_state,
    filter_bar,
    filter_select,
    search_input,
    state_word,
)
from pages.components.order_form import order_sheet
from pages.components.order_list import COLUMNS, CUSTOMER, names_of, open_order, order_row
from pages.frame import frame, page


@page("/orders", permission="orders.read", title="Orders", nav="orders")
async def orders(member: Member, q: str = "", status: str = "") -> None:
    """The list; `q` and `status` are the filters to begin with."""
    searched, wanted = q[:200], status if status in set(OrderStatus) else ""
    may_write = allowed(member, "orders.write")

    async def load(ask: Ask) -> Page:
        found, total = await page_of_orders(
            member,
            search=searched,
            status=wanted or None,
            sort=ask.sort or "-placed_at",
            offset=ask.offset,
            limit=ask.limit,
        )
        names = await names_of(member, found)
        rows = [order_row(order, member, names.get(order.customer_id, ("", None))) for order in found]
        return Page(rows=rows, total=total)

    async def search(words: str) -> None:
        nonlocal searched
        searched = words
        await table.reload()

    async def choose(value: str) -> None:
        nonlocal wanted
        wanted = value
        await table.reload()

    async def show(key: str) -> None:
        await open_order(member, await get_order(member, key), table, customer_link=True)

    def nothing() -> None:
        if searched or wanted:
            with empty_state("search", "No orders like that", "Try another status, or part of a number or a name."):
                pass
            return
        words = "Import the orders of your shop, or add one for a customer. Totals and segments follow at once."
        with empty_state("shopping-bag", "No orders yet", words) as actions, actions:
            if allowed(member, "imports.run"):
                button("Import orders", icon="upload", kind="primary", href="/imports?kind=orders")
            if may_write:
                button("Add order", icon="plus", on_click=add)

    def add() -> None:
        async def saved(_: Order) -> None:
            await table.reload()

        order_sheet(member, None, saved).open()

    with frame(member, "Orders", "What your customers bought") as actions:
        with actions:
            if allowed(member, "imports.run"):
                button("Import", icon="upload", href="/imports?kind=orders")
            if may_write:
                button("Add order", icon="plus", kind="primary", on_click=add)
        with filter_bar():
            search_input("Search order number or customer", search, value=searched)
            choices = {"": "Any status"} | {s.value: state_word(s).capitalize() for s in OrderStatus}
            filter_select("Status", choices, choose, value=wanted)
        with card(css="p-0"):
            columns = (CUSTOMER, *COLUMNS)
            table = DataTable(
                columns, load, empty=nothing, sort="-placed_at", locale=member.locale, label="Orders", on_open=show
            )
    await ui.context.client.connected()
    await table.reload()
