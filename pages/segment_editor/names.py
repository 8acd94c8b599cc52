"""Name and description of the segment."""

from __future__ import annotations

from nicegui import ui

from app.segments.service import regenerate_description
from models import Member
from models.segment import DescriptionSource
from pages.components import button, card, text, text_field, textarea
from pages.components.text import box
from pages.segment_editor.state import EditorState

WROTE = {
    DescriptionSource.PERSON: "",
    DescriptionSource.SENTENCE: "Written from the rule",
    DescriptionSource.GEMINI: "Written by Gemini from the rule",
    DescriptionSource.OPENAI: "Written by OpenAI from the rule",
}


class NamesCard:
    """The two fields; `fields` are for showing what the service finds wrong with them."""

    def __init__(self, state: EditorState, member: Member, changed: object) -> None:
        assert callable(changed)
        self._state = state
        self._member = member
        with card(css="p-5"), box("stack gap-4"):
            self.name = text_field(
                "Name",
                state.name,
                placeholder="Lapsed big spenders",
                bind=(state, "name"),
                on_change=lambda _: changed(),
            )
            self.name.props("maxlength=120")
            with box("describe"):
                self.description = textarea(
                    "Description",
                    state.description,
                    rows=2,
                    placeholder="Left empty, it is written from the rule when you save",
                    bind=(state, "description"),
                    on_change=lambda _: changed(),
                    optional=True,
                )
                button("Generate", icon="wand-sparkles", small=True, kind="ghost", on_click=self._generate).classes(
                    "describe-go"
                )
            self._wrote = text("", "muted t12")
            self._wrote.set_visibility(False)
        self.fields = {"name": self.name, "description": self.description}

    async def _generate(self) -> None:
        words, source = await regenerate_description(self._member, name=self._state.name, rule=self._state.rule())
        self.description.value = words
        self._wrote.text = WROTE[source]
        self._wrote.set_visibility(bool(WROTE[source]))

    def refresh(self) -> None:
        """Show what the state holds, after a save or a suggestion."""
        for control, value in ((self.name, self._state.name), (self.description, self._state.description)):
            if control.value != value:
                control.value = value

    def missing(self) -> bool:
        """Whether the name is missing; if so, say it at the field."""
        self.name.error = None if self._state.name.strip() else "Give the segment a name"
        return self.name.error is not None


def focus(control: ui.input) -> None:
    """Bring a field into view and put the cursor in it."""
    control.run_method("focus")
