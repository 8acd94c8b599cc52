"""What the numbers of a page say, in sentences; each number tells on hover what it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from nicegui import background_tasks, ui

from app.ai.insights.explain import computed, explained
from app.ai.insights.grounding import traces
from app.ai.insights.insight import Insight
from app.ai.provider import configured
from app.auth.permissions import allowed
from app.insights.facts import Facts, Sentence, cited, written
from models.member import Member
from pages.components.button import button
from pages.components.card import card
from pages.components.chip import Tone, chip
from pages.components.icon import icon
from pages.components.loading import Region
from pages.components.problem import explain
from pages.components.skeleton import skeleton
from pages.components.text import box, text
from pages.components.until_closed import UntilClosed

NAMES = {"gemini": "Gemini", "openai": "OpenAI"}


class InsightCard:
    """Loads by itself once the page is there. A provider is asked only by the button."""

    def __init__(self, member: Member, title: str, load: Callable[[], Awaitable[Facts]]) -> None:
        self._member = member
        self._load = load
        self._facts: Facts | None = None
        self._task: asyncio.Task[None] | None = None
        with card(css="p-5 insight"):
            with box("card-head"):
                text(title, "t16", tag="h2")
                self._actions = box("line gap-2")
            self._region = Region(self._first, lambda: skeleton(3))
        ui.timer(0.05, self._begin, once=True)
        UntilClosed(self._stop)

    def _begin(self) -> None:
        self._task = background_tasks.create(self._region.load(), name="insight facts")

    async def _first(self) -> None:
        self._facts = await self._load()
        with box("stack gap-2") as self._place:
            self._show(computed(self._facts))

    # asking

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._task = background_tasks.create(self._ask(), name="insight")

    def _stop(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()

    async def _ask(self) -> None:
        assert self._facts is not None
        self._buttons_while_writing()
        try:
            found = await explained(self._member, self._facts, seen=self._show, fresh=self._again)
        except asyncio.CancelledError:
            self._show(computed(self._facts, "Stopped."))
            raise
        except Exception as problem:
            self._show(computed(self._facts, explain(problem)))
        else:
            self._show(found)

    # showing

    def _show(self, insight: Insight) -> None:
        if self._place.is_deleted:
            return
        self._again = insight.source != "computed"
        self._place.clear()
        with self._place:
            for sentence in insight.sentences:
                _sentence(sentence, insight.facts, self._member.locale)
            if not insight.done:
                ui.element("span").classes("sk").style("width:180px")
                return
            if insight.note:
                with box("line gap-2 items-start muted t12"):
                    icon("info", "s14")
                    text(insight.note, "min-w-0 break-words")
            if insight.basis:
                _basis(insight, self._member.locale)
        self._buttons(insight)

    def _buttons(self, insight: Insight) -> None:
        name = configured()
        may_ask = name is not None and allowed(self._member, "ai.use")
        self._actions.clear()
        with self._actions:
            if insight.facts.facts:
                chip(
                    *_source(insight, configured_at_all=name is not None), icon="wand-sparkles" if self._again else None
                )
            if may_ask and insight.facts.facts:
                words = "Write again" if self._again else f"Explain with {NAMES[str(name)]}"
                button(words, icon="sparkles", small=True, kind="ghost", on_click=self._start)

    def _buttons_while_writing(self) -> None:
        self._actions.clear()
        with self._actions:
            text("Writing", "muted t12", tag="span")
            button("Stop", icon="square", small=True, kind="ghost", on_click=self._stop)

    _again = False
    _place: ui.element


def insight_card(member: Member, title: str, load: Callable[[], Awaitable[Facts]]) -> InsightCard:
    """A card that says what the facts of `load` say."""
    return InsightCard(member, title, load)


def _source(insight: Insight, *, configured_at_all: bool) -> tuple[str, Tone]:
    if insight.source == "computed":
        return "Computed" if configured_at_all else "Computed, no AI", "gray"
    return NAMES[insight.source], "accent"


def _sentence(sentence: Sentence, facts: Facts, locale: str) -> None:
    known = list(cited(facts, sentence.facts))
    with box("insight-line", tag="p"):
        at = 0
        for trace in traces(sentence.text, known, facts.currency):
            if trace.start > at:
                text(sentence.text[at : trace.start], tag="span")
            value = written(trace.fact, facts.currency, locale)
            number = text(sentence.text[trace.start : trace.end], "traced num", tag="span")
            number.props["title"] = f"{trace.fact.label}: {value}"
            at = trace.end
        if at < len(sentence.text):
            text(sentence.text[at:], tag="span")


def _basis(insight: Insight, locale: str) -> None:
    count = len(insight.basis)
    with ui.element("details").classes("insight-basis"):
        with ui.element("summary").classes("muted t12"):
            icon("chevron-right", "s14")
            text(f"Based on {count} computed {'figure' if count == 1 else 'figures'}", tag="span")
        with ui.element("dl").classes("facts t12"):
            for fact in insight.basis:
                text(fact.label, "muted", tag="dt")
                text(written(fact, insight.facts.currency, locale), "num", tag="dd")
