"""Name and channel: the first thing that is said of a campaign, because the other fields follow from it."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from models.campaign import Channel
from pages.campaign_editor.draft import Draft
from pages.campaign_editor.faults import FaultFields
from pages.campaign_editor.ways import Choice, choices, way_words
from pages.components import card, icon, text, text_field
from pages.components.text import box


class ChannelCard:
    """`changed` is called after every change, `switched` when another channel was chosen."""

    def __init__(self, draft: Draft, changed: Callable[[], None], switched: Callable[[], None]) -> None:
        self._draft = draft
        self._changed = changed
        self._switched = switched
        self._buttons: dict[str, ui.element] = {}
        with card(css="p-5"), box("stack gap-4"):
            self.name = text_field(
                "Name",
                draft.name,
                placeholder="Winter thank-you",
                hint="For you and your team; customers do not see it.",
                on_change=self._named,
            )
            self.name.props("maxlength=120")
            with box("fg"):
                text("Goes out as", "lab", tag="span")
                with box("choices").props("role=radiogroup") as group:
                    group.props["aria-label"] = "Goes out as"
                    for choice in choices():
                        self._button(choice)
                self._way = text(way_words(draft.channel), "muted t12")
            self._faults = box("stack gap-4")
            with self._faults:
                FaultFields(draft, changed)
        self._mark()

    def _button(self, choice: Choice) -> None:
        key = choice.channel.value
        with ui.element("button").classes("choice").props("type=button role=radio") as button:
            button.props["aria-label"] = f"{choice.label}, {choice.about}" if choice.missing else choice.label
            icon(choice.icon)
            with box("stack min-w-0"):
                text(choice.label, "medium", tag="span")
                text(choice.about, "t12 muted", tag="span")
        if choice.missing and key != self._draft.channel:
            button.props["disabled"] = True
            button.props["title"] = (
                f"{choice.label} cannot be chosen here: {choice.about[:1].lower()}{choice.about[1:]}"
            )
        else:
            button.on("click", lambda: self.choose(key), [])
        self._buttons[key] = button

    def choose(self, key: str) -> None:
        """Send this way from now on."""
        if key == self._draft.channel:
            return
        self._draft.channel = key
        self._mark()
        self._way.text = way_words(key)
        self._switched()
        self._changed()

    def _mark(self) -> None:
        for key, button in self._buttons.items():
            button.props["aria-checked"] = "true" if key == self._draft.channel else "false"
        self._faults.set_visibility(self._draft.channel == Channel.SIMULATOR.value)

    def _named(self, value: str) -> None:
        self._draft.name = value or ""
        self._changed()
