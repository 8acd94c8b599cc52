"""A sheet that comes in from the right (from below on a phone) and holds a form."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from nicegui import ui

from pages.components.button import icon_button
from pages.components.text import box, text


class Sheet:
    """Fill it with `with Sheet("Add customer") as sheet:`, its foot with `with sheet.foot:`; then `sheet.open()`."""

    def __init__(self, title: str, subtitle: str | None = None, *, wide: bool = False) -> None:
        self.dialog = ui.dialog().props("position=right full-height transition-duration=140")
        with self.dialog, box("sheet wide" if wide else "sheet").props("role=dialog aria-modal=true") as surface:
            surface.props["aria-label"] = title
            with box("sheet-head"):
                with box("stack"):
                    self.title = text(title, "t16", tag="h2")
                    self.subtitle = text(subtitle or "", "muted t12")
                icon_button("x", "Close", on_click=self.close, small=True)
            self.body = box("sheet-body")
            self.foot = box("sheet-foot")

    def __enter__(self) -> Self:
        self.body.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.body.__exit__(kind, problem, trace)

    def open(self) -> None:
        """Show it."""
        self.dialog.open()

    def close(self) -> None:
        """Hide it; what was typed stays until the page is left or `clear` is called."""
        self.dialog.close()

    def clear(self) -> None:
        """Empty body and foot, to be filled anew."""
        self.body.clear()
        self.foot.clear()

    def delete(self) -> None:
        """Remove it from the page."""
        if not self.dialog.is_deleted:
            self.dialog.delete()
