"""Headers that every response carries, so that a browser does not guess, leak, keep or let itself be framed."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.content_policy import NOTHING, page_policy
from app.settings import get_settings

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), "
    "display-capture=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), "
    "publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()",
}
YEAR = 31_536_000
_NO_PREFIX = b"x-forwarded-prefix"
"""NiceGUI writes it in front of every address on a page and of every redirect; Cohort lives at the root of its host."""


class SecurityHeaders:
    """Adds what is missing: for pages the policy they run under, `no-store` for whatever is about people."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if any(name == _NO_PREFIX for name, _ in scope["headers"]):
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] != _NO_PREFIX]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                is_page = headers.get("content-type", "").startswith("text/html")
                if "content-security-policy" not in headers:
                    headers["Content-Security-Policy"] = page_policy(scope) if is_page else NOTHING
                if is_page or scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
                if get_settings().public_url.startswith("https://"):
                    headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}")
            await send(message)

        await self.app(scope, receive, send_with_headers)
