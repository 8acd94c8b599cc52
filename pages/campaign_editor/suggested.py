"""One suggested message on screen, and how fast what comes in is put there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

from app.ai.copywriting.draft import MessageDraft, Messages
from app.ai.copywriting.markup import words_of
from app.campaigns.message.merge_tags import MERGE_TAGS
from pages.components import button, text
from pages.components.text import box

SHOW_SECONDS = 0.12
"""At most so often is what comes in put on screen."""
_TAG = re.compile(r"\{\{-?\s*([\w.]+).*?\}\}", re.DOTALL)
_LOGIC = re.compile(r"\{%.*?%\}|\{[{%][^}]*$", re.DOTALL)


class Pace:
    """Puts what comes in on screen at most every `SHOW_SECONDS`, and the last of it always."""

    def __init__(self, show: Callable[[Messages], None], first: Messages) -> None:
        self.latest = first
        self._show = show
        self._due: asyncio.TimerHandle | None = None

    def hear(self, found: Messages) -> None:
        """There is more."""
        self.latest = found
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(SHOW_SECONDS, self._now)

    def _now(self) -> None:
        self._due = None
        self._show(self.latest)

    def end(self) -> None:
        """Show nothing any more."""
        if self._due is not None:
            self._due.cancel()


class Slot:
    """The place of one draft: first its words as they come, then the draft with its button."""

    def __init__(self, use: Callable[[MessageDraft], Awaitable[None]]) -> None:
        self._draft: MessageDraft | None = None
        with box("suggestion waiting") as self._place:
            with box("stack gap-1 min-w-0 grow"):
                self._subject = text("", "medium break-words")
                self._preview = text("", "muted t12 break-words")
                self._body = text("", "suggestion-body break-words")
            self._button = button("Use this", small=True, on_click=self._take)
        self._use = use
        self._button.set_visibility(False)

    def show(self, draft: MessageDraft, *, whole: bool) -> None:
        """Its words so far, or all of it with the button."""
        if self._draft == draft:
            return
        self._subject.text = readable(draft.subject)
        self._preview.text = readable(draft.preview)
        self._preview.set_visibility(bool(draft.preview))
        self._body.text = readable(words_of(draft.body)).strip()
        if whole:
            self._draft = draft
            self._place.classes(remove="waiting")
            self._button.set_visibility(True)

    def hide(self) -> None:
        """Nothing came for this place."""
        self._place.set_visibility(False)

    async def _take(self) -> None:
        if self._draft is not None:
            await self._use(self._draft)


def readable(source: str) -> str:
    """A message with its merge tags as words in brackets: `Hi [First name],`."""
    return _LOGIC.sub("", _TAG.sub(lambda found: f"[{_label(found[1])}]", source))


def _label(path: str) -> str:
    return MERGE_TAGS.get(path) or path.rpartition(".")[2].replace("_", " ").capitalize()
