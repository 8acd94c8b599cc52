"""A message as its reader sees it, in a frame that can run nothing and reach nothing of this page."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from nicegui import Client, ui
from nicegui import app as nicegui_app
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from app.api.content_policy import MESSAGE
from pages.components.card import card
from pages.components.tabs import segmented
from pages.components.text import box, text
from pages.socket_guard import same_browser

PATH = "/message-frame"


class MessageView(ui.element):
    """The HTML of a message. The frame has an opaque origin, no scripts and no forms.

    It is loaded from an address of its own, so that the policy of messages holds in it (pictures from anywhere) and
    not that of the page around it. Only the browser that has the page gets it.
    """

    def __init__(self, html: str = "", *, title: str = "Message", height: str = "520px") -> None:
        super().__init__("iframe")
        self.classes("message-view").style(f"height:{height}")
        self.props["sandbox"] = ""
        self.props["referrerpolicy"] = "no-referrer"
        self.props["title"] = title
        self.message = ""
        self._shown = 0
        self.show(html)

    def show(self, html: str) -> None:
        """Show this message instead."""
        if self._shown and self.message == html:
            return
        self.message = html
        self._shown += 1
        self.props["src"] = f"{PATH}/{self.client.id}/{self.id}?v={self._shown}"


def install() -> None:
    """Serve what the frames show."""
    nicegui_app.add_api_route(PATH + "/{page_id}/{element_id}", framed, include_in_schema=False)


async def framed(request: Request, page_id: str, element_id: int) -> Response:
    """The message that this frame of this open page shows now."""
    page = Client.instances.get(page_id)
    view = page.elements.get(element_id) if page is not None and same_browser(page, request) else None
    if not isinstance(view, MessageView):
        return PlainTextResponse("This page is not open any more.", 404)
    headers = {"Content-Security-Policy": MESSAGE, "X-Frame-Options": "SAMEORIGIN", "Cache-Control": "no-store"}
    return HTMLResponse(view.message, headers=headers)


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
