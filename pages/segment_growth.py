"""A segment over time: its size, who came and went since a day, and which condition moved them."""

from __future__ import annotations

from datetime import date, timedelta

from nicegui import ui

from app.auth.permissions import allowed
from app.segments.contact import saved_shown
from app.segments.growth import asking, history
from app.segments.growth.history import Cause, Growth
from app.segments.service import get_segment
from app.settings import get_settings
from models import Member, Segment
from models.values import now
from pages.components import (
    Region,
    ago,
    box,
    button,
    card,
    date_field,
    day,
    empty_state,
    icon,
    number,
    plural,
    segmented,
    skeleton_block,
    text,
    toast,
    zone_of,
)
from pages.components.growth_chart import growth_chart
from pages.components.growth_people import GrowthPeople
from pages.frame import frame, page, set_title
from pages.segment_tabs import segment_tabs

LOOK_SECONDS = 1.0
SPANS = {1: "1 day", 7: "7 days", 30: "30 days", 0: "All"}


@page("/segments/{segment_id}/growth", permission="segments.read", title="Over time", nav="segments")
async def segment_growth(member: Member, segment_id: str) -> None:
    """The records of one segment, compared with a day of the member's choice."""
    segment = await saved_shown(member, await get_segment(member, segment_id))
    set_title(f"{segment.name}: over time")
    screen = _Screen(member, segment)
    screen.draw()
    await ui.context.client.connected()
    await screen.region.load()


class _Screen:
    """The page: which day it compares with, and whether a record is awaited."""

    def __init__(self, member: Member, segment: Segment) -> None:
        self.member = member
        self.segment = segment
        self.since: date | None = _today() - timedelta(days=7)
        self.span: int | None = 7
        self.may_record = allowed(member, "segments.write")

    def draw(self) -> None:
        """Head and tabs at once, the records when the browser is there."""
        with frame(self.member, self.segment.name, self.segment.sentence, back=("/segments", "Segments")) as actions:
            if self.may_record:
                with actions:
                    self.record_button = button("Record now", icon="activity", kind="primary", on_click=self._record)
            segment_tabs(self.segment, "growth")
            self.region = Region(self._fill, _to_come, css="stack gap-4")
            self.timer = ui.timer(LOOK_SECONDS, self._look, active=False)

    async def _record(self) -> None:
        await asking.ask_record(self.member, self.segment.id)
        self._await_record()

    def _await_record(self) -> None:
        if self.may_record:
            self.record_button.text = "Recording"
            self.record_button.set_enabled(False)
        self.timer.active = True

    async def _look(self) -> None:
        if await asking.is_waiting(self.member, self.segment.id):
            return
        self.timer.active = False
        if self.may_record:
            self.record_button.text = "Record now"
            self.record_button.set_enabled(True)
        await self.region.load()
        toast("Recorded")

    async def _fill(self) -> None:
        found = await history.growth(self.member, self.segment.id, since=self.since)
        if found.waiting and not self.timer.active:
            self._await_record()
        if found.problem:
            text(f"The last record could not be made. {found.problem}", "banner bad")
        if not found.records:
            self._nothing_yet()
            return
        self._chart(found)
        if len(found.records) > 1:
            self._change(found)
            await GrowthPeople(self.member, self.segment, self.since).draw(found)
        self._cost(found)

    def _nothing_yet(self) -> None:
        with card(css="p-0"):
            words = (
                "Cohort records every segment once a night, after midnight in the shop's time zone "
                f"({get_settings().timezone})."
            )
            more = " Record it now to begin today." if self.may_record else ""
            with empty_state("chart-line", "Nothing recorded yet", words + more):
                pass

    def _chart(self, found: Growth) -> None:
        zone, locale = get_settings().zone, self.member.locale
        with card("Size over time", note=f"Recorded {ago(found.records[-1].at, locale)}") as actions:
            with actions:
                text(number(found.records[-1].size, locale), "t20 num", tag="span").mark("growth-size")
            if len(found.records) > 1:
                growth_chart(found.records, zone, locale, since=found.since)
            else:
                words = "This is the first record. From the second on, the line and what moved people are shown here."
                text(words, "muted")

    def _change(self, found: Growth) -> None:
        with card(css="p-5"):
            with box("change-head"):
                with box("stack gap-1"):
                    with box("line gap-3 change-sum"):
                        text(f"+{number(found.joined, self.member.locale)}", "t28 num up", tag="span").mark("joined")
                        text(f"−{number(found.left, self.member.locale)}", "t28 num down", tag="span").mark("left")
                    text(self._equation(found), "muted num").mark("equation")
                self._choice()
            if found.causes:
                with ui.element("ul").classes("causes"):
                    for cause in found.causes:
                        self._cause(cause, max(found.joined, found.left))
            else:
                text("Nobody joined or left since then.", "muted mt-4")

    def _equation(self, found: Growth) -> str:
        locale = self.member.locale
        then = found.since or found.records[-1]
        when = day(then.at, locale, zone=get_settings().zone)
        return (
            f"{number(then.size, locale)} on {when} + {number(found.joined, locale)} joined "
            f"− {number(found.left, locale)} left = {number(found.records[-1].size, locale)}"
        )

    def _choice(self) -> None:
        with box("line gap-2 change-since"):
            options = [(str(days), label, None) for days, label in SPANS.items()]
            segmented(options, str(self.span), self._spanned, label="Compare with")
            with box("w-40"):
                field = date_field("Since", self.since, on_change=self._picked)
                field.props["max"] = _today().isoformat()

    async def _spanned(self, key: str) -> None:
        await self._compare(_before(int(key)), int(key))

    async def _picked(self, value: str) -> None:
        try:
            picked = date.fromisoformat(value)
        except ValueError:
            return
        if picked != self.since:
            await self._compare(picked, None)

    async def _compare(self, since: date | None, span: int | None) -> None:
        self.since, self.span = since, span
        await self.region.load()

    def _cause(self, cause: Cause, most: int) -> None:
        locale = self.member.locale
        with ui.element("li"):
            with box("cause-bars").props("aria-hidden=true"):
                box("bar-left").style(f"width:{cause.left / most * 50:.1f}%")
                box("bar-joined").style(f"width:{cause.joined / most * 50:.1f}%")
            with box("cause-counts num"):
                text(f"+{number(cause.joined, locale)}" if cause.joined else "", "up", tag="span")
                text(f"−{number(cause.left, locale)}" if cause.left else "", "down", tag="span")
            text(cause.text[:1].upper() + cause.text[1:], "break-words", tag="span")

    def _cost(self, found: Growth) -> None:
        cost = found.cost
        kept = plural(len(found.records), "record", locale=self.member.locale)
        words = (
            f"The last record took {_seconds(cost.took_ms)} and {_bytes(cost.last_bytes)}. {kept} of this segment "
            f"take {_bytes(cost.records_bytes)}, and {_bytes(cost.state_bytes)} more tell the next change. "
            "After 90 days one record a week is kept."
            if len(found.records) > 1
            else f"The record took {_seconds(cost.took_ms)} and {_bytes(cost.state_bytes)}, with which the next one "
            "is compared. After 90 days one record a week is kept."
        )
        with box("line gap-2 items-start faint t12"):
            icon("info", "s14")
            text(f"{words} Times are in {zone_of(self.member).key}.", tag="span").mark("growth-cost")


def _to_come() -> None:
    skeleton_block(280)
    skeleton_block(180)


def _today() -> date:
    return now().astimezone(get_settings().zone).date()


def _before(days: int) -> date | None:
    return _today() - timedelta(days=days) if days else None


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def _bytes(count: int) -> str:
    for unit, size in (("MB", 1_000_000), ("KB", 1_000)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
