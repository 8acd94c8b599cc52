"""Who may speak to a page that is open: the browser it was built for, from our own origin.

NiceGUI asks for the page's id alone, which nobody can guess; here it also has to be the same member's cookie.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from nicegui import Client
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from app.api.origin import is_own_origin
from app.auth.session import COOKIE, cookie_name
from app.auth.tokens import read_access
from app.errors import NotSignedIn
from pages import sessions

SOCKET = "/_nicegui_ws/"
UPLOADS = "/_nicegui/client/"


class SocketGuard:
    """Refuses sockets and uploads of other sites and of other members' browsers with 403."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if (
            scope["type"] not in ("http", "websocket")
            or not path.startswith((SOCKET, UPLOADS))
            or _may_speak(HTTPConnection(scope), path)
        ):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(code=1008, reason="not this page's browser")(scope, receive, send)
        else:
            await PlainTextResponse("This page belongs to somebody else.", 403)(scope, receive, send)


def _may_speak(connection: HTTPConnection, path: str) -> bool:
    origin, site = connection.headers.get("origin"), connection.headers.get("sec-fetch-site")
    if origin is not None and not is_own_origin(origin, connection.headers.get("host", "")):
        return False
    if site not in (None, "same-origin", "none"):
        return False
    if path.startswith(UPLOADS):
        id = path.removeprefix(UPLOADS).partition("/")[0]
        if origin is None and site is None:
            return False
    else:
        id = parse_qs(connection.scope.get("query_string", b"").decode("latin-1")).get("client_id", [""])[0]
    page = Client.instances.get(id)
    if page is None:
        return True  # NiceGUI refuses it, in words that make the browser load the page again
    return same_browser(page, connection)


def same_browser(page: Client, connection: HTTPConnection) -> bool:
    """Whether this comes with a session cookie of the member whom the page was built for; anybody's if for nobody.

    A cookie that has run out will do: the page itself goes with its session, and a browser that was asleep comes back
    by its socket before anything has renewed its cookies.
    """
    member_id = sessions.member_id_of(page)
    if member_id is None:
        return True
    try:
        cookie = connection.cookies.get(cookie_name(COOKIE), "")
        return read_access(cookie, audience="session", or_over=True).subject == str(member_id)
    except NotSignedIn:
        return False
