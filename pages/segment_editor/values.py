"""The editor of a value, by its shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.segments.catalogue import Field, FieldType
from pages.components import segmented, text
from pages.components.text import box
from pages.segment_editor.days import day_input, period_input, span_input
from pages.segment_editor.inputs import Tell, number_input
from pages.segment_editor.shapes import Shape
from pages.segment_editor.text_values import Counts, text_input, texts_input


def value_input(
    shape: Shape,
    value: Any,
    tell: Tell,
    *,
    field: Field | None,
    label: str,
    locale: str,
    sign: str | None = None,
    whole: bool = True,
    counts: Counts | None = None,
) -> None:
    """Draw the editor. `tell(value)` hears every change; `sign` is the currency's, for money.

    `whole` says that a text is compared as a whole, so that known values are worth offering; `counts` says how many
    have each, and is asked when the menu opens.
    """
    known: Sequence[str] = field.values if field and whole else ()
    match shape:
        case Shape.TEXT:
            text_input(value, tell, known=known, label=label, counts=counts, locale=locale)
        case Shape.TEXTS:
            closed = field is not None and field.type is FieldType.ENUM
            texts_input(value, tell, known=known, label=label, closed=closed, counts=counts, locale=locale)
        case Shape.NUMBER:
            number_input(value, tell, locale=locale, label=label, prefix=sign).classes("figure")
        case Shape.BOOLEAN:
            segmented(
                [("yes", "Yes", None), ("no", "No", None)],
                "no" if value is False else "yes",
                lambda key: tell(key == "yes"),
                label=label,
            )
        case Shape.DAY:
            day_input(value, tell, locale=locale, label=label).classes("unit")
        case Shape.SPAN:
            span_input(value, tell, label=label)
        case Shape.PERIOD:
            period_input(value, tell, label=label)
        case Shape.PAIR | Shape.DAYS:
            _two(shape, value, tell, label=label, locale=locale, sign=sign)
        case _:
            pass


def _two(shape: Shape, value: Any, tell: Tell, *, label: str, locale: str, sign: str | None) -> None:
    ends: list[Any] = [*(value if isinstance(value, list) else ()), None, None][:2]

    def at(place: int) -> Tell:
        def told(end: Any) -> None:
            ends[place] = end
            tell(list(ends))

        return told

    with box("two"):
        for place, name in enumerate(("from", "to")):
            if place:
                text("and", "muted", tag="span")
            if shape is Shape.PAIR:
                number_input(ends[place], at(place), locale=locale, label=f"{label}, {name}", prefix=sign)
            else:
                day_input(ends[place], at(place), locale=locale, label=f"{label}, {name}")
