"""The question before something that cannot be taken back."""

from __future__ import annotations

from nicegui import ui

from pages.components.button import button
from pages.components.text import box, text


async def confirm(title: str, body: str, *, action: str, danger: bool = False, cancel: str = "Keep") -> bool:
    """Ask and wait. `title` asks ("Delete Krista Heinz?"), `body` names what will happen and to how many, `action` is
    the verb on the button. Escape, a click beside it and a lost connection all mean no."""
    with ui.dialog() as dialog, box("dialog").props("role=alertdialog aria-modal=true"):
        text(title, "t16", tag="h2")
        text(body, "muted", tag="p")
        with box("acts"):
            button(cancel, on_click=lambda: dialog.submit(False)).props("autofocus")
            button(action, kind="danger" if danger else "primary", on_click=lambda: dialog.submit(True))
    answer = await dialog
    if not dialog.is_deleted:
        dialog.delete()
    return bool(answer)
