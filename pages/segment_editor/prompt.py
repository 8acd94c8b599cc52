"""The box on top: say who is wanted in plain words, or how the rule on screen should change."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from nicegui import background_tasks, ui

from app.ai.suggest import suggest_segment
from app.ai.suggestion import Suggestion
from app.errors import CohortError
from app.segments.sentence.difference import Change
from models import Member
from pages.components import button, card, explain, icon, text
from pages.components.field import QUIET
from pages.components.text import box
from pages.components.until_closed import UntilClosed
from pages.segment_editor.answering import answered
from pages.segment_editor.suggested import TAKEN, Suggested, banner

LONGEST = 1_000
EXAMPLES = (
    "spent more than 500 and not ordered for 90 days",
    "signed up in the last 30 days",
    "birthday this month",
    "ordered at least 3 times this year",
)
FRESH = "Describe who you want"
REFINE = "Say what should change, such as “also only in Pune”"


class Desk(Protocol):
    """The builder, as the box needs it."""

    def rule_on_screen(self) -> dict[str, Any] | None:
        """The rule; None while it is empty."""

    def position(self) -> int:
        """A mark to come back to."""

    def back_to(self, position: int) -> None:
        """Undo everything since the mark."""

    def take(self, rule: dict[str, Any], suggestion: Suggestion, prompt: str) -> None:
        """Put a rule on screen."""

    def changes(self, before: dict[str, Any], after: dict[str, Any]) -> tuple[Change, ...]:
        """What differs between two rules, in words; nothing when one of them cannot be read."""


class PromptBox:
    """Asks and shows what came of it. A request can be cancelled; whatever fails, the words stay in the box."""

    def __init__(self, member: Member, desk: Desk, *, prompt: str, fresh: bool) -> None:
        self._member = member
        self._desk = desk
        self._task: asyncio.Task[None] | None = None
        self._said = "" if fresh else prompt
        """The words that the rule on screen came from; refining adds to them."""
        with card(css="p-0 ask") as surface:
            surface.props["data-own-undo"] = "true"
            with box("ask-line"):
                icon("sparkles", "s20 tone-accent")
                self._input = ui.textarea(value=prompt if fresh else "", placeholder=FRESH)
                self._input.props(f"{QUIET} autogrow rows=1 borderless maxlength={LONGEST}")
                self._input.props["aria-label"] = "Describe who you want"
                # Enter brings the words along: whoever types fast presses it before they have arrived by themselves.
                self._input.on(
                    "keydown.enter",
                    self._entered,
                    js_handler="(e) => { if (!e.shiftKey) { e.preventDefault(); emit(e.target.value); } }",
                )
                with box("ask-go"):
                    self._change = button("Change this rule", on_click=lambda: self.ask(refine=True))
                    self._find = button("Find them", on_click=self.ask)
            self._answer = box("ask-answer")
            UntilClosed(self.cancel)
        self.refresh()
        self._answer.set_visibility(fresh and not prompt)
        if fresh and not prompt:
            with self._answer:
                self._examples()

    def refresh(self) -> None:
        """Offer what fits: to change the rule on screen, or to find people while there is none."""
        there = self._desk.rule_on_screen() is not None
        self._change.set_visibility(there)
        words = "Start over" if there else "Find them"
        if self._find.text != words:
            self._find.text = words
        placeholder = REFINE if there else FRESH
        if self._input.props.get("placeholder") != placeholder:
            self._input.props["placeholder"] = placeholder

    def _examples(self) -> None:
        with box("line gap-2 flex-wrap"):
            text("Try", "muted t12", tag="span")
            for words in EXAMPLES:
                with ui.element("button").classes("chip gray try").props("type=button") as example:
                    text(words, "t", tag="span")
                example.on("click", lambda words=words: self.ask(words), [])

    # asking

    def _entered(self, event: Any) -> None:
        words = str(event.args or "")
        if words and words != self._input.value:
            self._input.value = words
        self.ask(refine=self._desk.rule_on_screen() is not None)

    def ask(self, words: str | None = None, *, refine: bool = False) -> None:
        """Ask with these words, or with what is in the box; `refine` changes the rule on screen."""
        if words is not None:
            self._input.value = words
        prompt = (self._input.value or "").strip()[:LONGEST]
        if prompt:
            self._start(prompt, refine=refine)
        else:
            self._input.run_method("focus")

    def cancel(self) -> None:
        """Give up the request that runs."""
        if self._task is not None and not self._task.done():
            self._task.cancel()

    def _start(self, prompt: str, *, refine: bool) -> None:
        self.cancel()
        self._busy(True)
        with self._fresh_answer(), box("line gap-3"):
            ui.element("span").classes("sk").style("width:96px")
            text("Reading your words", "muted t12 grow")
            button("Cancel", small=True, kind="ghost", on_click=self._give_up)
        self._task = background_tasks.create(self._run(prompt, refine=refine), name="suggest a segment")

    def _give_up(self) -> None:
        self.cancel()
        self._busy(False)
        with self._fresh_answer():
            text("Cancelled. Your words are kept, and the rule is as it was.", "muted t12")

    def _busy(self, busy: bool) -> None:
        for one in (self._change, self._find):
            one.set_enabled(not busy)

    async def _run(self, prompt: str, *, refine: bool) -> None:
        before = self._desk.rule_on_screen()
        try:
            if refine and before is not None:
                suggestion = await suggest_segment(self._member, prompt, rule=before)
            else:
                suggestion = await suggest_segment(self._member, prompt)
        except CohortError as problem:
            self._fail(problem.detail, prompt, refine=refine)
        except Exception as problem:
            self._fail(explain(problem), prompt, refine=refine)
        else:
            if not self._answer.is_deleted:
                self._busy(False)
                self._show(suggestion, prompt, before, refine=refine)

    def _fail(self, detail: str, prompt: str, *, refine: bool) -> None:
        if self._answer.is_deleted:
            return
        self._busy(False)
        with self._fresh_answer():
            banner("bad", "triangle-alert", f"{detail} Your words are kept; the rule below is unchanged.")
            with box("line"):
                button("Try again", icon="refresh-cw", small=True, on_click=lambda: self._start(prompt, refine=refine))

    def _fresh_answer(self) -> ui.element:
        self._answer.set_visibility(True)
        self._answer.clear()
        return self._answer

    # showing

    def _show(self, suggestion: Suggestion, prompt: str, before: dict[str, Any] | None, *, refine: bool) -> None:
        position = self._desk.position()
        taken = suggestion.rule is not None and suggestion.outcome in TAKEN
        changes: tuple[Change, ...] = ()
        words = f"{self._said}; {prompt}"[:LONGEST] if refine and self._said else prompt
        if taken and suggestion.rule is not None:
            self._desk.take(suggestion.rule, suggestion, words)
            if before is not None:
                changes = suggestion.changes or self._desk.changes(before, suggestion.rule)
            if suggestion.outcome == "ok":
                self._said, self._input.value = words, ""
        self.refresh()

        def undo() -> None:
            self._desk.back_to(position)
            self._input.value = prompt
            self.refresh()
            self._answer.clear()
            self._answer.set_visibility(False)

        def reply(answer: str) -> None:
            self._input.value = answered(prompt, suggestion, answer)[:LONGEST]
            self._start(self._input.value, refine=refine)

        with self._fresh_answer():
            Suggested(
                suggestion,
                prompt,
                changes=changes,
                compared=taken and before is not None,
                undo=undo if taken else None,
                reply=reply,
                differs=self._desk.changes,
                swap=lambda rule: self._desk.take(rule, suggestion, words),
            )
