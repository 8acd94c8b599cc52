"""What came of a prompt: what changed, what was assumed, what was not understood, and what is asked back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from app.ai.suggestion import Assumption, Suggestion
from app.segments.sentence.difference import Change
from pages.components import button, chip, icon, text
from pages.components.chip import Tone
from pages.components.field import QUIET
from pages.components.text import box
from pages.segment_editor.answering import marked

SOURCES: dict[str, tuple[str, Tone]] = {
    "gemini": ("Gemini", "accent"),
    "openai": ("OpenAI", "accent"),
    "grammar": ("Built by rules, no AI configured", "gray"),
}
TAKEN = ("ok", "partial")
"""Outcomes whose rule is put on screen."""

_CHANGE: dict[str, tuple[str, str]] = {
    "added": ("plus", "good"),
    "removed": ("minus", "bad"),
    "changed": ("repeat", "info"),
}

_OTHER = "Choose the other meaning"
_AGAIN = "Not assumed any more; click to assume it again"


class Suggested:
    """Draws a suggestion where it is made.

    `undo` brings back what was on screen before, None if nothing was put there; `reply(words)` answers the question;
    `swap(rule)` puts another reading on screen, and `differs` says in words what that would change. `compared` says
    that the `changes` are all there are.
    """

    def __init__(
        self,
        suggestion: Suggestion,
        prompt: str,
        *,
        changes: tuple[Change, ...],
        compared: bool,
        undo: Callable[[], None] | None,
        reply: Callable[[str], None],
        swap: Callable[[dict[str, Any]], None],
        differs: Callable[[dict[str, Any], dict[str, Any]], tuple[Change, ...]],
    ) -> None:
        self._suggestion, self._prompt = suggestion, prompt
        self._undo, self._reply, self._swap, self._differs = undo, reply, swap, differs
        self._turned: list[Callable[[bool], None]] = []
        self._echo()
        self._not_understood()
        if suggestion.question:
            self._question(suggestion.question)
        if compared:
            self._changes(changes)
        if suggestion.assumptions:
            with box("line gap-2 flex-wrap"):
                text("Assumed", "muted t12", tag="span")
                for assumption in suggestion.assumptions:
                    self._assumption(assumption)
        self._foot()

    def _echo(self) -> None:
        """The words again, those that were not understood marked among them."""
        with box("echo", tag="p"):
            for words, missed in marked(self._prompt, self._suggestion.unsupported):
                text(words, tag="mark" if missed else "span")

    def _not_understood(self) -> None:
        suggestion = self._suggestion
        if suggestion.unsupported and not suggestion.question:
            missed = ", ".join(f"“{words}”" for words in suggestion.unsupported)
            kept = " The rest is in the rule below." if self._undo else " The rule below is unchanged."
            banner("warn", "circle-alert", f"Not understood: {missed}.{kept}")
        elif suggestion.outcome == "refuse" and not suggestion.question:
            banner("warn", "circle-alert", suggestion.note or "This cannot be said as a rule over customers.")

    def _question(self, question: str) -> None:
        with box("banner info question"):
            icon("circle-help")
            with box("stack gap-2 grow"):
                text(question, "break-words")
                with box("line gap-2"):
                    field = ui.input(placeholder="Your answer").props(f"{QUIET} maxlength=300")
                    field.props["aria-label"] = "Your answer"
                    field.on("keydown.enter", lambda e: self._send(str(e.args or "")), js_handler=_VALUE)
                    button("Answer", small=True, on_click=lambda: self._send(field.value or ""))

    def _send(self, words: str) -> None:
        if words.strip():
            self._reply(words)

    def _changes(self, changes: tuple[Change, ...]) -> None:
        if not changes:
            text("The rule says the same as before.", "muted t12")
            return
        with box("changes", tag="ul"):
            for change in changes:
                picture, tone = _CHANGE[change.kind]
                with box("line gap-2", tag="li"):
                    icon(picture, f"s14 tone-{tone}")
                    text(change.as_text(), "min-w-0 break-words", tag="span")

    def _assumption(self, assumption: Assumption) -> None:
        rule = assumption.alternative
        if rule is None:
            chip(assumption.text, "info")
            return
        with ui.element("button").classes("chip info swap").props("type=button aria-pressed=false") as swap:
            icon("repeat")
            text(assumption.text, "t", tag="span")
        other_words = "; ".join(change.as_text() for change in self._differs(self._suggestion.rule or {}, rule))
        offer = f"{_OTHER}. {other_words}" if other_words else _OTHER
        swap.props["title"] = offer
        now = [False]

        def turn(other: bool) -> None:
            now[0] = other
            swap.classes(replace=f"chip {'gray swapped' if other else 'info'} swap")
            swap.props["title"] = _AGAIN if other else offer
            swap.props["aria-pressed"] = "true" if other else "false"

        def clicked() -> None:
            other = not now[0]
            for each in self._turned:
                each(False)
            turn(other)
            chosen = rule if other else self._suggestion.rule
            if chosen is not None:
                self._swap(chosen)

        self._turned.append(turn)
        swap.on("click", clicked, [])

    def _foot(self) -> None:
        suggestion = self._suggestion
        name, tone = SOURCES[suggestion.source]
        with box("line gap-2 flex-wrap"):
            chip(name, tone, icon="wand-sparkles")
            if suggestion.note and (suggestion.outcome != "refuse" or suggestion.question):
                text(suggestion.note, "muted t12 min-w-0 break-words", tag="span")
            if self._undo is not None:
                button("Undo", icon="undo-2", small=True, kind="ghost", on_click=self._undo)


_VALUE = "(e) => emit(e.target.value)"


def banner(tone: str, picture: str, words: str) -> None:
    """A line that says something about the prompt."""
    with box(f"banner {tone}"):
        icon(picture)
        text(words, "min-w-0 break-words")
