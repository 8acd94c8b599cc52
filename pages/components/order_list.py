"""The table of orders, on the orders page and on a customer's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bson import ObjectId
from nicegui import ui

from app.auth.permissions import allowed
from app.customers.masking import shown_address
from app.database import collection
from app.orders.service import delete_order, update_order
from models.member import Member
from models.order import Order, OrderStatus
from pages.components.button import Kind, button
from pages.components.cells import chip_cell, date_cell, money_cell, person_cell, text_cell
from pages.components.chip import ORDER_TONES, state_word
from pages.components.confirm import confirm
from pages.components.dates import moment, zone_of
from pages.components.figures import money
from pages.components.table import Column, DataTable, Row
from pages.components.text import box, text
from pages.components.toast import toast

CUSTOMER = Column(name="who", label="Customer", spot="title")
COLUMNS = (
    Column(name="number", label="Order", spot="sub"),
    Column(name="placed", label="Placed", sort="placed_at"),
    Column(name="status", label="Status", spot="subend"),
    Column(name="items", label="Items", wide_only=True),
    Column(name="amount", label="Amount", sort="amount", right=True, spot="end"),
)

OF_ONE = (replace(COLUMNS[0], spot="title"), replace(COLUMNS[1], spot="sub"), *COLUMNS[2:])
"""The columns where the customer goes without saying."""


async def names_of(member: Member, orders: Sequence[Order]) -> dict[ObjectId, tuple[str, str | None]]:
    """(name, email as this member may see it) by customer, in one query."""
    ids = list({order.customer_id for order in orders})
    found = collection("customers").find({"_id": {"$in": ids}}, {"name": 1, "email": 1})
    return {raw["_id"]: (raw.get("name", ""), shown_address(member, raw.get("email"))) async for raw in found}


def order_row(order: Order, member: Member, who: tuple[str, str | None] | None = None) -> Row:
    """One order as a row; `who` is the customer's name and email where the table has that column."""
    items = ", ".join(item.product or item.category for item in order.items if item.product or item.category)
    cells = {
        "number": text_cell(order.number, css="medium num") if order.number else text_cell("No number", css="faint"),
        "placed": date_cell(order.placed_at, member),
        "status": chip_cell(state_word(order.status), ORDER_TONES[order.status]),
        "items": text_cell(items or None, css="muted", title=items or None),
        "amount": money_cell(order.amount, order.currency, member, css="num medium"),
    }
    if who is not None:
        cells["who"] = person_cell(*who)
    return Row(key=str(order.id), cells=cells, label=f"Order {order.number or 'without a number'}")


async def open_order(member: Member, order: Order, table: DataTable, *, customer_link: bool = False) -> bool:
    """Show an order; who may can change its status or delete it, and the table is shown again. Whether it changed."""
    may_write = allowed(member, "orders.write")
    with ui.dialog() as dialog, box("dialog").props("role=dialog aria-modal=true").style("width:500px"):
        text(f"Order {order.number}" if order.number else "Order without a number", "t16", tag="h2")
        placed = moment(order.placed_at, zone_of(member), member.locale)
        text(f"{money(order.amount, order.currency, member.locale)}, placed {placed}", "muted")
        for item in order.items:
            words = " · ".join(part for part in (item.product, item.category) if part)
            if words:
                text(f"{item.quantity} × {words}", "muted")
        with box("line gap-2 flex-wrap").style("margin-top:10px"):
            for status in OrderStatus:
                kind: Kind = "primary" if status is order.status else "plain"
                choice = button(
                    state_word(status).capitalize(), kind=kind, small=True, on_click=lambda s=status: dialog.submit(s)
                )
                choice.props["aria-pressed"] = "true" if status is order.status else "false"
                choice.set_enabled(may_write)
        text("Paid and completed orders count towards the customer's totals.", "muted t12")
        with box("acts"):
            if may_write:
                button("Delete", kind="ghost", icon="trash-2", on_click=lambda: dialog.submit("delete"))
            if customer_link:
                button("Open customer", href=f"/customers/{order.customer_id}")
            button("Close", on_click=dialog.close)
    answer = await dialog
    if not dialog.is_deleted:
        dialog.delete()
    if answer == "delete":
        body = "The order goes, and the customer's totals are worked out again without it. This cannot be undone."
        if not await confirm("Delete this order?", body, action="Delete order", danger=True):
            return False
        await delete_order(member, str(order.id))
        toast("Order deleted")
    elif isinstance(answer, OrderStatus) and answer is not order.status:
        await update_order(member, str(order.id), {"status": answer})
        toast(f"Order is {state_word(answer)} now")
    else:
        return False
    await table.refresh()
    return True
