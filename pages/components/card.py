"""Cards: what belongs together, on a surface."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from pages.components.text import box, text


@contextmanager
def card(title: str | None = None, *, css: str = "p-5", note: str | None = None) -> Iterator[ui.element]:
    """A card; yields the row at the right of its head (empty without a title) for small actions or a chip."""
    with ui.element("section").classes(f"card {css}") as surface:
        if title is None:
            yield surface
            return
        with box("card-head"):
            with box("stack min-w-0"):
                text(title, "t16", tag="h2")
                if note:
                    text(note, "muted t12")
            actions = box("line gap-2")
        yield actions
