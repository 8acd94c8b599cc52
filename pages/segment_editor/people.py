"""The card beside the rule: how many, which share, in words, and five of them."""

from __future__ import annotations

from nicegui import ui

from app.segments.preview import Preview
from models import Member
from pages.components import Part, card, number, percent, person, progress, skeleton, text
from pages.components.text import box
from pages.segment_editor.live import Answer


class PeopleCard:
    """Shows answers of the live count, element by element, so that nothing jumps."""

    def __init__(self, member: Member) -> None:
        self._member = member
        with box("people stack gap-4"):
            self._count_card()
            with card(css="p-5") as self._five:
                self._title = text("Some of them", "t16", tag="h2")
                self._people = box("stack gap-3 mt-4")
        with self._people:
            skeleton(5)

    def _count_card(self) -> None:
        with card(css="p-5") as self._surface:
            with box("line gap-2 items-baseline"):
                self._count = text("–", "t28 num", tag="span").mark("segment-count")
                self._share = text("counting", "muted num", tag="span")
            self._bar = progress([], label="Share of all customers")
            self._bar.classes("mt-3")
            self._note = text("", "banner warn mt-3")
            self._note.set_visibility(False)
            self._sentence = text("", "muted mt-3 break-words", tag="p").mark("segment-sentence")
            self._took = text("", "faint t12 num mt-2")
        self._surface.props["aria-live"] = "polite"

    def counting(self) -> None:
        """A count is on its way; the old number stays, paler."""
        self._surface.classes("counting")

    def show(self, answer: Answer) -> None:
        """Show an answer, or why there is no new one."""
        self._surface.classes(remove="counting")
        self._note.set_visibility(answer.note is not None)
        if answer.note is not None:
            self._note.text = answer.note
            self._note.classes(replace=f"banner {'bad' if answer.failed else 'gray'} mt-3 t12")
        if answer.preview is not None:
            self._show_preview(answer.preview)

    def _show_preview(self, found: Preview) -> None:
        locale = self._member.locale
        share = found.count / found.total if found.total else 0
        self._count.text = number(found.count, locale)
        people = "person" if found.count == 1 else "people"
        self._share.text = f"{people}, {percent(share, locale)} of all" if found.total else people
        self._bar.set([Part(share=share, label="in this segment")])
        self._sentence.text = found.sentence
        self._took.text = f"Counted just now in {number(found.took_ms, locale)} ms"
        self._title.text = "All of them" if len(found.sample) == found.count else "Some of them"
        self._people.clear()
        with self._people:
            for customer in found.sample:
                row = person(customer.name, customer.email, href=f"/customers/{customer.id}")
                row.props("target=_blank rel=noopener")
            if not found.sample:
                text("Nobody fits yet. Loosen a condition to see people here.", "muted")


class CountBar:
    """The count on a phone, always in sight while the rule is edited."""

    def __init__(self, member: Member) -> None:
        self._member = member
        with ui.element("div").classes("count-bar only-phone"):
            self._text = text("Counting", "num strong", tag="span")
            self._more = text("", "muted num", tag="span")

    def show(self, answer: Answer) -> None:
        """Show the latest count, marked when it is not the rule's that is on screen."""
        if answer.preview is not None:
            found, locale = answer.preview, self._member.locale
            self._text.text = f"{number(found.count, locale)} {'person' if found.count == 1 else 'people'}"
            self._more.text = percent(found.count / found.total, locale) if found.total else ""
        else:
            self._more.text = "before the last change"
