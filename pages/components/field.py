"""Form fields: a label above, the control, a hint or the error in line below.

Every function returns NiceGUI's own element (`.value`, `.error`, `.bind_value`, `.on_value_change`).
`bind=(object, name)` writes each change to that attribute of a draft, one way only, which costs no polling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.validation_element import ValidationElement
from nicegui.elements.mixins.value_element import ValueElement

from app.errors import InvalidInput
from pages.components.text import text
from pages.components.toast import toast

Bind = tuple[object, str]
QUIET = "outlined dense hide-bottom-space no-error-icon"


@contextmanager
def labelled(label: str, *, hint: str | None = None, optional: bool = False) -> Iterator[Callable[[ui.element], None]]:
    """A label above whatever is drawn inside; yields a function that ties the label to its control."""
    with ui.element("div").classes("fg"):
        head = ui.element("label")
        with head:
            text(label, tag="span")
            if optional:
                text(" (optional)", "opt", tag="span")

        def tie(control: ui.element) -> None:
            head.props["for"] = control.html_id
            control.props["aria-label"] = label

        yield tie
        if hint:
            text(hint, "hint")


def _bound(control: ValueElement[Any], bind: Bind | None, on_change: Callable[[Any], Any] | None) -> None:
    if bind is not None:
        control.bind_value_to(bind[0], bind[1], strict=False)
    if on_change is not None:
        control.on_value_change(lambda event: on_change(event.value))


def text_field(
    label: str,
    value: str | None = "",
    *,
    bind: Bind | None = None,
    hint: str | None = None,
    placeholder: str = "",
    optional: bool = False,
    autocomplete: str = "off",
    password: bool = False,
    on_change: Callable[[str], Any] | None = None,
    suggestions: Sequence[str] | None = None,
) -> ui.input:
    """One line of text; `suggestions` complete it inline."""
    with labelled(label, hint=hint, optional=optional) as tie:
        control = ui.input(
            value=value or "",
            placeholder=placeholder,
            password=password,
            autocomplete=list(suggestions) if suggestions else None,
        )
        control.props(f"{QUIET} debounce=150")
        control.props["autocomplete"] = autocomplete
        tie(control)
    _bound(control, bind, on_change)
    return control


def textarea(
    label: str,
    value: str | None = "",
    *,
    bind: Bind | None = None,
    hint: str | None = None,
    placeholder: str = "",
    rows: int = 4,
    on_change: Callable[[str], Any] | None = None,
    optional: bool = False,
) -> ui.textarea:
    """Several lines of text."""
    with labelled(label, hint=hint, optional=optional) as tie:
        control = ui.textarea(value=value or "", placeholder=placeholder).props(f"{QUIET} debounce=200 rows={rows}")
        tie(control)
    _bound(control, bind, on_change)
    return control


def number_field(
    label: str,
    value: float | None = None,
    *,
    bind: Bind | None = None,
    hint: str | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    step: float | None = None,
    unit: str | None = None,
    optional: bool = False,
    on_change: Callable[[float | None], Any] | None = None,
) -> ui.number:
    """A number, with its unit behind it."""
    with labelled(label, hint=hint, optional=optional) as tie:
        control = ui.number(value=value, min=minimum, max=maximum, step=step, suffix=unit)
        control.props(f"{QUIET} debounce=150 inputmode=decimal")
        tie(control)
    _bound(control, bind, on_change)
    return control


def money_field(
    label: str,
    value: str | None = None,
    *,
    currency: str,
    bind: Bind | None = None,
    hint: str | None = None,
    optional: bool = False,
    on_change: Callable[[str], Any] | None = None,
) -> ui.input:
    """An exact amount as text ("12.50"), never through a float; the service that takes it checks it."""
    with labelled(label, hint=hint, optional=optional) as tie:
        control = ui.input(value=value or "", placeholder="0.00").props(f"{QUIET} debounce=150 inputmode=decimal")
        control.props["suffix"] = currency
        control.props["autocomplete"] = "off"
        tie(control)
    _bound(control, bind, on_change)
    return control


def select_field(
    label: str,
    options: Mapping[Any, str] | Sequence[Any],
    value: Any = None,
    *,
    bind: Bind | None = None,
    hint: str | None = None,
    optional: bool = False,
    search: bool = False,
    on_change: Callable[[Any], Any] | None = None,
) -> ui.select:
    """One of some; `search` lets people type to narrow a long list."""
    with labelled(label, hint=hint, optional=optional) as tie:
        control = ui.select(
            dict(options) if isinstance(options, Mapping) else list(options),
            value=value,
            with_input=search,
            clearable=optional,
        )
        control.props(f"{QUIET} options-dense dropdown-icon=expand_more")
        tie(control)
    _bound(control, bind, on_change)
    return control


def chips_field(
    label: str,
    value: Sequence[Any] = (),
    *,
    options: Mapping[Any, str] | Sequence[Any] | None = None,
    bind: Bind | None = None,
    hint: str | None = None,
    placeholder: str = "",
    optional: bool = False,
    on_change: Callable[[list[Any]], Any] | None = None,
) -> ui.select | ui.input_chips:
    """Several values as chips: of `options` when given, else free words (Enter adds one)."""
    control: ui.select | ui.input_chips
    with labelled(label, hint=hint, optional=optional) as tie:
        if options is None:
            control = ui.input_chips(value=[str(item) for item in value], new_value_mode="add-unique")
            control.props(f"{QUIET} hide-dropdown-icon")
            control.props["placeholder"] = placeholder
        else:
            control = ui.select(
                dict(options) if isinstance(options, Mapping) else list(options),
                value=list(value),
                multiple=True,
                with_input=True,
            ).props(f"{QUIET} use-chips options-dense dropdown-icon=expand_more")
        tie(control)
    _bound(control, bind, on_change)
    return control


def date_field(
    label: str,
    value: date | None = None,
    *,
    bind: Bind | None = None,
    hint: str | None = None,
    optional: bool = False,
    on_change: Callable[[str], Any] | None = None,
) -> ui.input:
    """A day by the browser's own date picker; the value is "2026-03-01" or ""."""
    with labelled(label, hint=hint, optional=optional) as tie:
        control = ui.input(value=value.isoformat() if value else "").props(f"{QUIET} type=date")
        tie(control)
    _bound(control, bind, on_change)
    return control


def switch_field(
    label: str,
    value: bool = False,
    *,
    bind: Bind | None = None,
    hint: str | None = None,
    on_change: Callable[[bool], Any] | None = None,
    enabled: bool = True,
) -> ui.switch:
    """Yes or no, the label at the left and the switch at the right."""
    with ui.element("div").classes("sw"):
        with ui.element("div"):
            text(label, "medium")
            if hint:
                text(hint, "muted t12")
        control = ui.switch(value=value).props("dense color=primary")
        control.props["aria-label"] = label
    control.set_enabled(enabled)
    _bound(control, bind, on_change)
    return control


def show_errors(fields: Mapping[str, ValidationElement[Any]], problem: InvalidInput) -> None:
    """Put each error of the service at its field; what belongs to no field on screen becomes a toast.

    Errors from before are cleared first, so the form always shows the latest answer.
    """
    for control in fields.values():
        control.error = None
    homeless: list[str] = []
    for error in problem.errors:
        at = fields.get(error.field)
        if at is None:
            homeless.append(f"{error.field}: {error.message}")
        else:
            at.error = error.message[:1].upper() + error.message[1:]
    if homeless or not problem.errors:
        toast("; ".join(homeless) or problem.detail, "bad")
