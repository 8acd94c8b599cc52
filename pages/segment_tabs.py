"""The pages of one saved segment, side by side: its rule, its people, its size over time, its history."""

from __future__ import annotations

from typing import Literal

from nicegui import ui

from models import Segment
from pages.components import text

Here = Literal["rule", "people", "growth", "history"]

PLACES: tuple[tuple[Here, str, str], ...] = (
    ("rule", "Rule", ""),
    ("people", "People", "/people"),
    ("growth", "Over time", "/growth"),
    ("history", "History", "/history"),
)


def segment_tabs(segment: Segment, here: Here) -> None:
    """Links to the segment's pages; `here` is the one that is open."""
    with ui.element("nav").classes("tabs").props('aria-label="Pages of this segment"'):
        for key, label, path in PLACES:
            with ui.element("a").props(f'href="/segments/{segment.id}{path}"') as link:
                text(label, tag="span")
            if key == here:
                link.props("aria-current=page")
