"""Who the rule selects, counted again shortly after the last change; a count that was overtaken is never shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from nicegui import background_tasks

from app.errors import CohortError, RuleError
from app.segments.preview import Preview, preview
from models import Member
from pages.components import explain
from pages.segment_editor.state import EditorState

PAUSE_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of one count. Without a `preview` the last one still stands, and `note` says why."""

    preview: Preview | None = None
    note: str | None = None
    failed: bool = False


class LiveCount:
    """Counts for one builder. `tell` hears each answer, `counting` that one is on its way."""

    def __init__(
        self,
        state: EditorState,
        member: Member,
        *,
        counting: Callable[[], None],
        tell: Callable[[Answer], None],
    ) -> None:
        self._state = state
        self._member = member
        self._counting = counting
        self._tell = tell
        self._task: asyncio.Task[None] | None = None
        self.closed = False

    def soon(self, *, pause: float = PAUSE_SECONDS) -> None:
        """Count after a pause in the changes; whatever was being counted before is given up."""
        self.cancel()
        if not self.closed:
            self._task = background_tasks.create(self._count_after(pause), name="segment preview")

    def cancel(self) -> None:
        """Give up what is being counted."""
        if self._task is not None and not self._task.done():
            self._task.cancel()

    def close(self) -> None:
        """The page is gone: count nothing any more."""
        self.closed = True
        self.cancel()

    async def _count_after(self, pause: float) -> None:
        await asyncio.sleep(pause)
        self._state.problems = self._state.unfinished()
        if self._state.problems:
            self._tell(Answer(note="Some conditions are not filled in yet, so these are still the people from before."))
            return
        self._counting()
        try:
            found = await preview(self._member, self._state.rule(), sample=5)
        except RuleError as problem:
            self._state.mark(problem.errors)
            self._tell(Answer(note="A condition cannot be used as it is, so these are still the people from before."))
        except CohortError as problem:
            self._tell(Answer(note=problem.detail, failed=True))
        except Exception as problem:
            self._tell(Answer(note=explain(problem), failed=True))
        else:
            self._tell(Answer(preview=found))
