"""No request body is read past its limit."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import problem_response
from app.errors import TooLarge
from app.imports.limits import MAX_FILE_BYTES

JSON_BYTES = 10 * 1024 * 1024
FORM_BYTES = 64 * 1024
UPLOAD_BYTES = MAX_FILE_BYTES + 1024 * 1024
"""A file at its limit, with the multipart frame around it."""


def limit_of(path: str) -> int:
    """How many bytes a request to this path may carry."""
    if path.startswith(("/api/imports", "/_nicegui")):
        return UPLOAD_BYTES
    return JSON_BYTES if path.startswith("/api") else FORM_BYTES


class BodyLimit:
    """Answers 413 instead of reading on: at once by Content-Length, else when the bytes received pass the limit."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = limit_of(scope["path"])
        refusal = problem_response(TooLarge(f"The body is larger than {limit // 1024:,} KB, the most taken here."))
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared[:18]) > limit:
            await refusal(scope, receive, send)
            return
        total = 0
        too_large = started = False

        async def counted_receive() -> Message:
            nonlocal total, too_large
            message = await receive()
            if message["type"] == "http.request":
                total += len(message.get("body", b""))
                if total > limit:
                    too_large = True
                    return {"type": "http.disconnect"}
            return message

        async def watched_send(message: Message) -> None:
            nonlocal started
            if too_large and not started:
                return
            started = True
            await send(message)

        try:
            await self.app(scope, counted_receive, watched_send)
        except Exception:
            if not too_large or started:
                raise
        if too_large and not started:
            await refusal(scope, receive, send)
