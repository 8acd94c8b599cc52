"""The bar above a list: search and filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from pages.components.field import QUIET
from pages.components.icon import icon
from pages.components.text import box, text


def filter_bar() -> ui.element:
    """The row that search and filters stand in: `with filter_bar(): ...`."""
    return box("filters").props("role=search")


def search_input(
    placeholder: str, on_search: Callable[[str], Any], *, value: str = "", debounce_ms: int = 250
) -> ui.input:
    """A search field; `on_search(text)` is called when typing rests, and may be a coroutine function."""
    control = ui.input(value=value, placeholder=placeholder)
    control.props(f"{QUIET} clearable debounce={debounce_ms} type=search clear-icon=close").classes("search")
    control.props["aria-label"] = placeholder
    control.props["autocomplete"] = "off"
    with control.add_slot("prepend"):
        icon("search")
    control.on_value_change(lambda event: on_search((event.value or "").strip()))
    return control


def filter_select(
    label: str, options: Mapping[Any, str], on_change: Callable[[Any], Any], *, value: Any = None
) -> ui.select:
    """A filter; the option with the key "" (or None) is the one that filters nothing, such as "Any status"."""
    control = ui.select(dict(options), value=value if value in options else next(iter(options)))
    control.props(f"{QUIET} options-dense dropdown-icon=expand_more").classes("pick")
    control.props["aria-label"] = label
    control.on_value_change(lambda event: on_change(event.value))
    return control


def filter_day(word: str, on_change: Callable[[str], Any], *, value: str = "") -> ui.input:
    """A day by the browser's own date picker, with "From" or "To" before it; `on_change` hears "2026-03-01", or "" when
    it is taken away.
    """
    control = ui.input(value=value).props(f"{QUIET} type=date").classes("pick-day")
    control.props["aria-label"] = f"{word} this day"
    with control.add_slot("prepend"):
        text(word, "muted t12", tag="span")
    control.on_value_change(lambda event: on_change(event.value or ""))
    return control
