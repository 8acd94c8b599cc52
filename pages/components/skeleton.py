"""What stands in for content on its way."""

from __future__ import annotations

from nicegui import ui

from pages.components.text import box


def skeleton(lines: int = 3, css: str = "") -> ui.element:
    """Some lines of text to come."""
    widths = ("72%", "88%", "56%", "80%", "64%")
    with box(f"stack gap-3 w-full {css}") as element:
        element.props["aria-hidden"] = "true"
        for n in range(lines):
            ui.element("span").classes("sk").style(f"width:{widths[n % len(widths)]}")
    return element


def skeleton_block(height: int, css: str = "") -> ui.element:
    """A card or chart to come, `height` in px."""
    return ui.element("div").classes(f"sk block {css}").style(f"height:{height}px").props("aria-hidden=true")


def skeleton_tiles(count: int = 4) -> ui.element:
    """A row of stat tiles to come."""
    with box("tiles") as element:
        for _ in range(count):
            skeleton_block(104)
    return element
