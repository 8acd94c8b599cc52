"""Name and description of the segment, and who wrote the description."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from nicegui import ui

from app.segments.service import regenerate_description
from models import Member
from models.segment import DescriptionSource
from pages.components import button, card, confirm, text, text_field, textarea
from pages.components.text import box
from pages.segment_editor.state import EditorState

WROTE = {
    DescriptionSource.PERSON: "Written by hand. It stays as it is when the rule changes.",
    DescriptionSource.SENTENCE: "Written from the rule, and kept in step with it",
    DescriptionSource.GEMINI: "Written by Gemini from the rule, and kept in step with it",
    DescriptionSource.OPENAI: "Written by OpenAI from the rule, and kept in step with it",
}


class NamesCard:
    """The two fields; `fields` are for showing what the service finds wrong with them.

    `changed(key)` hears of every change that a person makes, and of a description that was written anew.
    """

    def __init__(self, state: EditorState, member: Member, changed: Callable[[Hashable], None]) -> None:
        self._state = state
        self._member = member
        self._changed = changed
        with card(css="p-5") as surface, box("stack gap-4"):
            surface.props["data-own-undo"] = "true"
            self.name = text_field(
                "Name", state.name, placeholder="Lapsed big spenders", on_change=lambda words: self._named(words or "")
            )
            self.name.props("maxlength=120")
            with box("describe"):
                self.description = textarea(
                    "Description",
                    state.description,
                    rows=2,
                    placeholder="Left empty, it is written from the rule when you save",
                    on_change=lambda words: self._described(words or ""),
                    optional=True,
                )
                self.description.props("autogrow")
                self._again = button(
                    "Write again", icon="wand-sparkles", small=True, kind="ghost", on_click=self._generate
                ).classes("describe-go")
                self._wrote = text("", "muted t12 mt-1")
        self.fields = {"name": self.name, "description": self.description}
        self._show_author()

    def _named(self, words: str) -> None:
        if words != self._state.name:
            self._state.name = words
            self.name.error = None
            self._changed("name")

    def _described(self, words: str) -> None:
        if words != self._state.description:
            self._state.description, self._state.description_source = words, DescriptionSource.PERSON
            self._show_author()
            self._changed("description")

    async def _generate(self) -> None:
        state = self._state
        by_hand = state.description.strip() and state.description_source is DescriptionSource.PERSON
        if by_hand and not await confirm(
            "Replace the description that was written by hand?",
            "A new one is written from the rule. Nothing is saved until you save, and undo brings yours back.",
            action="Write a new one",
            cancel="Keep mine",
        ):
            return
        words, source = await regenerate_description(self._member, name=state.name, rule=state.rule())
        state.description, state.description_source = words, source
        self.refresh()
        self._changed(None)

    def refresh(self) -> None:
        """Show what the state holds, after a save, an undo or a suggestion."""
        for control, value in ((self.name, self._state.name), (self.description, self._state.description)):
            if control.value != value:
                control.value = value
        self._show_author()

    def _show_author(self) -> None:
        there = bool(self._state.description.strip())
        self._wrote.set_visibility(there)
        self._wrote.text = WROTE[self._state.description_source]
        self._again.text = "Write again" if there else "Write it for me"

    def missing(self) -> bool:
        """Whether the name is missing; if so, say it at the field."""
        self.name.error = None if self._state.name.strip() else "Give the segment a name"
        return self.name.error is not None


def focus(control: ui.input) -> None:
    """Bring a field into view and put the cursor in it."""
    control.run_method("focus")
