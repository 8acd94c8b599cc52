"""Small unlabelled controls for a line of a condition. Each tells its new value, in the form the rule keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from babel.numbers import format_decimal
from nicegui import ui
from nicegui.events import GenericEventArguments

from models.values import fold
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
    control = ui.input(value=_written(value, locale), prefix=prefix).props(f"{QUIET} debounce=120 inputmode=decimal")
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
    control = ui.input(value="" if value is None else str(value)).props(f"{QUIET} debounce=120 inputmode=numeric")
    control.props["aria-label"] = label
    control.props["autocomplete"] = "off"

    def typed(event: Any) -> None:
        text = (event.value or "").strip()
        tell(int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None)

    control.on_value_change(typed)
    return control


def text_input(value: Any, tell: Tell, *, known: Sequence[str], label: str) -> ui.element:
    """One text; of the values that occur in the shop those that fit are offered, any other may be typed."""
    if not known:
        control = ui.input(value=str(value or ""), placeholder="Value").props(f"{QUIET} debounce=120")
        control.props["aria-label"] = label
        control.props["autocomplete"] = "off"
        control.on_value_change(lambda event: tell((event.value or "").strip()))
        return control
    current = str(value) if value else None
    chooser = Suggesting(_with(known, [current] if current else []), value=current)
    chooser.props(f"{QUIET} options-dense hide-dropdown-icon placeholder=Value")
    chooser.props["aria-label"] = label
    chooser.on_value_change(lambda event: tell(event.value or ""))
    return chooser


def texts_input(value: Any, tell: Tell, *, known: Sequence[str], label: str, closed: bool = False) -> ui.select:
    """Several texts as chips; `closed` allows the known ones only."""
    current = [str(item) for item in value or ()]
    options = _with(known, current)
    control = ui.select(options, value=current, multiple=True, with_input=True) if closed else None
    control = control or Suggesting(options, value=current, multiple=True)
    control.props(f"{QUIET} use-chips options-dense dropdown-icon=expand_more")
    if not known:
        control.props("hide-dropdown-icon")
    control.props["aria-label"] = label
    control.on_value_change(lambda event: tell(list(event.value or ())))
    return control


class Suggesting(ui.select):
    """A select that also takes what is typed, when Enter is pressed or the field is left.

    What begins a known value stands for that value: "mumb" is Mumbai, as the list below the field suggests.
    """

    def __init__(self, options: list[str], *, value: Any, multiple: bool = False) -> None:
        self._typed = ""
        self._choices = options
        super().__init__(options, value=value, with_input=True, new_value_mode="add-unique", multiple=multiple)
        self.on("input-value", self._heard)
        self.on("blur", self._left, [])

    def _event_args_to_value(self, e: GenericEventArguments) -> Any:
        self._typed = ""
        if isinstance(e.args, list):
            chosen = [self._meant(item) if isinstance(item, str) else self._values[item["value"]] for item in e.args]
            return self._known(list(dict.fromkeys(chosen)))
        return self._known([self._meant(e.args)])[0] if isinstance(e.args, str) else super()._event_args_to_value(e)

    def _known(self, values: list[str]) -> list[str]:
        """The values, each of them an option from now on."""
        self._choices.extend(value for value in values if value not in self._choices)
        return values

    def _meant(self, typed: str) -> str:
        wanted = fold(typed)
        fitting = [option for option in self._choices if fold(option).startswith(wanted)]
        exact = [option for option in fitting if fold(option) == wanted]
        return next(iter([*exact, *fitting]), typed.strip())

    def _heard(self, event: GenericEventArguments) -> None:
        self._typed = str(event.args or "").strip()

    def _left(self) -> None:
        """Quasar drops what is typed but not confirmed; people who press Save next do not expect that."""
        typed, self._typed = self._typed, ""
        if not typed:
            return
        meant = self._known([self._meant(typed)])[0]
        both = self.value if meant in (self.value or ()) else [*(self.value or ()), meant]
        self.set_options(self._choices, value=both if self.multiple else meant)


def _with(known: Sequence[str], extra: Sequence[str]) -> list[str]:
    return [*known, *(item for item in extra if item not in known)]
