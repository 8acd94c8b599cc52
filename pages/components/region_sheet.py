"""One region of an overlap: how many, of which share, some of the people, and the way to keep it as a segment."""

from __future__ import annotations

from nicegui import ui

from app.auth.permissions import allowed
from app.errors import CohortError, Conflict, InvalidInput
from app.segments.overlap import Overlap, Region
from app.segments.preview import preview
from app.segments.sentence.wording import listed
from app.segments.service import create_segment
from models.member import Member
from pages.components.button import button
from pages.components.field import show_errors, text_field
from pages.components.figures import number, percent, plural
from pages.components.loading import error_state
from pages.components.person import person
from pages.components.problem import explain
from pages.components.sheet import Sheet
from pages.components.skeleton import skeleton
from pages.components.text import box, text
from pages.components.toast import toast

SAMPLE = 8
LONGEST_NAME = 120


class RegionSheet:
    """One sheet, filled anew for each region that is opened."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self._sheet = Sheet("Combination")
        self._shown: Region | None = None

    async def show(self, found: Overlap, region: Region) -> None:
        """Open it with the figures at once; the people follow."""
        self._shown = region
        self._sheet.clear()
        self._sheet.title.text = named(found, region)
        self._sheet.subtitle.text = plural(region.count, "person", "people", self._member.locale)
        with self._sheet:
            self._shares(found, region)
            text("Some of them", "t16 mt-4", tag="h3")
            people = box("stack gap-3 mt-2")
            with people:
                skeleton(4)
        if allowed(self._member, "segments.write"):
            self._form(found, region)
        self._sheet.open()
        try:
            seen = (await preview(self._member, region.rule, sample=SAMPLE)).sample
        except CohortError as problem:
            people.clear()
            with people:
                error_state(explain(problem))
            return
        if self._shown is not region or people.is_deleted:
            return
        people.clear()
        with people:
            for customer in seen:
                row = person(customer.name, customer.email, href=f"/customers/{customer.id}")
                row.props("target=_blank rel=noopener")
            if not seen:
                text("Nobody any more: something changed since the numbers were counted.", "muted")

    def _shares(self, found: Overlap, region: Region) -> None:
        locale = self._member.locale
        with ui.element("dl").classes("facts"):
            for segment in found.segments:
                size = found.sizes[str(segment.id)]
                if str(segment.id) in region.inside and size:
                    text(f"Of {segment.name}", "muted break-words", tag="dt")
                    text(f"{percent(region.count / size, locale)} of {number(size, locale)}", "num", tag="dd")
            text("Of all customers", "muted", tag="dt")
            text(f"{percent(region.count / found.total, locale)} of {number(found.total, locale)}", "num", tag="dd")

    def _form(self, found: Overlap, region: Region) -> None:
        with self._sheet:
            box("rule mt-4")
            name = text_field("Name of the segment", named(found, region, short=True)[:LONGEST_NAME])

        async def save() -> None:
            try:
                segment = await create_segment(self._member, name=name.value, rule=region.rule)
            except (InvalidInput, Conflict) as problem:
                if not any(error.field == "name" for error in problem.errors):
                    raise
                show_errors({"name": name}, InvalidInput(problem.detail, errors=problem.errors))
                return
            toast(f"{segment.name} is saved")
            ui.navigate.to(f"/segments/{segment.id}")

        with self._sheet.foot:
            button("Save as segment", icon="check", kind="primary", on_click=save)


def named(found: Overlap, region: Region, *, short: bool = False) -> str:
    """`VIP and Lapsed only`, `All of them`, `None of them`; `short` is a name: `VIP and Lapsed, not Pune`."""
    names = {str(segment.id): segment.name for segment in found.segments}
    inside = listed((names[key] for key in region.inside), "and")
    outside = listed((names[key] for key in region.outside), "or")
    if short:
        return f"{inside}, not {outside}" if inside and outside else inside or f"Not {outside}"
    if not region.inside:
        return "None of them"
    return f"{inside} only" if region.outside else f"All of them: {inside}"
