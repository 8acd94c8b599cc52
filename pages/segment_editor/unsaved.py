"""Unfinished work: kept as a draft while it is edited, offered back when the page is opened again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from nicegui import background_tasks

from app.errors import CohortError
from app.segments.saved.drafts import Work, discard_draft, find_draft, keep_draft
from models import Member, Segment
from models.segment_draft import SegmentDraft
from pages.components import ago, button, icon, text
from pages.components.text import box
from pages.segment_editor.state import EditorState

PAUSE_SECONDS = 0.8
log = structlog.get_logger(__name__)


class Autosave:
    """Keeps what differs from the saved segment as the member's draft, shortly after each change.

    While an older draft is on offer nothing is kept, because that would take its place: `hold` and `release`.
    """

    def __init__(self, state: EditorState, member: Member, tell: Callable[[str], None]) -> None:
        self._state, self._member, self._tell = state, member, tell
        self._task: asyncio.Task[None] | None = None
        self._pending = False
        self._held = False

    def hold(self) -> None:
        """Keep nothing for now."""
        self._held = True

    def release(self) -> None:
        """The offer is settled; what is on screen counts from now on."""
        self._held = False
        self.soon()

    def soon(self) -> None:
        """Something changed."""
        self._pending = True
        if self._held:
            return
        if self._task is not None and not self._task.done():
            self._task.cancel()
        self._task = background_tasks.create(self._after_pause(), name="keep a draft")

    def close(self) -> None:
        """The page is gone: keep now what was not kept yet."""
        if self._pending and not self._held:
            if self._task is not None and not self._task.done():
                self._task.cancel()
            background_tasks.create(self._keep(), name="keep a draft")

    async def saved(self) -> None:
        """The segment itself was saved, so there is no draft any more."""
        self._held = self._pending = False
        if self._task is not None and not self._task.done():
            self._task.cancel()
        await discard_draft(self._member, self._state.segment_id)

    async def _after_pause(self) -> None:
        await asyncio.sleep(PAUSE_SECONDS)
        await self._keep()

    async def _keep(self) -> None:
        state = self._state
        self._pending = False
        try:
            if state.dirty:
                await keep_draft(self._member, state.segment_id, work_of(state))
                self._tell("Unsaved changes, kept as your draft")
            else:
                await discard_draft(self._member, state.segment_id)
        except CohortError as problem:
            self._tell(f"Not kept as a draft: {problem.detail}")
        except Exception:
            log.exception("a draft could not be kept", segment=state.segment_id)
            self._tell("Unsaved changes, not kept as a draft")


def work_of(state: EditorState) -> Work:
    """What is on screen."""
    return Work(
        rule=state.rule(),
        name=state.name,
        description=state.description,
        description_source=state.description_source,
        source=state.source,
        prompt=state.prompt,
        base_version=state.version,
    )


async def draft_on_offer(member: Member, state: EditorState) -> SegmentDraft | None:
    """The member's draft of the segment on screen, unless it says nothing that is not saved."""
    draft = await find_draft(member, state.segment_id)
    if draft is None:
        return None
    same = (draft.name.strip(), draft.description.strip(), repr(draft.rule))
    return draft if same != state.content() else None


class DraftOffer:
    """A line that offers a draft back. `restore` and `discard` are what its buttons do; it goes away after either."""

    def __init__(
        self,
        draft: SegmentDraft,
        segment: Segment | None,
        member: Member,
        *,
        restore: Callable[[SegmentDraft], None],
        discard: Callable[[], Awaitable[None]],
    ) -> None:
        self.draft = draft
        with box("banner info offer").props("role=status") as self._line:
            icon("history")
            with box("stack grow"):
                text(f"You have unsaved changes from {ago(draft.updated_at, member.locale)}", "medium")
                if segment is not None and (draft.base_version or 0) < segment.version:
                    when = ago(segment.updated_at, member.locale)
                    text(
                        f"The segment was saved again since then ({when}). Restoring shows your work; saving it asks "
                        "before it replaces the newer version.",
                        "t12",
                    )
            with box("line gap-2"):

                def take() -> None:
                    self.close()
                    restore(draft)

                async def forget() -> None:
                    await discard()
                    self.close()

                button("Discard", small=True, kind="ghost", on_click=forget)
                button("Restore", small=True, on_click=take)

    def close(self) -> None:
        """Take the line away."""
        if not self._line.is_deleted:
            self._line.delete()
