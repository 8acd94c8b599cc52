"""Who joined a segment, who left it, and who was in it, since a day: three lists in one card."""

from __future__ import annotations

from datetime import date

from app.errors import NotFound
from app.segments.growth import history
from app.segments.growth.history import Growth
from app.settings import get_settings
from models import Customer, Member, Segment
from pages.components import (
    Ask,
    Column,
    DataTable,
    Page,
    Row,
    box,
    card,
    empty_state,
    number,
    person_cell,
    tabs,
    text_cell,
)

MOVERS = (
    Column(name="who", label="Customer", spot="title", width="45%"),
    Column(name="why", label="Because", spot="wide"),
)
THEN = (
    Column(name="who", label="Customer", spot="title", width="45%"),
    Column(name="city", label="City now", spot="sub"),
)


class GrowthPeople:
    """The lists, compared with the record that speaks for `since`."""

    def __init__(self, member: Member, segment: Segment, since: date | None) -> None:
        self.member = member
        self.segment = segment
        self.since = since

    async def draw(self, found: Growth) -> None:
        """The card, with the list that has somebody in it opened."""
        then = found.since or found.records[-1]
        options = {"joined": "Joined", "left": "Left", "then": "In it then"}
        with card(css="p-0"):
            with box("px-4 pt-2"):
                row = tabs(options, "joined", self._show)
            row.set_count("joined", number(found.joined, self.member.locale))
            row.set_count("left", number(found.left, self.member.locale))
            row.set_count("then", number(then.size, self.member.locale))
            self.place = box()
        await self._show("joined" if found.joined or not found.left else "left")
        if not found.joined and found.left:
            await row.choose("left")

    async def _show(self, which: str) -> None:
        self.place.clear()
        with self.place:
            if which == "then":
                table = DataTable(THEN, self._load_then, empty=_nobody, locale=self.member.locale, label="Members then")
            else:

                async def load(ask: Ask) -> Page:
                    return await self._load(which == "joined", ask)

                table = DataTable(MOVERS, load, empty=_nobody, locale=self.member.locale, label=which.capitalize())
        await table.reload()

    async def _load(self, joined: bool, ask: Ask) -> Page:
        found, total = await history.movers(
            self.member, self.segment.id, since=self.since, joined=joined, offset=ask.offset, limit=ask.limit
        )
        rows = [
            _row(str(one.number), one.customer, why=text_cell(one.why[:1].upper() + one.why[1:], title=one.why))
            for one in found
        ]
        return Page(rows=rows, total=total)

    async def _load_then(self, ask: Ask) -> Page:
        records = (await history.growth(self.member, self.segment.id, since=self.since)).since
        if records is None:
            return Page(rows=[])
        at = records.at.astimezone(get_settings().zone).date()
        try:
            past = await history.members_at(self.member, self.segment.id, at, limit=ask.limit, cursor=ask.cursor)
        except NotFound:
            return Page(rows=[])
        rows = [_row(str(one.id), one, city=text_cell(one.city, css="muted")) for one in past.people]
        return Page(rows=rows, next_cursor=past.next_cursor)


def _row(key: str, customer: Customer | None, **cells: dict[str, object]) -> Row:
    if customer is None:
        return Row(key=key, cells={"who": text_cell("Deleted customer", css="muted"), **cells})
    return Row(
        key=key,
        href=f"/customers/{customer.id}",
        label=customer.name or customer.email or "Customer without a name",
        cells={"who": person_cell(customer.name, customer.email), **cells},
    )


def _nobody() -> None:
    with empty_state("users", "Nobody", "No customer is in this list.", small=True):
        pass
