"""Keeps a page from being left by accident while it holds something that is not saved."""

from __future__ import annotations

from nicegui import ui

from pages.nonces import with_nonce

_LISTEN = """<script>
addEventListener('beforeunload', (event) => {
  if (document.querySelector('[data-unsaved=true]')) { event.preventDefault(); event.returnValue = ''; }
});
</script>"""


class Guard(ui.element):
    """The browser asks before it leaves the page, while this unseen element says that something is unsaved.

    It is an attribute and no script call, because updates of elements reach the browser before a navigation that
    follows them, and calls do not.
    """

    def __init__(self) -> None:
        super().__init__("span")
        self.style("display:none").props("aria-hidden=true")
        self.props["data-unsaved"] = "false"
        ui.add_body_html(with_nonce(_LISTEN))

    def set(self, unsaved: bool) -> None:
        """Say whether there is something that would be lost."""
        wanted = "true" if unsaved else "false"
        if self.props["data-unsaved"] != wanted:
            self.props["data-unsaved"] = wanted
