"""The cards beside the rule: how many, which share, in words, five of them, and who is nearly in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nicegui import ui

from models import Customer, Member
from pages.components import Part, button, card, number, percent, person, progress, skeleton, text
from pages.components.text import box
from pages.segment_editor.live import Figures, Miss

MOST_MISSES = 4


class PeopleCard:
    """Shows answers of the live count, element by element, so that nothing jumps. `edit(node)` opens a condition."""

    def __init__(self, member: Member, edit: Callable[[int], None] | None) -> None:
        self._member = member
        self._edit = edit
        self._shown: list[object] = []
        with box("people stack gap-4"):
            self._count_card()
            with card(css="p-5"):
                self._title = text("Some of them", "t16", tag="h2")
                self._people = box("stack gap-3 mt-4")
            with card(css="p-5") as self._near:
                text("Nearly in", "t16", tag="h2")
                text("People who miss one condition only", "muted t12")
                self._misses = box("stack misses")
        self._near.set_visibility(False)
        with self._people:
            skeleton(5)

    def _count_card(self) -> None:
        with card(css="p-5") as self._surface:
            with box("line gap-2 items-baseline flex-wrap"):
                self._about = text("about", "muted", tag="span")
                self._count = text("–", "t28 num", tag="span").mark("segment-count")
                self._margin = text("", "muted num", tag="span")
                self._share = text("counting", "muted num", tag="span")
            self._bar = progress([], label="Share of all customers")
            self._bar.classes("mt-3")
            self._note = text("", "banner warn mt-3")
            self._note.set_visibility(False)
            self._sentence = text("", "muted mt-3 break-words", tag="p").mark("segment-sentence")
            self._took = text("", "faint t12 num mt-2")
        self._about.set_visibility(False)
        self._surface.props["aria-live"] = "polite"

    def counting(self) -> None:
        """An answer is on its way; the old number stays, paler."""
        self._surface.classes("counting")
        self._near.classes("stale")

    def stands(self, note: str, *, failed: bool) -> None:
        """The last answer still stands, and why."""
        self._surface.classes(remove="counting")
        self._note.set_visibility(True)
        self._note.text = note
        self._note.classes(replace=f"banner {'bad' if failed else 'gray'} mt-3 t12")

    def show(self, figures: Figures) -> None:
        """Show who it is."""
        locale = self._member.locale
        share = figures.count / figures.total if figures.total else 0
        self._surface.classes(remove="counting")
        self._note.set_visibility(False)
        self._about.set_visibility(not figures.exact)
        self._count.text = number(figures.count, locale)
        self._margin.text = "" if figures.exact or not figures.margin else f"± {number(figures.margin, locale)}"
        people = "person" if figures.count == 1 else "people"
        self._share.text = f"{people}, {percent(share, locale)} of all" if figures.total else people
        self._bar.set([Part(share=share, label="in this segment")])
        self._sentence.text = figures.sentence
        took = f"in {number(figures.took_ms, locale)} ms"
        self._took.text = f"Counted just now {took}" if figures.exact else f"Estimated {took}, counting exactly"
        self._title.text = "All of them" if len(figures.sample) == figures.count else "Some of them"
        self._show_people(figures.sample)

    def _show_people(self, sample: Sequence[Customer]) -> None:
        wanted: list[object] = [(str(one.id), one.name, one.email) for one in sample] or ["nobody"]
        if wanted == self._shown:
            return
        self._shown = wanted
        self._people.clear()
        with self._people:
            for customer in sample:
                row = person(customer.name, customer.email, href=f"/customers/{customer.id}")
                row.props("target=_blank rel=noopener")
            if not sample:
                text("Nobody fits yet. Loosen a condition to see people here.", "muted")

    def misses(self, misses: Sequence[Miss]) -> None:
        """Whom one condition alone keeps out, most people first."""
        self._near.set_visibility(bool(misses))
        self._near.classes(remove="stale")
        self._misses.clear()
        with self._misses:
            for miss in misses[:MOST_MISSES]:
                self._miss(miss)

    def _miss(self, miss: Miss) -> None:
        found, locale = miss.found, self._member.locale
        more = f"{number(found.count, locale)} more {'misses' if found.count == 1 else 'miss'} only"
        with box("miss"):
            with box("stack min-w-0"):
                text(f"{more} “{found.words}”", "break-words")
                if found.sample:
                    who = found.sample[0].name or found.sample[0].email or "No name"
                    value = f", {found.found[0]}" if found.found and found.found[0] else ""
                    text(f"{'Nearest' if miss.by_distance else 'Such as'}: {who}{value}", "muted t12 break-words")
            if self._edit is not None:
                edit = self._edit
                edit_button = button("Edit", small=True, kind="ghost", on_click=lambda: edit(miss.node))
                edit_button.props["aria-label"] = f"Edit the condition {found.words}"


class CountBar:
    """The count on a phone, always in sight while the rule is edited."""

    def __init__(self, member: Member) -> None:
        self._member = member
        with ui.element("div").classes("count-bar only-phone"):
            self._text = text("Counting", "num strong", tag="span")
            self._more = text("", "muted num", tag="span")

    def show(self, figures: Figures) -> None:
        """Show the latest count."""
        locale = self._member.locale
        about = "" if figures.exact else "about "
        self._text.text = f"{about}{number(figures.count, locale)} {'person' if figures.count == 1 else 'people'}"
        self._more.text = percent(figures.count / figures.total, locale) if figures.total else ""

    def stands(self) -> None:
        """The count shown is not the rule's that is on screen."""
        self._more.text = "before the last change"
