"""Words on a page: one element each, in the tag that says what they are."""

from __future__ import annotations

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement


def text(content: str, css: str = "", *, tag: str = "div") -> TextElement:
    """Plain text with classes such as `muted t12`, `strong`, `t16`, `t20`, `t28 num`. Never interpreted as HTML."""
    return TextElement(tag=tag, text=content).classes(css)


def box(css: str = "", *, tag: str = "div") -> ui.element:
    """An element without a look of its own, to lay others out: `with box("line gap-2"): ...`."""
    return ui.element(tag).classes(css)
