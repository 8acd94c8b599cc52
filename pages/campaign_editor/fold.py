"""What most people never need: a line that opens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from pages.components import icon, text
from pages.components.text import box


@contextmanager
def fold(title: str, about: str, *, opened: bool = False) -> Iterator[TextElement]:
    """A folded part; `about` says in a few words what is in it. Yields the element of those words."""
    with ui.element("details").classes("fold") as details:
        if opened:
            details.props["open"] = True
        with ui.element("summary"):
            icon("chevron-right", "s14")
            text(title, "medium", tag="span")
            words = text(about, "muted t12 fold-about", tag="span")
        with box("stack gap-4 fold-body"):
            yield words
