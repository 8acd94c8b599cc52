"""Icons: masks of the style sheet in the colour of the text around them."""

from __future__ import annotations

from nicegui import ui

from pages.theme import icon_names


def icon(name: str, css: str = "") -> ui.element:
    """One of the icons in `static/icons.json`, 16 px (`s14 s18 s20 s24` change that), hidden from screen readers.

    Raises ValueError for a name that is not there.
    """
    if name not in icon_names():
        raise ValueError(f"there is no icon {name!r} in static/icons.json")
    return ui.element("i").classes(f"ic ic-{name} {css}").props("aria-hidden=true")
