"""Messages to choose from, written from a short brief while one looks on."""

from __future__ import annotations

import asyncio

from nicegui import background_tasks, ui

from app.ai.copywriting.draft import MessageDraft, Messages, Tone
from app.ai.copywriting.suggest import LONGEST_BRIEF, suggest_messages
from app.ai.provider import configured
from app.errors import CohortError
from models import Member
from models.campaign import Channel
from pages.campaign_editor.draft import Draft
from pages.campaign_editor.message import MessageCard
from pages.campaign_editor.suggested import Pace, Slot
from pages.components import button, card, chip, confirm, explain, icon, text
from pages.components.chip import Tone as ChipTone
from pages.components.field import QUIET
from pages.components.tabs import segmented
from pages.components.text import box
from pages.components.until_closed import UntilClosed

SOURCES: dict[str, tuple[str, ChipTone]] = {
    "gemini": ("Gemini", "accent"),
    "openai": ("OpenAI", "accent"),
    "templates": ("Templates, no AI configured", "gray"),
}
ASK_FOR = "What should the message say? Facts only you know, such as an offer"
SLOTS = 3


class SuggestionsCard:
    """The box with brief and tone, and the drafts that come of it. Using one fills the fields of `message`."""

    def __init__(self, draft: Draft, member: Member, message: MessageCard) -> None:
        self._draft = draft
        self._member = member
        self._message = message
        self._tone = Tone.FRIENDLY.value
        self._task: asyncio.Task[None] | None = None
        self._used: tuple[str, str, str] | None = None
        with card(css="p-0 ask suggest"):
            self._question()
            self._answer = box("suggest-answer")
            self._answer.set_visibility(False)
        UntilClosed(self.stop)

    def _question(self) -> None:
        with box("ask-line"):
            icon("sparkles", "s20 tone-accent")
            self._brief = ui.textarea(placeholder=ASK_FOR).props(
                f"{QUIET} autogrow rows=1 borderless maxlength={LONGEST_BRIEF}"
            )
            self._brief.props["aria-label"] = "What the message should say"
            self._brief.on(
                "keydown.enter",
                js_handler="(e) => { if (!e.shiftKey) { e.preventDefault(); emit(); } }",
                handler=self._start,
            )
            self._go = button("Suggest messages", on_click=self._start)
        with box("line gap-3 flex-wrap suggest-tone"):
            tones: list[tuple[str, str, str | None]] = [(tone.value, tone.value.capitalize(), None) for tone in Tone]
            segmented(tones, self._tone, self._choose, label="Tone")

    def _choose(self, tone: str) -> None:
        self._tone = tone

    # asking

    def _start(self) -> None:
        if self._running:
            return
        if not (self._brief.value or "").strip():
            self._say("warn", "Say in a few words what the message should tell, then ask again.")
            return
        self._frame()
        self._task = background_tasks.create(self._ask(), name="message suggestions")

    @property
    def _running(self) -> bool:
        return self._task is not None and not self._task.done()

    def stop(self) -> None:
        """Ask no further; what is whole stays."""
        if self._running and self._task is not None:
            self._task.cancel()

    async def _ask(self) -> None:
        self._set_running(True)
        pace = Pace(self._show, Messages(source=configured() or "templates"))
        try:
            found = await suggest_messages(
                self._member,
                self._brief.value or "",
                self._tone,
                channel=Channel(self._draft.channel),
                segment_ids=list(self._draft.segment_ids),
                seen=pace.hear,
            )
        except asyncio.CancelledError:
            latest = pace.latest
            self._finish(Messages(source=latest.source, drafts=latest.drafts, note="Stopped. What was whole is kept."))
            raise
        except CohortError as problem:
            self._set_running(False)
            self._say("bad", problem.detail)
        except Exception as problem:
            self._set_running(False)
            self._say("bad", explain(problem))
        else:
            self._finish(found)
        finally:
            pace.end()

    def _set_running(self, running: bool) -> None:
        if not self._go.is_deleted:
            self._go.set_busy(running)

    # showing

    def _say(self, tone: str, words: str) -> None:
        if self._answer.is_deleted:
            return
        self._answer.clear()
        self._answer.set_visibility(True)
        with self._answer, box(f"banner {tone}"):
            icon("circle-alert")
            text(words, "min-w-0 break-words")

    def _frame(self) -> None:
        """The empty places the drafts come into."""
        self._answer.clear()
        self._answer.set_visibility(True)
        with self._answer:
            with box("line gap-2 flex-wrap suggest-head"):
                self._by = box("line", tag="span")
                self._status = text("Writing", "muted t12 grow min-w-0", tag="span").mark("suggest-status")
                self._stop = button("Stop", icon="square", small=True, kind="ghost", on_click=self.stop)
                self._again = button(
                    "Suggest others", icon="refresh-cw", small=True, kind="ghost", on_click=self._start
                )
                self._again.set_visibility(False)
            self._undo_place = box()
            with box("stack gap-2.5") as self._drafts:
                self._slots = [Slot(self._use) for _ in range(SLOTS)]

    def _show(self, found: Messages) -> None:
        if self._answer.is_deleted:
            return
        for slot, draft in zip(self._slots, found.drafts, strict=False):
            slot.show(draft, whole=True)
        place = len(found.drafts)
        if place < SLOTS and found.writing is not None:
            self._slots[place].show(found.writing, whole=False)

    def _finish(self, found: Messages) -> None:
        self._set_running(False)
        if self._answer.is_deleted:
            return
        self._show(found)
        for slot in self._slots[len(found.drafts) :]:
            slot.hide()
        label, tone = SOURCES[found.source]
        if found.source == "templates" and found.note:
            label = "Templates"
        self._by.clear()
        with self._by:
            chip(label, tone, icon="wand-sparkles")
        self._status.text = found.note or "Nothing is promised that you did not write. Read it before you send it."
        self._stop.set_visibility(False)
        self._again.set_visibility(configured() is not None)  # templates would be the same again

    # using

    async def _use(self, draft: MessageDraft) -> None:
        before = self._now()
        own = bool(self._draft.body.strip()) and before != self._used
        if own and not await confirm(
            "Use this message?",
            "It replaces the subject and the text that are there now. You can undo that.",
            action="Replace the message",
            cancel="Keep mine",
        ):
            return
        self._fill(draft.subject or before[0], draft.preview or before[1], draft.body)
        self._used = self._now()
        self._offer_undo(before)

    def _now(self) -> tuple[str, str, str]:
        return self._draft.subject, self._draft.preview_text, self._draft.body

    def _fill(self, subject: str, preview: str, body: str) -> None:
        self._message.subject.value, self._message.preview.value = subject, preview
        self._message.body.value = body

    def _offer_undo(self, before: tuple[str, str, str]) -> None:
        self._undo_place.clear()
        self._drafts.set_visibility(False)

        def back_to_drafts() -> None:
            self._undo_place.clear()
            self._drafts.set_visibility(True)

        def take_back() -> None:
            self._fill(*before)
            self._used = None
            back_to_drafts()

        with self._undo_place, box("banner good suggest-used"):
            icon("circle-check")
            text("The message below is the one you chose; change it as you like.", "min-w-0 grow")
            button("Other drafts", small=True, kind="ghost", on_click=back_to_drafts)
            button("Undo", icon="undo-2", small=True, kind="ghost", on_click=take_back)
