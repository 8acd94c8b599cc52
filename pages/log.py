"""The communication log: every message to every customer, newest first."""

from __future__ import annotations

from collections.abc import Mapping

from nicegui import ui

from app.auth.permissions import allowed
from app.campaigns.record.deliveries import list_deliveries
from app.customers.masking import sees_contact, shown_to
from app.errors import InvalidInput
from app.segments.catalogue import load_catalogue
from models import Customer, Delivery, Member
from pages import delivery as _delivery  # noqa: F401  # registers its page
from pages.components import (
    DELIVERY_TONES,
    Ask,
    Column,
    DataTable,
    Page,
    Row,
    box,
    button,
    card,
    chip,
    chip_cell,
    date_cell,
    empty_state,
    filter_bar,
    filter_select,
    person_cell,
    search_input,
    state_word,
    text_cell,
)
from pages.components.log_filters import CHANNELS, ERRORS, STATES, TIMES, LogFilters
from pages.components.log_rows import said
from pages.frame import frame, page

COLUMNS = (
    Column(name="who", label="Customer", spot="title", width="26%"),
    Column(name="campaign", label="Campaign", spot="sub"),
    Column(name="by", label="By", wide_only=True),
    Column(name="state", label="State", spot="end"),
    Column(name="words", label="What was said", wide_only=True, width="28%"),
    Column(name="when", label="When", spot="subend"),
)


@page("/log", permission="deliveries.read", title="Log", nav="log")
async def log(
    member: Member,
    campaign: str = "",
    customer: str = "",
    state: str = "",
    channel: str = "",
    domain: str = "",
    error: str = "",
    since: str = "",
    until: str = "",
    q: str = "",
) -> None:
    """The list, narrowed by everything the address says."""
    names = (await load_catalogue()).campaigns
    filters = LogFilters.of(
        campaign=campaign,
        customer=customer,
        state=state,
        channel=channel,
        domain=domain,
        error=error,
        since=since,
        until=until,
        q=q,
    )
    if filters.campaign and filters.campaign not in names:
        names = {**names, filters.campaign: "A deleted campaign"}
    await LogPage(member, filters, names).draw()


class LogPage:
    """One open page of the log."""

    def __init__(self, member: Member, filters: LogFilters, names: Mapping[str, str]) -> None:
        self.member = member
        self.filters = filters
        self.names = dict(names)
        self.refused = ""

    async def draw(self) -> None:
        """Filters above, the table below."""
        with frame(self.member, "Log", "Every message, to whom, and what became of it") as actions:
            with actions:
                self.export = button("Export CSV", icon="download", href=self.filters.file)
                self.export.set_visibility(allowed(self.member, "customers.export"))
            with box("stack gap-2"):
                self._first_row()
                self._second_row()
            with card(css="p-0"):
                self.table = DataTable(
                    COLUMNS,
                    self._load,
                    empty=self._nothing,
                    locale=self.member.locale,
                    label="Messages",
                    per_page=50,
                )
        await ui.context.client.connected()
        if self.filters.customer:
            await self._name_customer()
        await self.table.reload()

    def _first_row(self) -> None:
        one = self.filters
        who = "Search name or address" if sees_contact(self.member) else "Search name"
        with filter_bar():
            search_input(who, lambda words: self._narrow("q", words), value=one.q)
            campaigns = {"": "Any campaign", **self.names}
            filter_select("Campaign", campaigns, lambda key: self._narrow("campaign", key), value=one.campaign).classes(
                "pick-campaign"
            )
            filter_select("State", STATES, lambda key: self._narrow("state", key), value=one.state)
            more = button("More filters", icon="sliders-horizontal", kind="ghost", on_click=self._toggle)
            more.props["aria-expanded"] = "true" if one.uses_second_row else "false"
            self.more = more
            self.customer_place = box()

    def _second_row(self) -> None:
        one = self.filters
        errors = ERRORS if one.error in ERRORS else {**ERRORS, one.error: one.error}
        times = TIMES if one.since in TIMES and not one.until else {**TIMES, one.since: one.spoken_time}
        with filter_bar() as self.second:
            filter_select("Sent by", CHANNELS, lambda key: self._narrow("channel", key), value=one.channel)
            if sees_contact(self.member):
                domain = search_input(
                    "Domain, such as gmail.com", lambda words: self._narrow("domain", words), value=one.domain
                )
                domain.classes("pick-domain")
            filter_select("Reason", errors, lambda key: self._narrow("error", key), value=one.error).classes(
                "pick-reason"
            )
            filter_select("Time", times, lambda key: self._narrow("since", key), value=one.since)
        self.second.set_visibility(one.uses_second_row)

    def _toggle(self) -> None:
        self.second.set_visibility(not self.second.visible)
        self.more.props["aria-expanded"] = "true" if self.second.visible else "false"

    async def _name_customer(self) -> None:
        found = await Customer.get(self.filters.customer)
        found = shown_to(self.member, found) if found else None
        name = (found.name or found.email or found.phone) if found else None
        with self.customer_place:
            chip(f"To {name or 'a deleted customer'}", "accent", on_remove=lambda: self._narrow("customer", ""))

    async def _narrow(self, key: str, value: str | None) -> None:
        if key == "customer":
            self.customer_place.clear()
        self.filters.set(key, value or "")
        ui.navigate.history.replace(self.filters.link)
        self.export.props["href"] = self.filters.file
        await self.table.reload()

    async def _load(self, ask: Ask) -> Page:
        self.refused = ""
        try:
            found, following = await list_deliveries(
                self.member, **self.filters.asked, limit=ask.limit, cursor=ask.cursor
            )
        except InvalidInput as problem:
            if ask.offset:
                raise
            self.refused = problem.errors[0].message if problem.errors else problem.detail
            return Page(rows=[])
        rows = [_row(one, self.names.get(str(one.campaign_id)), self.member) for one in found]
        return Page(rows=rows, next_cursor=following)

    def _nothing(self) -> None:
        if self.refused:
            with empty_state("filter", "Please narrow it differently", f"What you ask for {self.refused}."):
                return
        if self.filters.any:
            words = "Take a filter away, or search for part of a name or an address. "
            words += "Who has not been written to yet has no line here."
            with empty_state("search", "No message fits", words):
                return
        words = "Each message a campaign sends leaves a line here: to whom, when, and what their mail server said."
        with empty_state("scroll-text", "Nothing has been sent yet", words) as acts, acts:
            button("Go to campaigns", href="/campaigns")


def _row(one: Delivery, campaign: str | None, member: Member) -> Row:
    return Row(
        key=one.id,
        href=f"/log/{one.id}",
        label=f"Message to {one.name or one.address or 'a customer'}",
        cells={
            "who": person_cell(one.name, one.address),
            "campaign": text_cell(campaign or "A deleted campaign", css="" if campaign else "faint"),
            "by": text_cell(CHANNELS.get(one.channel, str(one.channel)), css="muted", second=one.server),
            "state": chip_cell(state_word(one.state), DELIVERY_TONES[one.state]),
            "words": text_cell(said(one), css="muted t12", title=one.reason),
            "when": date_cell(one.updated_at, member),
        },
    )
