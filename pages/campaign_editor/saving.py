"""Saves the draft by itself, shortly after the last change, and says where that stands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nicegui import background_tasks, ui

from app.campaigns.life.service import create_campaign, update_campaign
from app.errors import CohortError, Conflict, InvalidInput
from models import Campaign, Member
from pages.campaign_editor.draft import Draft
from pages.components import explain
from pages.segment_editor.leaving import Guard

PAUSE_SECONDS = 0.9


class Saver:
    """One draft's way into the database. `say(words, bad)` hears what to show; `refused(problem)` gets field errors."""

    def __init__(
        self,
        draft: Draft,
        member: Member,
        guard: Guard,
        *,
        say: Callable[[str, bool], None],
        refused: Callable[[InvalidInput], None],
    ) -> None:
        self._draft = draft
        self._member = member
        self._guard = guard
        self._say = say
        self._refused = refused
        self._client = ui.context.client
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._blocked = False

    def soon(self) -> None:
        """Something changed."""
        self._guard.set(self._draft.dirty)
        if self._blocked or not self._draft.dirty:
            return
        if not self._draft.storable:
            wanted = [("a message", self._draft.body)]
            if self._draft.kind.subject_needed:
                wanted.insert(0, ("a subject", self._draft.subject))
            missing = [words for words, value in wanted if not value.strip()]
            self._say(
                f"Saved as soon as it has {' and '.join(missing)}" if missing else "Not saved: see the marked field",
                False,
            )
            return
        if self._task is not None and not self._task.done():
            self._task.cancel()
        self._say("Unsaved changes", False)
        self._task = background_tasks.create(self._later(), name="campaign draft")

    def close(self) -> None:
        """The page is gone."""
        if self._task is not None:
            self._task.cancel()

    async def _later(self) -> None:
        await asyncio.sleep(PAUSE_SECONDS)
        await asyncio.shield(background_tasks.create(self._try(), name="save campaign draft"))

    async def _try(self) -> None:
        try:
            await self.now()
        except InvalidInput as problem:
            self._say("Not saved: see the marked field", True)
            self._refused(problem)
        except Conflict as problem:
            self._blocked = True
            self._say(f"Not saved: {problem.detail}", True)
        except CohortError as problem:
            self._say(f"Not saved: {problem.detail}", True)
        except Exception as problem:
            self._say(f"Not saved: {explain(problem)}", True)

    async def now(self) -> None:
        """Save what the fields say, unless it is saved already. Raises what the service raises."""
        async with self._turn:
            draft = self._draft
            if draft.saved is not None and not draft.dirty:
                return
            self._say("Saving", False)
            data = draft.data()
            campaign = await self._store(data)
            fresh = draft.campaign_id is None
            draft.stored(campaign, data)
            self._guard.set(draft.dirty)
            self._say("Saved just now", False)
            if fresh:
                with self._client:
                    ui.navigate.history.replace(f"/campaigns/{campaign.id}/edit")

    async def _store(self, data: dict[str, object]) -> Campaign:
        if self._draft.campaign_id is None:
            return await create_campaign(self._member, data)
        return await update_campaign(self._member, self._draft.campaign_id, {**data, "version": self._draft.version})
