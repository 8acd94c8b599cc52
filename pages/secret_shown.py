"""Something that is shown this once: a key, a link. With a button that copies it."""

from __future__ import annotations

from nicegui import ui

from pages.components import box, button, icon, text, toast


def secret_shown(secret: str, words: str) -> None:
    """The words that say what to do with it, and the thing itself."""
    with box("banner info"):
        icon("key")
        text(words, tag="span")
    with box("line gap-2"):
        text(secret, "mono secret grow", tag="code").mark("secret")

        def copy() -> None:
            ui.clipboard.write(secret)
            toast("Copied")

        button("Copy", icon="copy", on_click=copy)
