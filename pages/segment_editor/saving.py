"""Saving from the builder: what is wrong is shown where it is, and nobody's newer version is replaced unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from app.errors import Conflict, InvalidInput, RuleError
from app.segments.catalogue import forget_catalogue
from app.segments.service import create_segment, update_segment
from models import Segment
from pages.components import confirm, show_errors, toast
from pages.segment_editor.names import focus

if TYPE_CHECKING:
    from pages.segment_editor.builder import Builder


class Saving:
    """Saves for one builder, one save at a time."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._busy = False

    async def save(self) -> None:
        """Create or update the segment. A person asked for it: nothing else ever saves."""
        if self._busy or not self._complete():
            return
        self._busy = True
        try:
            await self._save()
        finally:
            self._busy = False

    def _complete(self) -> bool:
        """Whether everything is filled in; what is not is marked, and the first of it gets the focus."""
        builder, state = self._builder, self._builder.state
        unfinished = state.unfinished()
        if builder.names.missing():
            focus(builder.names.name)
        if unfinished:
            builder.editing.strict = True
            state.problems = unfinished
            builder.editing.show_problems()
            toast("Fill in or remove the conditions that are marked, then save.", "bad")
            if not builder.names.name.error:
                builder.editing.focus(next(iter(unfinished)), "cond-value")
        return not unfinished and not builder.names.name.error

    async def _save(self) -> None:
        builder = self._builder
        try:
            segment = await self._store()
        except RuleError as problem:
            builder.state.mark(problem.errors)
            builder.editing.show_problems()
            toast("A condition cannot be used as it is; it is marked in the rule.", "bad")
        except InvalidInput as problem:
            show_errors(builder.names.fields, problem)
        except Conflict as problem:
            await self._conflict(problem)
        else:
            await self._saved(segment)

    async def _store(self, *, over: bool = False) -> Segment:
        member, state = self._builder.member, self._builder.state
        if state.segment_id is None:
            return await create_segment(
                member,
                name=state.name,
                rule=state.rule(),
                description=state.description,
                source=state.source,
                prompt=state.prompt,
            )
        return await update_segment(
            member,
            state.segment_id,
            version=None if over else state.version,
            name=state.name,
            rule=state.rule(),
            description=state.description,
            source=state.source,
            prompt=state.prompt,
        )

    async def _saved(self, segment: Segment) -> None:
        builder = self._builder
        fresh = builder.state.segment_id is None
        await builder.autosave.saved()
        builder.saved(segment)
        forget_catalogue()
        toast("Segment saved")
        if fresh:
            ui.navigate.to(f"/segments/{segment.id}")

    async def _conflict(self, problem: Conflict) -> None:
        """A name that is taken belongs to the field; a newer version asks whose shall stand."""
        if any(error.field == "name" for error in problem.errors):
            self._builder.names.name.error = "Another segment has this name"
            focus(self._builder.names.name)
            return
        replace = await confirm(
            "Someone else saved this segment meanwhile",
            "Saving now replaces their version by what is on your screen. To look at theirs first, keep it and open "
            "the segment in another tab; your work stays here and as your draft.",
            action="Replace their version",
            danger=True,
            cancel="Keep theirs for now",
        )
        if replace:
            await self._saved(await self._store(over=True))
