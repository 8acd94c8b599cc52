"""The builder: hears of every change and brings the rule, the people, the names and the draft in line with it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from textwrap import shorten
from typing import Any

from app.ai.suggestion import Suggestion
from app.errors import RuleError
from app.segments.rule import parse_rule
from app.segments.sentence.difference import Change, difference
from models import Member, Segment
from models.segment import RuleSource
from models.segment_draft import SegmentDraft
from pages.components import card, icon_button, text
from pages.components.text import box
from pages.components.until_closed import UntilClosed
from pages.segment_editor.canvas import Canvas
from pages.segment_editor.editing import Editing
from pages.segment_editor.leaving import Guard
from pages.segment_editor.live import Figures, LiveCount, Miss
from pages.segment_editor.names import NamesCard
from pages.segment_editor.people import CountBar, PeopleCard
from pages.segment_editor.prompt import PromptBox
from pages.segment_editor.saving import Saving
from pages.segment_editor.shortcuts import Shortcuts, show_shortcuts
from pages.segment_editor.state import EditorState
from pages.segment_editor.undo import Changes
from pages.segment_editor.unsaved import Autosave, DraftOffer, draft_on_offer


class Builder:
    """One builder on one page, for a member who may edit."""

    def __init__(self, member: Member, state: EditorState, segment: Segment | None) -> None:
        self.member, self.state, self.segment = member, state, segment
        self.history = Changes(state)
        self.editing = Editing(state=state, member=member, changed=self.changed, restructured=self.restructured)
        self.live = LiveCount(state, member, self)
        self.autosave = Autosave(state, member, self._kept)
        self.saving = Saving(self)

    def draw(self, *, ask: str = "") -> None:
        """Words on top, the rule at the left, who that is at the right."""
        self.guard = Guard()
        self.offer_place = box("offer-place")
        fresh = self.segment is None
        self.prompt = PromptBox(self.member, self, prompt=ask or self.state.prompt or "", fresh=fresh)
        with box("split builder"):
            with box("stack gap-4"):
                with card(css="p-0 tree"):
                    self._tools()
                    with box("tree-body"):
                        self.canvas = Canvas(self.editing)
                self.names = NamesCard(self.state, self.member, self._renamed)
            with box("builder-side"):
                self.people_card = PeopleCard(self.member, self._edit)
        self.bar = CountBar(self.member)
        Shortcuts(self.asked)
        UntilClosed(self._close)

    def draw_state(self) -> None:
        """The words at the top right that say what is not saved."""
        self.unsaved = text("Unsaved changes", "muted t12", tag="span").props("role=status")
        self.unsaved.set_visibility(False)

    def _tools(self) -> None:
        with box("tree-tools"):
            text("Rule", "t16 grow", tag="h2")
            self.undo_button = icon_button("undo-2", "Undo (Ctrl Z)", small=True, on_click=self.undo)
            self.redo_button = icon_button("redo-2", "Redo (Ctrl Shift Z)", small=True, on_click=self.redo)
            icon_button("command", "Keyboard shortcuts (?)", small=True, on_click=show_shortcuts).classes("only-wide")
        self._show_steps()

    async def start(self, ask: str = "") -> None:
        """Once the browser is there: the draft, the count, and what was asked for on another page."""
        self.live.soon(pause=0)
        draft = await draft_on_offer(self.member, self.state)
        if draft is not None:
            self.autosave.hold()
            with self.offer_place:
                self.offer = DraftOffer(
                    draft, self.segment, self.member, restore=self._restore, discard=self._discard_draft
                )
        if ask:
            self.prompt.ask()

    def _close(self) -> None:
        self.live.close()
        self.autosave.close()

    # changes

    def changed(self, key: Hashable = None) -> None:
        """A value changed: its control shows it already, the rest follows."""
        self.history.noted(key)
        self._follow()

    def restructured(self) -> None:
        """Conditions came, went, moved or became others."""
        self.history.noted()
        self.canvas.sync()
        self._follow()

    def _renamed(self, key: Hashable = None) -> None:
        self.history.noted(key)
        self._show_unsaved()
        self.autosave.soon()

    def _follow(self) -> None:
        self.state.problems = {}
        self.editing.show_problems()
        self.editing.stale_counts()
        self.prompt.refresh()
        self._show_unsaved()
        self.live.soon()
        self.autosave.soon()

    def _show_unsaved(self) -> None:
        dirty = self.state.dirty
        self.guard.set(dirty)
        self.unsaved.text = "Unsaved changes"
        self.unsaved.set_visibility(dirty)
        self._show_steps()

    def _kept(self, words: str) -> None:
        if not self.unsaved.is_deleted and self.state.dirty:
            self.unsaved.text = words

    def _show_steps(self) -> None:
        self.undo_button.set_enabled(self.history.can_undo)
        self.redo_button.set_enabled(self.history.can_redo)

    def undo(self) -> None:
        """Back by one step."""
        if self.history.undo():
            self._restored()

    def redo(self) -> None:
        """Forward by one step."""
        if self.history.redo():
            self._restored()

    def _restored(self) -> None:
        """The state is another one: draw what differs, and put the focus there."""
        fresh = self.canvas.sync()
        self.names.refresh()
        self._follow()
        if fresh:
            self.editing.focus(fresh[0], "cond-value")
        else:
            self.editing.focus(self.state.root.uid, "grp-add", lost=True)

    async def asked(self, detail: Mapping[str, Any]) -> None:
        """A shortcut or a drag, from the browser."""
        what = str(detail.get("do", ""))
        if what == "save":
            await self.saving.save()
        elif what == "undo":
            self.undo()
        elif what == "redo":
            self.redo()
        elif what == "help":
            show_shortcuts()
        else:
            more = {key: detail[key] for key in ("group", "index") if isinstance(detail.get(key), int)}
            self.canvas.operations.by_name(what, int(detail.get("node", 0)), **more)

    def _edit(self, node: int) -> None:
        self.editing.focus(node, "cond-value")

    def saved(self, segment: Segment) -> None:
        """What is on screen is stored."""
        self.state.mark_saved(segment)
        self.segment = segment
        self.history.settled()
        self.names.refresh()
        self._show_unsaved()

    # the desk of the prompt box

    def rule_on_screen(self) -> dict[str, Any] | None:
        """The rule, None while it is everybody."""
        return self.state.rule() if self.state.root.children else None

    def position(self) -> int:
        """A mark to come back to."""
        return self.history.position

    def back_to(self, position: int) -> None:
        """Undo everything since the mark."""
        self.history.back_to(position)
        self._restored()

    def take(self, rule: dict[str, Any], suggestion: Suggestion, prompt: str) -> None:
        """Put a suggested rule on screen. Nothing is saved by it."""
        state = self.state
        state.load(rule, source=RuleSource(suggestion.source), prompt=prompt)
        if not state.name.strip():
            # A slip of the keyboard makes no good name.
            slips = any(assumption.code == "spelling" for assumption in suggestion.assumptions)
            state.name = named_after(suggestion.sentence if slips else prompt)
        self.restructured()
        self.names.refresh()

    def changes(self, before: dict[str, Any], after: dict[str, Any]) -> tuple[Change, ...]:
        """What differs between two rules, in words."""
        catalogue = self.state.catalogue
        try:
            one, other = parse_rule(before, catalogue), parse_rule(after, catalogue)
        except RuleError:
            return ()
        return difference(one, other, catalogue, locale=self.member.locale)

    # the board of the live count

    def counting(self) -> None:
        """An answer is on its way."""
        self.people_card.counting()

    def people(self, figures: Figures) -> None:
        """Who it is."""
        if not self.live.closed:
            self.people_card.show(figures)
            self.bar.show(figures)
            self.editing.show_problems()

    def stands(self, note: str, *, failed: bool) -> None:
        """The last answer still stands."""
        if not self.live.closed:
            self.people_card.stands(note, failed=failed)
            self.bar.stands()
            self.editing.show_problems()

    def alone(self, counts: Mapping[int, int]) -> None:
        """How many each condition selects alone."""
        if not self.live.closed:
            self.editing.show_counts(counts)

    def misses(self, misses: Sequence[Miss]) -> None:
        """Whom one condition alone keeps out."""
        if not self.live.closed:
            self.people_card.misses(misses)
            if misses and len(self.state.root.children) > 1:
                self.editing.show_costliest(misses[0].node, misses[0].found.count)

    # the draft

    def _restore(self, draft: SegmentDraft) -> None:
        self.state.restore(draft)
        self.restructured()
        self.names.refresh()
        self.autosave.release()
        self.editing.focus(self.state.root.uid, "grp-mode")

    async def _discard_draft(self) -> None:
        await self.autosave.saved()
        self.autosave.release()


def named_after(prompt: str) -> str:
    """A first name for a segment, from the words that asked for it."""
    words = shorten(prompt, 60, placeholder="").rstrip(" ,;.:")
    return words[:1].upper() + words[1:]
