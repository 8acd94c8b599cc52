"""A stat tile: label, value, change, spark line."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from pages.components.chip import Tone, chip
from pages.components.text import box, text


def spark(values: Sequence[float]) -> None:
    """A line of the values, without axes, 84 by 26 px; nothing for fewer than two."""
    if len(values) < 2:
        return
    top, low = max(values), min(min(values), 0)
    span = (top - low) or 1
    step = 80 / (len(values) - 1)
    points = " ".join(f"{n * step + 2:.1f},{24 - (value - low) / span * 21:.1f}" for n, value in enumerate(values))
    ui.html(
        '<svg width="84" height="26" viewBox="0 0 84 26"><polyline fill="none" stroke="var(--accent-9)" '
        f'stroke-width="1.75" stroke-linejoin="round" stroke-linecap="round" points="{points}"/></svg>'
    ).classes("spark").props("aria-hidden=true")


def stat(
    label: str,
    value: str,
    *,
    change: str | None = None,
    tone: Tone = "gray",
    note: str | None = None,
    values: Sequence[float] = (),
    href: str | None = None,
) -> ui.element:
    """One figure. `change` is a short text in a chip of `tone`, `note` says against what, `values` draw the line."""
    with ui.element("a" if href else "div").classes("card tile") as tile:
        if href:
            tile.props["href"] = href
        text(label, "muted t12 medium")
        with box("row1"):
            text(value, "t28 num truncate")
            spark(values)
        if change or note:
            with box("note"):
                if change:
                    chip(change, tone).classes("num")
                if note:
                    text(note, "muted t12")
    return tile
