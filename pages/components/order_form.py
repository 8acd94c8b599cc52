"""The sheet in which an order is added for a customer, or its status changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.validation_element import ValidationElement

from app.customers.service import list_customers
from app.errors import CohortError, FieldError, InvalidInput
from app.orders.service import create_order
from app.settings import get_settings
from models.customer import Customer
from models.member import Member
from models.order import Order, OrderStatus
from models.values import now
from pages.components.button import button, icon_button
from pages.components.chip import state_word
from pages.components.field import QUIET, date_field, money_field, select_field, show_errors, text_field
from pages.components.icon import icon
from pages.components.person import person
from pages.components.sheet import Sheet
from pages.components.text import box, text
from pages.components.toast import toast

STATUSES = {status: state_word(status).capitalize() for status in OrderStatus}
MOST_FOUND = 6


class CustomerPicker(ui.element):
    """Find one customer by typing; `value` is who was chosen, None before."""

    def __init__(self, member: Member, chosen: Customer | None = None) -> None:
        super().__init__("div")
        self.classes("fg")
        self.value: Customer | None = chosen
        self._member = member
        self._fixed = chosen is not None
        self._asked = ""
        self._draw()

    def say(self, error: str) -> None:
        """Show what is wrong with the choice."""
        self._draw(error)

    def _draw(self, error: str | None = None) -> None:
        self.clear()
        with self:
            text("Customer", "lab", tag="span")
            if self.value is not None:
                with box("line gap-2 justify-between"):
                    person(self.value.name, self.value.email or self.value.phone)
                    if not self._fixed:
                        icon_button("x", "Choose somebody else", on_click=self._forget, small=True)
                return
            field = ui.input(placeholder="Search name, email or phone").props(f"{QUIET} debounce=200")
            field.props["aria-label"] = "Customer"
            field.props["autocomplete"] = "off"
            with field.add_slot("prepend"):
                icon("search")
            field.on_value_change(lambda event: self._search(str(event.value or "")))
            if error:
                field.error = error
            self._found = box("stack")

    async def _search(self, words: str) -> None:
        self._asked = words
        people: list[Customer] = []
        if words.strip():
            people, _ = await list_customers(self._member, search=words, sort="name", limit=MOST_FOUND)
        if self._asked != words or self.value is not None:
            return
        self._found.clear()
        with self._found:
            for customer in people:
                with ui.element("button").classes("mi").props("type=button") as choice:
                    person(customer.name, customer.email or customer.phone)
                choice.on("click", lambda customer=customer: self._choose(customer), [])
            if words.strip() and not people:
                text("Nobody found", "muted t12")

    def _choose(self, customer: Customer) -> None:
        self.value = customer
        self._draw()

    def _forget(self) -> None:
        self.value = None
        self._draw()


def order_sheet(member: Member, customer: Customer | None, saved: Callable[[Order], Awaitable[None]]) -> Sheet:
    """A sheet for a new order, of this customer or of one to be chosen; `saved` hears of it once it is written."""
    currency = get_settings().currency
    controls: dict[str, ValidationElement[Any]] = {}
    sheet = Sheet("Add order", "Paid and completed orders count towards the customer's totals.")
    with sheet:
        picker = CustomerPicker(member, customer)
        with box("fgrid"):
            with box("min-w-0"):
                controls["amount"] = money_field("Amount", currency=currency)
            with box("min-w-0"):
                controls["status"] = select_field("Status", STATUSES, OrderStatus.PAID)
            with box("min-w-0"):
                controls["number"] = text_field("Order number", optional=True, placeholder="1001")
            with box("min-w-0"):
                today = now().astimezone(get_settings().zone).date()
                controls["placed_at"] = date_field("Placed on", today)
            with box("min-w-0"):
                controls["product"] = text_field("Product", optional=True, placeholder="Trail shoe")
            with box("min-w-0"):
                controls["category"] = text_field("Category", optional=True, placeholder="Shoes")
            with box("min-w-0"):
                controls["channel"] = text_field("Channel", optional=True, placeholder="web")
            with box("min-w-0"):
                controls["coupon"] = text_field("Coupon", optional=True)

    async def save() -> None:
        if picker.value is None:
            picker.say("Choose who ordered")
            return
        data = _order_of({name: control.value for name, control in controls.items()}, picker.value)
        try:
            order = await create_order(member, data)
        except CohortError as problem:
            if not problem.errors:
                raise
            show_errors(controls, _as_input(problem))
            return
        sheet.close()
        toast("Order added")
        await saved(order)

    with sheet.foot:
        button("Cancel", on_click=sheet.close)
        button("Add order", kind="primary", on_click=save)
    return sheet


def _order_of(values: dict[str, Any], customer: Customer) -> dict[str, Any]:
    """The fields of `OrderInput`. An order of today is placed now, one of an earlier day at that day's noon."""
    data: dict[str, Any] = {"customer_id": str(customer.id), "amount": str(values["amount"] or "").replace(",", "")}
    data["status"] = values["status"]
    data |= {name: values[name] for name in ("number", "channel", "coupon") if values[name]}
    if values["product"] or values["category"]:
        data["items"] = [{"product": values["product"] or "", "category": values["category"] or ""}]
    zone = get_settings().zone
    today = now().astimezone(zone).date().isoformat()
    if values["placed_at"] and values["placed_at"] != today:
        data["placed_at"] = f"{values['placed_at']}T12:00:00"
    return data


def _as_input(problem: CohortError) -> InvalidInput:
    errors = [FieldError("amount" if e.field in ("", "body") else e.field, e.message) for e in problem.errors]
    return InvalidInput(problem.detail, errors=errors)
