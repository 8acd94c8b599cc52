"""What stands where there is nothing yet, or nothing any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from pages.components.icon import icon as draw_icon
from pages.components.text import box, text


@contextmanager
def empty_state(icon: str, title: str, body: str, *, small: bool = False, bad: bool = False) -> Iterator[ui.element]:
    """Says what this place is for; yields the row for the button that is the first step (may stay empty)."""
    with box("empty" + (" small" if small else "") + (" bad" if bad else "")):
        with box("badge"):
            draw_icon(icon, "s20")
        text(title, "t16", tag="h2")
        text(body, tag="p")
        yield box("acts")
