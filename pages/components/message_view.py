"""A message as its reader sees it, in a frame that can run nothing and reach nothing of this page."""

from __future__ import annotations

from collections.abc import Mapping

from nicegui import ui

from pages.components.card import card
from pages.components.tabs import segmented
from pages.components.text import box, text


class MessageView(ui.element):
    """The HTML of a message. The frame has an opaque origin, no scripts and no forms."""

    def __init__(self, html: str = "", *, title: str = "Message", height: str = "520px") -> None:
        super().__init__("iframe")
        self.classes("message-view").style(f"height:{height}")
        self.props["sandbox"] = ""
        self.props["referrerpolicy"] = "no-referrer"
        self.props["title"] = title
        self.show(html)

    def show(self, html: str) -> None:
        """Show this message instead."""
        if self.props.get("srcdoc") != html:
            self.props["srcdoc"] = html


def message_card(subject: str, html: str, words: str, headers: Mapping[str, str] | None = None) -> None:
    """The message as its reader sees it, its plain-text part, or its headers where they are known."""
    with card(css="p-0 message-card"):
        with box("message-head"):
            with box("stack min-w-0"):
                text("Subject", "muted t12")
                text(subject, "medium break-words")
            options: list[tuple[str, str, str | None]] = [("html", "Message", None), ("text", "Plain text", None)]
            if headers:
                options.append(("headers", "Headers", None))
            segmented(options, "html", lambda key: choose(key), label="Which part")
        parts: dict[str, ui.element] = {"html": MessageView(html, title=subject, height="560px")}
        parts["text"] = text(words, "message-text whitespace-pre-wrap break-words")
        if headers:
            parts["headers"] = ui.element("dl").classes("message-headers")
            with parts["headers"]:
                for name, value in headers.items():
                    text(name, "muted", tag="dt")
                    text(value, "mono break-words", tag="dd")

    def choose(key: str) -> None:
        for name, part in parts.items():
            part.set_visibility(name == key)

    choose("html")
