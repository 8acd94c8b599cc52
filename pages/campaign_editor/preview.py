"""The message as a real customer would get it, beside the editor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nicegui import background_tasks, ui

from app.campaigns.life.service import preview_message
from app.campaigns.message.rendering import Rendered
from app.errors import CohortError, InvalidInput
from models import Customer, Member
from pages.campaign_editor.draft import Draft
from pages.components import card, explain, icon_button, text
from pages.components.field import QUIET
from pages.components.message_view import MessageView
from pages.components.tabs import segmented
from pages.components.text import box

PAUSE_SECONDS = 0.25


class PreviewCard:
    """`checked` is called after each try; what cannot be filled in is in `draft.faults` then."""

    def __init__(self, draft: Draft, member: Member, people: list[Customer], checked: Callable[[], None]) -> None:
        self._draft = draft
        self._member = member
        self._checked = checked
        self._task: asyncio.Task[None] | None = None
        self._people = {str(person.id): person.name or person.email or "No name" for person in people}
        self._who: str | None = next(iter(self._people), None)
        self._view: MessageView | None = None
        with card(css="p-0 message-card"):
            self._head()
            with box("stack message-subject"):
                self._from = text("", "muted t12 truncate")
                self._subject = text("", "medium break-words").mark("preview-subject")
                self._line = text("", "muted t12 truncate").mark("preview-line")
            self._stage = box("stage")
            self._plain = text("", "message-text whitespace-pre-wrap break-words").mark("preview-text")
            self._plain.set_visibility(False)
            self._note = text("", "banner gray t12")
        self._say("Write a subject and a text to see them here.")

    def _head(self) -> None:
        with box("message-head"):
            with box("line gap-2 min-w-0"):
                text("As", "muted t12", tag="span")
                options = self._people or {"": "an example person"}
                self._picker = ui.select(options, value=self._who or "").props(
                    f"{QUIET} options-dense dropdown-icon=expand_more"
                )
                self._picker.props["aria-label"] = "Whose message to look at"
                self._picker.classes("pick-person").on_value_change(lambda event: self._choose(event.value))
                icon_button("arrow-right", "Next person", small=True, on_click=self._next)
            sizes: list[tuple[str, str, str | None]] = [("wide", "", "monitor"), ("narrow", "", "smartphone")]
            toggle = segmented(sizes, "wide", self._resize, label="Width")
            for button, label in zip(toggle.default_slot.children, ("Wide", "As on a phone"), strict=True):
                button.props["aria-label"] = label
                button.props["title"] = label

    def _resize(self, size: str) -> None:
        self._stage.classes(add="narrow" if size == "narrow" else None, remove=None if size == "narrow" else "narrow")

    def _next(self) -> None:
        keys = list(self._people)
        if self._who in keys:
            self._picker.value = keys[(keys.index(self._who) + 1) % len(keys)]

    def _choose(self, key: str | None) -> None:
        self._who = key or None
        self.soon(pause=0)

    def soon(self, *, pause: float = PAUSE_SECONDS) -> None:
        """Draw it anew after a pause in the changes."""
        self.close()
        self._task = background_tasks.create(self._later(pause), name="message preview")

    def close(self) -> None:
        """Draw nothing any more."""
        if self._task is not None:
            self._task.cancel()

    async def _later(self, pause: float) -> None:
        await asyncio.sleep(pause)
        draft = self._draft
        draft.faults = {}
        if not draft.body.strip():
            self._say("Write a subject and a text to see them here.")
            self._checked()
            return
        try:
            data = draft.data()
            found = await preview_message(
                self._member,
                data["subject"],
                draft.body,
                self._who,
                channel=draft.channel,
                preview_text=data["preview_text"],
            )
        except InvalidInput as problem:
            draft.faults = {error.field: error.message[:1].upper() + error.message[1:] for error in problem.errors}
            self._say("This cannot be filled in yet. What you see is from before.")
        except CohortError as problem:
            self._say(problem.detail)
        except Exception as problem:
            self._say(explain(problem))
        else:
            self._note.set_visibility(False)
            self._subject.text = found.subject or ("No subject yet" if draft.kind.subject_needed else "")
            self._from.text = "Subject" if draft.kind.subject else ""
            self._line.text = draft.preview_text if draft.kind.preview else ""
            self._show(found)
        self._checked()

    def _show(self, found: Rendered) -> None:
        """The frame is made with its first message: Chromium paints nothing in one that was filled out of sight."""
        mail = bool(found.html)
        self._stage.set_visibility(mail)
        self._plain.set_visibility(not mail)
        self._plain.text = "" if mail else found.text
        if not mail:
            return
        if self._view is not None:
            self._view.show(found.html)
            return
        with self._stage:
            self._view = MessageView(found.html, title="Preview of the message", height="480px")

    def _say(self, words: str) -> None:
        self._note.text = words
        self._note.set_visibility(True)
