"""Editors of time: a day (fixed or relative), a stretch of time, a calendar period."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from pages.components import button, icon, text
from pages.components.popover import Popover
from pages.components.text import box
from pages.segment_editor.inputs import Tell, choice, whole_input
from pages.segment_editor.wording import PERIODS, day_word, units

PRESETS = (
    (0, "day"),
    (7, "day"),
    (30, "day"),
    (90, "day"),
    (6, "month"),
    (1, "year"),
)
SIDES = {"ago": "ago", "ahead": "from now"}


def day_input(value: Any, tell: Tell, *, locale: str, label: str) -> ui.element:
    """A button that says the day and opens the choice: relative, which stays relative, or from the calendar."""
    current: list[Any] = [value]
    with ui.element("button").classes("plain-field pickbtn").props("type=button") as element:
        element.props["aria-label"] = label
        icon("calendar", "s14 muted")
        words = text(day_word(value, locale), "t", tag="span")
        icon("chevron-down", "s14 muted")

        def choose(day: Any) -> None:
            current[0] = day
            words.text = day_word(day, locale)
            tell(day)

        Popover(lambda popover: _day_panel(popover, current[0], choose), css="day-panel")
    return element


def _day_panel(popover: Popover, value: Any, choose: Tell) -> None:
    def pick(day: Any) -> None:
        popover.close()
        choose(day)

    relative = dict(value) if isinstance(value, dict) else {"amount": 90, "unit": "day", "direction": "ago"}
    with box("day-cols"):
        with box("day-relative"):
            text("Counted from today", "muted t12 medium menu-head")
            for amount, unit in PRESETS:
                preset = {"amount": amount, "unit": unit, "direction": "ago"}
                with ui.element("button").classes("mi").props("type=button") as line:
                    text(day_word(preset, "en").capitalize(), tag="span")
                    if preset == value:
                        icon("check", "s14")
                line.on("click", lambda preset=preset: pick(preset), [])
            with box("day-own"):
                whole_input(relative.get("amount"), lambda amount: relative.update(amount=amount), label="Amount")
                choice(units(2), relative.get("unit"), lambda unit: relative.update(unit=unit), label="Unit")
                choice(
                    SIDES, relative.get("direction", "ago"), lambda side: relative.update(direction=side), label="Side"
                )
            button("Use this", small=True, on_click=lambda: pick(dict(relative))).classes("day-use")
        with box("day-fixed"):
            text("One day of the calendar", "muted t12 medium menu-head")
            ui.date(
                value if isinstance(value, str) else None, on_change=lambda e: pick(e.value) if e.value else None
            ).props("minimal flat")


def span_input(value: Any, tell: Tell, *, label: str) -> None:
    """An amount and a unit, such as 90 days."""
    span: dict[str, Any] = {"amount": None, "unit": "day", **(value if isinstance(value, dict) else {})}

    def set_amount(amount: Any) -> None:
        before, span["amount"] = span["amount"], amount
        if (before == 1) != (amount == 1):
            unit.set_options(units(amount), value=span["unit"])
        tell(dict(span))

    def set_unit(name: Any) -> None:
        if name != span["unit"]:
            span["unit"] = name
            tell(dict(span))

    whole_input(span["amount"], set_amount, label=f"{label}: how many").classes("amount")
    unit = choice(units(span["amount"]), span["unit"], set_unit, label=f"{label}: unit").classes("unit")


def period_input(value: Any, tell: Tell, *, label: str) -> None:
    """A calendar period, such as this month."""
    current = next((name for name, period in PERIODS.items() if period == value), None)
    choice({name: name for name in PERIODS}, current, lambda name: tell(dict(PERIODS[name])), label=label).classes(
        "unit"
    )
