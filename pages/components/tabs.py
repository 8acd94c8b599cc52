"""Tabs, and the smaller segmented choice."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui import ui

from pages.components.icon import icon as draw_icon
from pages.components.text import text


class Tabs(ui.element):
    """A row of tabs; `value` is the key of the chosen one."""

    def __init__(self, options: Mapping[str, str], value: str, on_change: Callable[[str], Any]) -> None:
        super().__init__("div")
        self.classes("tabs").props("role=tablist")
        self.value = value
        self._on_change = on_change
        self._buttons: dict[str, ui.element] = {}
        self._counts: dict[str, Any] = {}
        with self:
            for key, label in options.items():
                with ui.element("button").props("type=button role=tab") as button:
                    text(label, tag="span")
                    self._counts[key] = text("", "n", tag="span")
                button.on("click", lambda key=key: self.choose(key), [])
                self._buttons[key] = button
        self._mark()

    async def choose(self, key: str) -> None:
        """Make this the chosen tab and tell the page."""
        self.value = key
        self._mark()
        result = self._on_change(key)
        if inspect.isawaitable(result):
            await result

    def set_count(self, key: str, count: str) -> None:
        """Show a number beside a tab's name."""
        self._counts[key].text = count

    def _mark(self) -> None:
        for key, button in self._buttons.items():
            button.props["aria-selected"] = "true" if key == self.value else "false"


def tabs(options: Mapping[str, str], value: str, on_change: Callable[[str], Any]) -> Tabs:
    """Tabs from {key: label}; `on_change(key)` may be a coroutine function."""
    return Tabs(options, value, on_change)


def segmented(
    options: Sequence[tuple[str, str, str | None]], value: str, on_change: Callable[[str], Any], *, label: str
) -> ui.element:
    """A small choice between a few (key, label, icon or None); `label` names the whole for screen readers."""
    buttons: dict[str, ui.element] = {}

    async def choose(key: str) -> None:
        for other, button in buttons.items():
            button.props["aria-pressed"] = "true" if other == key else "false"
        result = on_change(key)
        if inspect.isawaitable(result):
            await result

    with ui.element("div").classes("seg").props("role=group") as group:
        group.props["aria-label"] = label
        for key, words, icon in options:
            with ui.element("button").props("type=button") as button:
                button.props["aria-pressed"] = "true" if key == value else "false"
                if icon:
                    draw_icon(icon, "s14")
                text(words, tag="span")
            button.on("click", lambda key=key: choose(key), [])
            buttons[key] = button
    return group
