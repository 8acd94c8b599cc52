"""Content that arrives after the page: a skeleton first, then the content, or an error that can be tried again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from pages.components.button import button
from pages.components.empty import empty_state
from pages.components.problem import explain


class Region(ui.element):
    """A place on the page that `load` fills; until then it shows its skeleton."""

    def __init__(self, build: Callable[[], Awaitable[Any]], skeleton: Callable[[], Any], *, css: str = "stack") -> None:
        super().__init__("div")
        self.classes(css)
        self.style("min-width:0")
        self._build = build
        self._skeleton = skeleton
        self._loads = 0
        with self:
            skeleton()

    async def load(self) -> None:
        """Build the content in a hidden place, then show it at once; on an error show what happened and Retry.

        Called again it replaces the content, without going back to the skeleton. Called while it is loading, the later
        call's content stays.
        """
        self._loads += 1
        mine = self._loads
        with self:
            stage = ui.element("div").style("display:contents")
        stage.set_visibility(False)
        try:
            with stage:
                await self._build()
        except Exception as problem:
            if self._overtaken(mine, stage):
                return
            self.clear()
            with self:
                error_state(explain(problem), self._again)
            return
        if self._overtaken(mine, stage):
            return
        for child in [child for child in self.default_slot.children if child is not stage]:
            child.delete()
        stage.set_visibility(True)

    def _overtaken(self, load: int, stage: ui.element) -> bool:
        """Whether nobody waits for this load's content any more; then its stage goes away."""
        if self.is_deleted or load == self._loads:
            return self.is_deleted
        if not stage.is_deleted:
            stage.delete()
        return True

    async def _again(self) -> None:
        self.clear()
        with self:
            self._skeleton()
        await self.load()


def error_state(
    message: str, retry: Callable[[], Any] | None = None, *, title: str = "This could not be loaded"
) -> None:
    """What happened, in words, with a way to try again."""
    with empty_state("triangle-alert", title, message, small=True, bad=True) as actions:
        if retry is not None:
            with actions:
                button("Retry", icon="refresh-cw", on_click=retry)
