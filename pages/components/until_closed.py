"""Something that ends with the page, or with the part of the page it was made in."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui


class UntilClosed(ui.element):
    """An unseen element that calls `end` once, when it is deleted: by a rebuild around it or with the page."""

    def __init__(self, end: Callable[[], None]) -> None:
        super().__init__("span")
        self.style("display:none").props("aria-hidden=true")
        self._end: Callable[[], None] | None = end

    def _handle_delete(self) -> None:
        end, self._end = self._end, None
        if end is not None:
            end()
        super()._handle_delete()
