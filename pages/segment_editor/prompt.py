"""The box on top: say who is wanted in plain words; see what was understood, assumed and not understood."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from app.ai.suggest import suggest_segment
from app.ai.suggestion import Assumption, Suggestion
from app.errors import CohortError
from models import Member
from pages.components import button, card, chip, explain, icon, text
from pages.components.field import QUIET
from pages.components.text import box

SOURCES = {
    "gemini": ("Gemini", "accent"),
    "openai": ("OpenAI", "accent"),
    "grammar": ("Built by rules, no AI configured", "gray"),
}
TAKEN = ("ok", "partial")
"""Outcomes whose rule is put on screen."""

EXAMPLES = (
    "spent more than 500 and not ordered for 90 days",
    "signed up in the last 30 days",
    "birthday this month",
    "ordered at least 3 times this year",
)


class PromptBox:
    """Asks for a rule and hands it over.

    `take(rule, suggestion, prompt)` puts it on screen, `undo` brings back what it replaced. Examples are shown on a
    fresh segment only, because each replaces the rule.
    """

    def __init__(
        self,
        member: Member,
        take: Callable[[dict[str, Any], Suggestion, str], None],
        undo: Callable[[], None],
        *,
        prompt: str,
        fresh: bool,
    ) -> None:
        self._member = member
        self._take = take
        self._undo = undo
        self._asked = ""
        with card(css="p-0 ask"):
            with box("ask-line"):
                icon("sparkles", "s20 tone-accent")
                self._input = ui.textarea(value=prompt, placeholder="Describe who you want").props(
                    f"{QUIET} autogrow rows=1 borderless maxlength=1000"
                )
                self._input.props["aria-label"] = "Describe who you want"
                self._input.on(
                    "keydown.enter",
                    js_handler="(e) => { if (!e.shiftKey) { e.preventDefault(); emit(); } }",
                    handler=self.ask,
                )
                self._button = button("Find them", on_click=self.ask)
            self._answer = box("ask-answer")
        if prompt or not fresh:
            self._answer.set_visibility(False)
        else:
            with self._answer:
                self._examples()

    def _examples(self) -> None:
        with box("line gap-2 flex-wrap"):
            text("Try", "muted t12", tag="span")
            for words in EXAMPLES:
                with ui.element("button").classes("chip gray try").props("type=button") as example:
                    text(words, "t", tag="span")
                example.on("click", lambda words=words: self._try(words), [])

    async def _try(self, words: str) -> None:
        self._input.value = words
        await self.ask()

    async def ask(self) -> None:
        """Ask with what is in the box."""
        prompt = (self._input.value or "").strip()
        if not prompt or (self._button.busy and self._asked == prompt):
            return
        self._asked = prompt
        self._button.set_busy(True)
        self._say_reading()
        try:
            suggestion = await suggest_segment(self._member, prompt)
        except CohortError as problem:
            self._fail(problem.detail)
        except Exception as problem:
            self._fail(explain(problem))
        else:
            if prompt == self._asked and not self._answer.is_deleted:
                self._show(suggestion, prompt)
        finally:
            if not self._button.is_deleted:
                self._button.set_busy(False)

    def _say_reading(self) -> None:
        self._fresh_answer()
        with self._answer, box("line gap-3"):
            ui.element("span").classes("sk").style("width:96px")
            text("Reading your words", "muted t12")

    def _fresh_answer(self) -> None:
        self._answer.set_visibility(True)
        self._answer.clear()

    def _fail(self, detail: str) -> None:
        self._fresh_answer()
        with self._answer:
            _banner("bad", "triangle-alert", f"{detail} Your words are kept; the rule below is unchanged.")

    def _show(self, suggestion: Suggestion, prompt: str) -> None:
        if suggestion.rule is not None and suggestion.outcome in TAKEN:
            self._take(suggestion.rule, suggestion, prompt)
        self._fresh_answer()
        with self._answer:
            self._words(suggestion)
            if suggestion.assumptions:
                self._assumptions(suggestion, prompt)

    def _words(self, suggestion: Suggestion) -> None:
        name, tone = SOURCES[suggestion.source]
        if suggestion.question:
            _banner("info", "circle-help", suggestion.question)
        if suggestion.unsupported:
            missed = ", ".join(f"“{words}”" for words in suggestion.unsupported)
            kept = " The rest is in the rule below." if suggestion.outcome == "partial" else " The rule is unchanged."
            _banner("warn", "circle-alert", f"Not understood: {missed}.{kept}")
        elif suggestion.outcome == "refuse":
            _banner("warn", "circle-alert", suggestion.note or "This cannot be said as a rule over customers.")
        with box("line gap-2 flex-wrap"):
            chip(name, tone, icon="wand-sparkles")  # type: ignore[arg-type]  # both tones above are tones
            if suggestion.note and suggestion.outcome != "refuse":
                text(suggestion.note, "muted t12", tag="span")
            if suggestion.rule is not None and suggestion.outcome in TAKEN:
                button("Undo", icon="undo-2", small=True, kind="ghost", on_click=self._take_back)

    def _take_back(self) -> None:
        self._answer.clear()
        self._answer.set_visibility(False)
        self._undo()

    def _assumptions(self, suggestion: Suggestion, prompt: str) -> None:
        with box("line gap-2 flex-wrap"):
            text("Assumed", "muted t12", tag="span")
            for assumption in suggestion.assumptions:
                self._assumption(assumption, suggestion, prompt)

    def _assumption(self, assumption: Assumption, suggestion: Suggestion, prompt: str) -> None:
        rule = assumption.alternative
        if rule is None:
            chip(assumption.text, "info")
            return
        swapped = [False]
        with ui.element("button").classes("chip info swap").props("type=button") as swap:
            icon("repeat")
            words = text(assumption.text, "t", tag="span")
        swap.props["title"] = "Choose the other meaning"

        def turn() -> None:
            swapped[0] = not swapped[0]
            chosen = rule if swapped[0] else suggestion.rule
            swap.classes(replace=f"chip {'gray swapped' if swapped[0] else 'info'} swap")
            words.props["title"] = "Not assumed any more" if swapped[0] else ""
            swap.props["aria-pressed"] = "true" if swapped[0] else "false"
            if chosen is not None:
                self._take(chosen, suggestion, prompt)

        swap.on("click", turn, [])


def _banner(tone: str, picture: str, words: str) -> None:
    with box(f"banner {tone}"):
        icon(picture)
        text(words, "min-w-0 break-words")
