"""The one button, which is a link when it only leads somewhere."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Literal, Self

from nicegui.elements.mixins.text_element import TextElement

from pages.components.icon import icon as draw_icon

Kind = Literal["plain", "primary", "danger", "ghost"]


class Button(TextElement):
    """A button. While a coroutine it started runs, it turns, and further clicks are ignored."""

    def __init__(
        self, label: str, *, icon: str | None, kind: Kind, href: str | None, small: bool, submit: bool
    ) -> None:
        super().__init__(tag="a" if href else "button", text=label)
        self.classes("btn").classes("" if kind == "plain" else kind)
        if small:
            self.classes("small")
        if href:
            self._props["href"] = href
        else:
            self._props["type"] = "submit" if submit else "button"
        with self:
            draw_icon(icon or "loader-circle", "" if icon else "wait")
        self.busy = False

    def when_clicked(self, handler: Callable[..., Any]) -> Self:
        """Call this on a click; a coroutine is awaited with the button in its busy state."""

        async def run() -> None:
            if self.busy:
                return
            self.set_busy(True)
            try:
                result = handler()
                if inspect.isawaitable(result):
                    await result
            finally:
                if not self.is_deleted:
                    self.set_busy(False)

        if inspect.iscoroutinefunction(handler):
            self.on("click", run, [])
        else:
            self.on("click", lambda: handler(), [])
        return self

    def set_busy(self, busy: bool) -> None:
        """Show (or end) that work is going on."""
        self.busy = busy
        self.classes(add="busy" if busy else None, remove=None if busy else "busy")
        self.props["aria-busy"] = "true" if busy else "false"

    def set_enabled(self, enabled: bool) -> None:
        """Allow or forbid clicks."""
        if enabled:
            self.props.pop("disabled", None)
        else:
            self.props["disabled"] = True


def button(
    label: str,
    *,
    icon: str | None = None,
    on_click: Callable[..., Any] | None = None,
    kind: Kind = "plain",
    href: str | None = None,
    small: bool = False,
    submit: bool = False,
    enabled: bool = True,
) -> Button:
    """A button with a verb on it. `on_click` takes no argument and may be a coroutine function; `href` makes a link."""
    element = Button(label, icon=icon, kind=kind, href=href, small=small, submit=submit)
    if on_click is not None:
        element.when_clicked(on_click)
    if not enabled:
        element.set_enabled(False)
    return element


def icon_button(
    icon: str,
    label: str,
    *,
    on_click: Callable[..., Any] | None = None,
    kind: Kind = "ghost",
    href: str | None = None,
    small: bool = False,
) -> Button:
    """A button that shows an icon alone; `label` is its name for screen readers and on hover."""
    element = button("", icon=icon, on_click=on_click, kind=kind, href=href, small=small).classes("icon-only")
    element.props["aria-label"] = label
    element.props["title"] = label
    return element
