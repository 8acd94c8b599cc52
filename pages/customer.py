"""One customer: profile, consent, what was bought, what was sent."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from app.auth.permissions import allowed
from app.customers.service import delete_customer, get_customer, update_customer
from app.database import collection
from app.insights.customer import customer_facts
from app.orders.service import get_order, page_of_orders
from app.settings import get_settings
from models.customer import Customer
from models.member import Member
from models.order import Order
from pages.components import (
    Ask,
    DataTable,
    Page,
    ago,
    avatar,
    box,
    button,
    card,
    confirm,
    empty_state,
    icon_button,
    money,
    number,
    plural,
    stat,
    switch_field,
    tabs,
    text,
    toast,
)
from pages.components.customer_form import customer_sheet
from pages.components.customer_profile import profile_cards
from pages.components.customer_segments import CustomerSegments
from pages.components.insight_card import insight_card
from pages.components.message_list import MessageList
from pages.components.order_form import order_sheet
from pages.components.order_list import OF_ONE, open_order, order_row
from pages.frame import back_link, page, page_frame, set_title


@page("/customers/{customer_id}", permission="customers.read", title="Customer", nav="customers")
async def customer(member: Member, customer_id: str) -> None:
    """Reads like the screen: head, rollups, then orders and messages beside the profile."""
    screen = _Screen(member, await get_customer(member, customer_id))
    set_title(screen.title)
    screen.draw()
    await ui.context.client.connected()
    await screen.orders.reload()
    await screen.segments.load()


class _Screen:
    """What the parts of the page share: the customer as last read, and the regions to draw again."""

    def __init__(self, member: Member, customer: Customer) -> None:
        self.member = member
        self.customer = customer
        self.may_write = allowed(member, "customers.write")
        self.may_order = allowed(member, "orders.write")

    @property
    def title(self) -> str:
        """How the customer is called on screen."""
        return self.customer.name or self.customer.email or self.customer.phone or "Customer without a name"

    def draw(self) -> None:
        """The whole page."""
        with page_frame(self.member), ui.element("main").classes("page"), box("wrap"):
            self.head = box()
            self._fill(self.head, self._head)
            self.tiles = box("tiles")
            self._fill(self.tiles, self._tiles)
            insight_card(self.member, "How they buy", lambda: customer_facts(self.member, str(self.customer.id)))
            with box("split"):
                with box("stack gap-4 min-w-0"):
                    with card(css="p-0"):
                        self._lists()
                    self.segments = CustomerSegments(self.member, str(self.customer.id))
                self.profile = box("stack gap-4")
                self._fill(self.profile, self._profile)

    async def refresh(self) -> None:
        """Read the customer again and draw what shows it."""
        assert self.customer.id is not None
        self.customer = await get_customer(self.member, self.customer.id)
        set_title(self.title)
        for place, draw in ((self.head, self._head), (self.tiles, self._tiles), (self.profile, self._profile)):
            self._fill(place, draw)
        await self.segments.load()

    def _fill(self, place: ui.element, draw: Any) -> None:
        place.clear()
        with place:
            draw()

    def _head(self) -> None:
        with ui.element("header").classes("head"):
            with box("titles"):
                back_link("/customers", "Customers")
                with box("line gap-3"):
                    avatar(self.customer.name, self.customer.email, large=True)
                    with box("stack min-w-0"):
                        text(self.title, "t20", tag="h1")
                        since = ago(self.customer.signed_up_at, self.member.locale)
                        text(f"Signed up {since}", "sub")
            with box("acts"):
                if allowed(self.member, "customers.delete"):
                    icon_button("trash-2", "Delete customer", kind="plain", on_click=self._delete)
                if self.may_order:
                    button("Add order", icon="plus", on_click=self._add_order)
                if self.may_write:
                    button("Edit", icon="pencil", kind="primary", on_click=self._edit)

    def _tiles(self) -> None:
        one, locale, currency = self.customer, self.member.locale, get_settings().currency
        stat("Total spent", money(one.total_spent, currency, locale))
        stat("Orders", number(one.order_count, locale))
        stat("Average order", money(one.average_order_value, currency, locale))
        stat("Last order", ago(one.last_order_at, locale).capitalize())

    def _profile(self) -> None:
        profile_cards(self.customer, self.member)
        with card("Consent"), box("stack gap-4"):
            one = self.customer
            self._consent("Accepts email", "email_opt_in", None if one.email else "There is no email address")
            self._consent("Accepts text messages", "sms_opt_in", None if one.phone else "There is no phone number")

    def _consent(self, label: str, name: str, hint: str | None) -> None:
        async def keep(value: bool) -> None:
            try:
                self.customer = await update_customer(self.member, str(self.customer.id), {name: value})
            except Exception:
                self._fill(self.profile, self._profile)
                raise
            toast(f"{label}: {'yes' if value else 'no'}")

        switch_field(label, getattr(self.customer, name), hint=hint, on_change=keep, enabled=self.may_write)

    def _lists(self) -> None:
        with box().style("padding:6px 12px 0"):
            tabs({"orders": "Orders", "messages": "Messages"}, "orders", self._choose)
        self.order_place = box()
        with self.order_place:
            self.orders = DataTable(
                OF_ONE,
                self._load_orders,
                empty=self._no_orders,
                sort="-placed_at",
                per_page=10,
                locale=self.member.locale,
                label="Orders",
                slim=True,
                on_open=self._open,
            )
        self.message_place = box()
        self.message_place.set_visibility(False)
        with self.message_place:
            assert self.customer.id is not None
            self.messages = MessageList(self.member, self.customer.id)

    async def _choose(self, key: str) -> None:
        self.order_place.set_visibility(key == "orders")
        self.message_place.set_visibility(key == "messages")
        await (self.orders if key == "orders" else self.messages).reload()

    async def _load_orders(self, ask: Ask) -> Page:
        found, total = await page_of_orders(
            self.member,
            customer_id=self.customer.id,
            sort=ask.sort or "-placed_at",
            offset=ask.offset,
            limit=ask.limit,
        )
        return Page(rows=[order_row(order, self.member) for order in found], total=total)

    async def _open(self, key: str) -> None:
        if await open_order(self.member, await get_order(self.member, key), self.orders):
            await self.refresh()

    def _no_orders(self) -> None:
        with empty_state("shopping-bag", "No orders yet", "Orders of this customer show here.", small=True) as actions:
            if self.may_order:
                with actions:
                    button("Add order", icon="plus", on_click=self._add_order)

    def _add_order(self) -> None:
        async def saved(_: Order) -> None:
            await self.refresh()
            await self.orders.reload()

        order_sheet(self.member, self.customer, saved).open()

    def _edit(self) -> None:
        async def saved(_: Customer) -> None:
            await self.refresh()

        customer_sheet(self.member, self.customer, saved).open()

    async def _delete(self) -> None:
        orders = await collection("orders").count_documents({"customer_id": self.customer.id})
        words = plural(orders, "order", locale=self.member.locale)
        body = f"The profile and {words} go for good. Campaigns keep their numbers, without name and address."
        if not await confirm(f"Delete {self.title}?", body, action="Delete customer", danger=True):
            return
        await delete_customer(self.member, str(self.customer.id))
        ui.navigate.to("/customers")
