"""The segment builder: words on top, the rule at the left, who that is at the right."""

from __future__ import annotations

from textwrap import shorten
from typing import Any

from nicegui import ui

from app.ai.suggestion import Suggestion
from app.auth.permissions import allowed
from app.errors import Conflict, InvalidInput, RuleError
from app.segments.catalogue import forget_catalogue, load_catalogue
from app.segments.service import create_segment, get_segment, update_segment
from models import Member, Segment
from models.segment import RuleSource
from pages.components import ago, button, card, confirm, show_errors, text, toast
from pages.components.text import box
from pages.components.until_closed import UntilClosed
from pages.frame import frame, page, set_title
from pages.segment_editor.editing import Editing
from pages.segment_editor.group import draw_tree
from pages.segment_editor.leaving import Guard
from pages.segment_editor.live import Answer, LiveCount
from pages.segment_editor.names import NamesCard, focus
from pages.segment_editor.people import CountBar, PeopleCard
from pages.segment_editor.prompt import PromptBox
from pages.segment_editor.state import EditorState

BACK = ("/segments", "Segments")


@page("/segments/new", permission="segments.write", title="New segment", nav="segments")
async def new_segment(member: Member, prompt: str = "") -> None:
    """An empty rule, which is everybody, until a condition narrows it."""
    state = EditorState(catalogue=await load_catalogue())
    await Builder(member, state, None).draw(ask=prompt[:1000])


@page("/segments/{segment_id}", permission="segments.read", title="Segment", nav="segments")
async def edit_segment(member: Member, segment_id: str) -> None:
    """A saved segment. Who may not edit sees its sentence and its people."""
    segment = await get_segment(member, segment_id)
    set_title(segment.name)
    state = EditorState.of(segment, await load_catalogue())
    await Builder(member, state, segment).draw()


class Builder:
    """One builder on one page."""

    def __init__(self, member: Member, state: EditorState, segment: Segment | None) -> None:
        self.member = member
        self.state = state
        self.segment = segment
        self.before: tuple[dict[str, Any], RuleSource, str | None] | None = None
        self.may_edit = allowed(member, "segments.write")
        self.editing = Editing(state=state, member=member, changed=self.changed, restructured=self.restructured)
        self.live = LiveCount(state, member, counting=self._counting, tell=self._answer)

    async def draw(self, *, ask: str = "") -> None:
        """The whole page; the count follows once the browser is there."""
        title = self.segment.name if self.segment else "New segment"
        subtitle = f"Saved {ago(self.segment.updated_at, self.member.locale)}" if self.segment else "Not saved yet"
        with frame(self.member, title, subtitle, back=BACK) as actions:
            if self.may_edit:
                with actions:
                    self.unsaved = text("Unsaved changes", "muted t12", tag="span")
                    self.unsaved.set_visibility(False)
                    self.save_button = button("Save segment", icon="check", kind="primary", on_click=self.save)
                self.guard = Guard()
                self.prompt = PromptBox(
                    self.member,
                    self._take,
                    self._undo,
                    prompt=ask or self.state.prompt or "",
                    fresh=self.segment is None,
                )
            with box("split builder"):
                with box("stack gap-4"):
                    self._left()
                with box("builder-side"):
                    self.people = PeopleCard(self.member)
            self.bar = CountBar(self.member)
            UntilClosed(self.live.close)
        await ui.context.client.connected()
        self.live.soon(pause=0)
        if ask:
            await self.prompt.ask()

    def _left(self) -> None:
        if not self.may_edit:
            with card("Who is in it"):
                text(self.segment.sentence if self.segment else "", "break-words")
            if self.segment and self.segment.description:
                with card("Description"):
                    text(self.segment.description, "break-words")
            return
        with card(css="p-0 tree"):
            self.tree = box("tree-body")
            with self.tree:
                draw_tree(self.editing)
        self.names = NamesCard(self.state, self.member, self._renamed)

    # changes

    def changed(self) -> None:
        """A value changed: the marks go at once, the count follows."""
        self.state.problems = {}
        self.editing.show_problems()
        self._show_unsaved()
        self.live.soon()

    def restructured(self) -> None:
        """Conditions came or went: draw the tree again."""
        self.tree.clear()
        with self.tree:
            draw_tree(self.editing)
        self.changed()

    def _renamed(self) -> None:
        self._show_unsaved()

    def _show_unsaved(self) -> None:
        dirty = self.state.dirty
        self.guard.set(dirty)
        self.unsaved.set_visibility(dirty and self.segment is not None)

    def _take(self, rule: dict[str, Any], suggestion: Suggestion, prompt: str) -> None:
        if self.before is None or self.state.prompt != prompt:
            self.before = (self.state.rule(), self.state.source, self.state.prompt)
        self.state.load(rule, source=RuleSource(suggestion.source), prompt=prompt)
        if not self.state.name.strip():
            self.state.name = _named_after(prompt)
            self.names.refresh()
        self.restructured()

    def _undo(self) -> None:
        if self.before is not None:
            rule, source, prompt = self.before
            self.before = None
            self.state.load(rule, source=source, prompt=prompt)
            self.restructured()

    def _counting(self) -> None:
        self.people.counting()

    def _answer(self, answer: Answer) -> None:
        if self.live.closed:
            return
        self.people.show(answer)
        self.bar.show(answer)
        if self.may_edit:
            self.editing.show_problems()

    # saving

    async def save(self) -> None:
        """Create or update; what is wrong is shown where it is."""
        unfinished = self.state.unfinished()
        if self.names.missing():
            focus(self.names.name)
        if unfinished:
            self.editing.strict = True
            self.state.problems = unfinished
            self.editing.show_problems()
            toast("Fill in or remove the conditions that are marked, then save.", "bad")
        if unfinished or self.names.name.error:
            return
        try:
            segment = await self._store()
        except RuleError as problem:
            self.state.mark(problem.errors)
            self.editing.show_problems()
            toast("A condition cannot be used as it is; it is marked in the rule.", "bad")
        except InvalidInput as problem:
            show_errors(self.names.fields, problem)
        except Conflict as problem:
            await self._conflict(problem)
        else:
            self._saved(segment)

    async def _store(self, *, over: bool = False) -> Segment:
        state = self.state
        if state.segment_id is None:
            return await create_segment(
                self.member,
                name=state.name,
                rule=state.rule(),
                description=state.description,
                source=state.source,
                prompt=state.prompt,
            )
        return await update_segment(
            self.member,
            state.segment_id,
            version=None if over else state.version,
            name=state.name,
            rule=state.rule(),
            description=state.description,
            source=state.source,
            prompt=state.prompt,
        )

    def _saved(self, segment: Segment) -> None:
        fresh = self.state.segment_id is None
        self.state.mark_saved(segment)
        self.segment = segment
        self.guard.set(False)
        self.names.refresh()
        self.unsaved.set_visibility(False)
        forget_catalogue()
        toast("Segment saved")
        if fresh:
            ui.navigate.to(f"/segments/{segment.id}")

    async def _conflict(self, problem: Conflict) -> None:
        """A name that is taken belongs to the field; a newer version asks whose shall stand."""
        if any(error.field == "name" for error in problem.errors):
            self.names.name.error = "Another segment has this name"
            focus(self.names.name)
            return
        replace = await confirm(
            "Someone else saved this segment meanwhile",
            "Saving now replaces their version by what is on your screen. To look at theirs first, keep it and open "
            "the segment in another tab.",
            action="Replace their version",
            danger=True,
            cancel="Keep theirs for now",
        )
        if replace:
            self._saved(await self._store(over=True))


def _named_after(prompt: str) -> str:
    """A first name for a segment, from the words that asked for it."""
    words = shorten(prompt, 60, placeholder="").rstrip(" ,;.:")
    return words[:1].upper() + words[1:]
