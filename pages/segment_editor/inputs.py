"""Small unlabelled controls for a line of a condition. Each tells its new value, in the form the rule keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from babel.numbers import format_decimal
from nicegui import ui

from pages.components.field import QUIET
from pages.segment_editor.shapes import typed_number

Tell = Callable[[Any], None]


def choice(options: Mapping[Any, str], value: Any, tell: Tell, *, label: str, search: bool = False) -> ui.select:
    """One of some."""
    known = value if value in options else None
    control = ui.select(dict(options), value=known, with_input=search)
    control.props(f"{QUIET} options-dense dropdown-icon=expand_more")
    control.props["aria-label"] = label
    control.on_value_change(lambda event: tell(event.value) if event.value is not None else None)
    return control


def number_input(value: Any, tell: Tell, *, locale: str, label: str, prefix: str | None = None) -> ui.input:
    """A number as the member writes it, with separators once the field is left."""
    control = ui.input(value=_written(value, locale), prefix=prefix).props(f"{QUIET} debounce=80 inputmode=decimal")
    control.props["aria-label"] = label
    control.props["autocomplete"] = "off"
    control.on_value_change(lambda event: tell(typed_number(event.value, locale)))
    control.on("blur", lambda: control.set_value(_written(typed_number(control.value, locale), locale)), [])
    return control


def _written(value: Any, locale: str) -> str:
    if value is None:
        return ""
    try:
        return str(format_decimal(value, "#,##0.####", locale=locale))
    except (ArithmeticError, ValueError):
        return str(value)


def whole_input(value: Any, tell: Tell, *, label: str) -> ui.input:
    """A whole number; what is none is told as None."""
    control = ui.input(value="" if value is None else str(value)).props(f"{QUIET} debounce=80 inputmode=numeric")
    control.props["aria-label"] = label
    control.props["autocomplete"] = "off"

    def typed(event: Any) -> None:
        text = (event.value or "").strip()
        tell(int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None)

    control.on_value_change(typed)
    return control
