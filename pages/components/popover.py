"""A small floating panel or menu, built when it opens and dropped when it closes, so that it costs nothing before."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from nicegui import ui

from pages.components.icon import icon as draw_icon
from pages.components.text import text


class Popover(ui.menu):
    """Make it inside its anchor: `with button(...): Popover(build)`; a click on the anchor opens it.

    `build(popover)` fills it each time it opens and may be a coroutine function.
    """

    def __init__(self, build: Callable[[Popover], Any], *, align_right: bool = False, css: str = "") -> None:
        super().__init__()
        corners = ("bottom right", "top right") if align_right else ("bottom left", "top left")
        self.props("no-parent-event transition-duration=80").classes(css)
        self.props["anchor"], self.props["self"] = corners
        self.props["offset"] = [0, 4]
        self._build_content = build
        self.on("hide", self.clear, [])
        slot = self.parent_slot
        if slot is not None:
            slot.parent.on("click", self.toggle_open, [])
            slot.parent.props["aria-haspopup"] = "true"

    async def toggle_open(self) -> None:
        """Open it, freshly built, or close it."""
        if self.value:
            self.close()
            return
        self.clear()
        with self:
            result = self._build_content(self)
            if inspect.isawaitable(result):
                await result
        self.open()


def entry(
    popover: Popover, label: str, on_click: Callable[[], Any], *, icon: str | None = None, danger: bool = False
) -> ui.element:
    """One line of a menu; a click closes the menu and calls `on_click`, which may be a coroutine function."""

    async def chosen() -> None:
        popover.close()
        result = on_click()
        if inspect.isawaitable(result):
            await result

    with (
        ui.element("button").classes("mi" + (" danger" if danger else "")).props("type=button role=menuitem") as element
    ):
        if icon:
            draw_icon(icon)
        text(label, tag="span")
    element.on("click", chosen, [])
    return element
