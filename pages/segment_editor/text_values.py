"""Editors of text: one value or several, with the shop's own values in a menu and how many have each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal

from nicegui import ui
from nicegui.events import GenericEventArguments

from app.errors import CohortError
from app.segments.catalogue.value_counts import ValueCount
from models.values import fold
from pages.components import number
from pages.components.field import QUIET
from pages.segment_editor.inputs import Tell

Counts = Callable[[], Awaitable[Sequence[ValueCount]]]

_OPTION = """<q-item v-bind="props.itemProps"><q-item-section class="value-name">{{ props.opt.label }}</q-item-section>
<q-item-section side class="value-count num" v-if="props.opt.n">{{ props.opt.n }}</q-item-section></q-item>"""


def text_input(
    value: Any, tell: Tell, *, known: Sequence[str], label: str, counts: Counts | None = None, locale: str = "en_US"
) -> ui.element:
    """One text; of the values that occur in the shop those that fit are offered, any other may be typed."""
    if not known:
        control = ui.input(value=str(value or ""), placeholder="Value").props(f"{QUIET} debounce=80")
        control.props["aria-label"] = label
        control.props["autocomplete"] = "off"
        control.on_value_change(lambda event: tell((event.value or "").strip()))
        return control
    current = str(value) if value else None
    chooser = Suggesting(_with(known, [current] if current else []), value=current, counts=counts, locale=locale)
    chooser.props(f"{QUIET} options-dense hide-dropdown-icon placeholder=Value")
    chooser.props["aria-label"] = label
    chooser.on_value_change(lambda event: tell(event.value or ""))
    return chooser


def texts_input(
    value: Any,
    tell: Tell,
    *,
    known: Sequence[str],
    label: str,
    closed: bool = False,
    counts: Counts | None = None,
    locale: str = "en_US",
) -> ui.select:
    """Several texts as chips; `closed` allows the known ones only."""
    current = [str(item) for item in value or ()]
    control = Suggesting(
        _with(known, current), value=current, multiple=True, closed=closed, counts=counts, locale=locale
    )
    control.props(f"{QUIET} use-chips options-dense dropdown-icon=expand_more")
    if not known:
        control.props("hide-dropdown-icon")
    if not current:
        control.props["placeholder"] = "Choose or type"
    control.props["aria-label"] = label

    def told(values: list[str] | None) -> None:
        wanted = None if values else "Choose or type"
        if control.props.get("placeholder") != wanted:
            control.props["placeholder"] = wanted
        tell(list(values or ()))

    control.on_value_change(lambda event: told(event.value))
    return control


class Suggesting(ui.select):
    """A select that also takes what is typed, when Enter is pressed or the field is left.

    What begins a known value stands for that value: "mumb" is Mumbai, as the list below the field suggests. `closed`
    takes known values only. The menu shows how many have each value once `counts` has answered; without an answer it
    shows the values alone.
    """

    def __init__(
        self,
        options: list[str],
        *,
        value: Any,
        multiple: bool = False,
        closed: bool = False,
        counts: Counts | None = None,
        locale: str = "en_US",
    ) -> None:
        self._typed = ""
        self._choices = options
        self._closed = closed
        self._ask_counts, self._locale = counts, locale
        self._numbers: Mapping[str, str] = {}
        mode: Literal["add-unique"] | None = None if closed else "add-unique"
        super().__init__(options, value=value, with_input=True, new_value_mode=mode, multiple=multiple)
        self.add_slot("option", _OPTION)
        self.on("input-value", self._heard)
        self.on("blur", self._left, [])
        self.on("popup-show", self._count, [])

    def _update_options(self) -> None:
        super()._update_options()
        self._props["options"] = [
            {**option, "n": self._numbers.get(option["label"], "")} for option in self._props["options"]
        ]

    async def _count(self) -> None:
        """Put the numbers into the menu, the most frequent value on top."""
        ask, self._ask_counts = self._ask_counts, None
        if ask is None:
            return
        try:
            counted = await ask()
        except CohortError:
            return
        if counted and not self.is_deleted:
            self._numbers = {item.value: number(item.count, self._locale) for item in counted}
            ranked = [item.value for item in counted]
            self._choices = (
                _with(ranked, self._choices)
                if not self._closed
                else _with([value for value in ranked if value in self._choices], self._choices)
            )
            self.set_options(self._choices)

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
        meant = self._meant(typed) if typed else ""
        if not typed or (self._closed and meant not in self._choices):
            return
        self._known([meant])
        both = self.value if meant in (self.value or ()) else [*(self.value or ()), meant]
        self.set_options(self._choices, value=both if self.multiple else meant)


def _with(known: Sequence[str], extra: Sequence[str]) -> list[str]:
    return [*known, *(item for item in extra if item not in known)]
