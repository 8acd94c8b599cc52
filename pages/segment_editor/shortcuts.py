"""Keys and drags of the builder: the script that hears them in the browser, and the page that lists them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from pages.components import button, text
from pages.components.text import box
from pages.nonces import with_nonce
from pages.theme import STATIC

_SCRIPT = (STATIC / "segment_editor.js").read_text(encoding="utf-8")

LISTED = (
    ("Save", "Ctrl S"),
    ("Undo", "Ctrl Z"),
    ("Redo", "Ctrl Shift Z or Ctrl Y"),
    ("Move a condition or group up, also out of its group", "Alt ↑"),
    ("Move it down, also into a group", "Alt ↓"),
    ("Add a condition below", "Alt Enter"),
    ("Duplicate", "Ctrl D"),
    ("Make it the opposite", "Alt N"),
    ("Wrap in a group", "Alt G"),
    ("Remove", "Alt Delete"),
    ("These shortcuts", "?"),
)
"""What each does, and its keys. On a Mac, Option is Alt and Command does what Ctrl does."""


class Shortcuts(ui.element):
    """An unseen element to which the browser reports keys and drags; `asked(detail)` hears them."""

    def __init__(self, asked: Callable[[dict[str, Any]], Any]) -> None:
        super().__init__("span")
        self.style("display:none").props("aria-hidden=true data-builder=true")

        async def heard(event: GenericEventArguments) -> None:
            if isinstance(event.args, dict):
                await asked(event.args)

        self.on("builder", heard, js_handler="(e) => emit(e.detail)")
        ui.add_body_html(with_nonce(f"<script>{_SCRIPT}</script>"))


def show_shortcuts() -> None:
    """The list of shortcuts, over the page."""
    with ui.dialog(value=True) as dialog, box("dialog keys").props("role=dialog aria-modal=true") as surface:
        surface.props["aria-label"] = "Keyboard shortcuts"
        text("Keyboard shortcuts", "t16", tag="h2")
        text("They act on the condition or group that has the focus. On a Mac, Option is Alt.", "muted")
        with box("keys-list", tag="dl"):
            for words, keys in LISTED:
                text(words, tag="dt")
                with box(tag="dd"):
                    text(keys, "kbd", tag="span")
        with box("acts"):
            button("Close", on_click=dialog.close).props("autofocus")
    dialog.on("hide", dialog.delete, [])
