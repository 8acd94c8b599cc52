"""The card "Segments" of a customer: those they are in, and why not in the others."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from app.segments.explain import explain_customer
from app.segments.explain.memberships import Membership, segments_of_customer
from models.member import Member
from pages.components.button import button, icon_button
from pages.components.card import card
from pages.components.figures import plural
from pages.components.icon import icon
from pages.components.loading import Region
from pages.components.skeleton import skeleton
from pages.components.text import box, text
from pages.components.why import why_tree

FIRST = 5
MORE = 20


class CustomerSegments:
    """Draw it where the card shall be, then await `load()` once the browser is there, and again after a change."""

    def __init__(self, member: Member, customer_id: str) -> None:
        self._member = member
        self._customer_id = customer_id
        with card("Segments"):
            self._region = Region(self._build, lambda: skeleton(4))

    async def load(self) -> None:
        """Evaluate every segment for this customer and show the outcome."""
        await self._region.load()

    async def _build(self) -> None:
        found, cursor = await segments_of_customer(self._member, self._customer_id, limit=200)
        while cursor:
            page, cursor = await segments_of_customer(self._member, self._customer_id, limit=200, cursor=cursor)
            found += page
        if not found:
            text("There are no segments yet.", "muted")
            text("Make one", "link", tag="a").props["href"] = "/segments/new"
            return
        inside = [one for one in found if one.inside]
        outside = [one for one in found if not one.inside]
        with box("stack gap-4"):
            with box("stack gap-2"):
                text(f"In {plural(len(inside), 'segment', 'segments', self._member.locale)}", "medium")
                self._list(inside)
            if outside:
                with box("stack gap-2"):
                    text(f"Not in {len(outside)}", "medium")
                    self._list(outside)

    def _list(self, found: Sequence[Membership]) -> None:
        place = ui.element("ul").classes("memberships")
        with place:
            for one in found[:FIRST]:
                self._entry(one)
        rest = list(found[FIRST:])
        if rest:
            self._more(place, rest)

    def _more(self, place: ui.element, rest: list[Membership]) -> None:
        def show() -> None:
            with place:
                for one in rest[:MORE]:
                    self._entry(one)
            del rest[:MORE]
            if rest:
                shown.text = _left(rest)
            else:
                shown.delete()

        shown = button(_left(rest), kind="ghost", small=True, on_click=show)

    def _entry(self, one: Membership) -> None:
        with ui.element("li") as entry, box("why-line"):
            with box(f"why-mark {'good' if one.inside else 'gray'}", tag="span"):
                icon("check" if one.inside else "triangle-alert" if one.inside is None else "minus", "s14")
            with box("stack min-w-0 flex-1"):
                text(one.name, "link medium break-words", tag="a").props["href"] = f"/segments/{one.id}"
                if not one.inside:
                    text(f"because {one.because}", "muted t12 break-words")
            if one.inside is not None:
                self._opener(one, entry)

    def _opener(self, one: Membership, entry: ui.element) -> None:
        """The button that opens the whole tree under an entry, and closes it again."""
        tree: list[ui.element] = []

        async def turn() -> None:
            if tree:
                tree.pop().delete()
            else:
                told = await explain_customer(self._member, segment_id=one.id, customer_id=self._customer_id)
                with entry, box("why-open") as opened:
                    why_tree(told)
                tree.append(opened)
            opener.props["aria-expanded"] = "true" if tree else "false"

        label = f"Why {'in' if one.inside else 'not in'} {one.name}"
        opener = icon_button("chevron-down", label, on_click=turn, small=True)
        opener.props["aria-expanded"] = "false"


def _left(rest: Sequence[Membership]) -> str:
    return f"Show {min(MORE, len(rest))} more" if len(rest) > MORE else f"Show the other {len(rest)}"
