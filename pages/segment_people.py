"""Who is in a segment now, why each of them is, and all of them as a file."""

from __future__ import annotations

from nicegui import ui

from app.auth.permissions import allowed
from app.segments.contact import saved_shown
from app.segments.preview.people import Person, people_page
from app.segments.service import get_segment, refresh_size
from app.settings import get_settings
from models import Member, Segment
from pages.components import (
    Ask,
    Column,
    DataTable,
    Page,
    Row,
    action_cell,
    button,
    card,
    date_cell,
    empty_state,
    filter_bar,
    money_cell,
    number_cell,
    person_cell,
    plural,
    search_input,
    text_cell,
)
from pages.components.why import why_sheet
from pages.frame import frame, page, set_title
from pages.segment_tabs import segment_tabs

COLUMNS = (
    Column(name="who", label="Customer", spot="title"),
    Column(name="why", label="Why", spot="wide", width="38%"),
    Column(name="city", label="City", spot="sub", wide_only=True),
    Column(name="orders", label="Orders", right=True),
    Column(name="spent", label="Total spent", right=True, spot="end"),
    Column(name="last", label="Last order"),
    Column(name="acts", label="", right=True, spot="subend"),
)


@page("/segments/{segment_id}/people", permission="customers.read", title="People", nav="segments")
async def people(member: Member, segment_id: str) -> None:
    """The people of one segment."""
    segment = await saved_shown(member, await get_segment(member, segment_id))
    set_title(f"{segment.name}: people")
    searched = ""

    async def load(ask: Ask) -> Page:
        found, following = await people_page(member, segment_id, search=searched, limit=ask.limit, cursor=ask.cursor)
        names.update({str(one.customer.id): _called(one) for one in found})
        return Page(rows=[_row(one, member) for one in found], next_cursor=following)

    async def search(words: str) -> None:
        nonlocal searched
        searched = words
        await table.reload()

    async def act(name: str, key: str) -> None:
        sheet, region = why_sheet(member, segment_id, segment.name, key, names.get(key, "This customer"))
        sheet.open()
        await region.load()

    def nothing() -> None:
        if searched:
            empty_state("search", f"Nobody in this segment matches “{searched}”", "Try part of a name or an email.")
        else:
            _nobody(member, segment)

    names: dict[str, str] = {}
    with frame(member, segment.name, segment.sentence, back=("/segments", "Segments")) as actions:
        with actions:
            if allowed(member, "customers.export"):
                button("Export CSV", icon="download", href=f"/api/segments/{segment_id}/customers.csv")
        segment_tabs(segment, "people")
        with filter_bar():
            search_input("Search name, email or phone", search, value=searched)
            count = ui.label("").classes("muted num")
        with card(css="p-0"):
            table = DataTable(
                COLUMNS, load, empty=nothing, locale=member.locale, label=f"People in {segment.name}", on_action=act
            )
    await ui.context.client.connected()
    await table.reload()
    counted = await refresh_size(member, segment_id)
    count.text = f"{plural(counted.size or 0, 'person', 'people', member.locale)} now"


def _row(one: Person, member: Member) -> Row:
    customer = one.customer
    return Row(
        key=str(customer.id),
        href=f"/customers/{customer.id}",
        label=_called(one),
        cells={
            "who": person_cell(customer.name, customer.email or customer.phone),
            "why": text_cell(one.because[:1].upper() + one.because[1:], css="muted t12 why-cell", title=one.because),
            "city": text_cell(customer.city),
            "orders": number_cell(customer.order_count, member),
            "spent": money_cell(customer.total_spent, get_settings().currency, member, css="num medium"),
            "last": date_cell(customer.last_order_at, member),
            "acts": action_cell([("why", "Why this person is in the segment", "circle-help")]),
        },
    )


def _called(one: Person) -> str:
    return one.customer.name or one.customer.email or "Customer without a name"


def _nobody(member: Member, segment: Segment) -> None:
    words = "As soon as a customer fits its rule, they show here. Loosen a condition to reach more people."
    with empty_state("users", "Nobody is in this segment now", words) as actions:
        if allowed(member, "segments.write"):
            with actions:
                button("Open the rule", icon="sliders-horizontal", href=f"/segments/{segment.id}")
