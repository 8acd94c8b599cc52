"""The browser's session: two cookies, of which the second renews the first, over a week after their last use."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Literal

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.auth.access import member_of_token
from app.auth.api_keys import MARK, member_of_key
from app.auth.renewing import Renewed, refresh_token, renew
from app.auth.sessions import SESSION_SECONDS
from app.auth.tokens import issue_access
from app.errors import NotSignedIn
from app.settings import get_settings
from models.member import Member
from models.session import Session

COOKIE = "cohort_session"
"""Holds an access token; what a browser sends with every request."""

REFRESH_COOKIE = "cohort_refresh"
"""Holds the refresh token, which is looked at only when the access token has run out."""

ACCESS_SECONDS = 15 * 60

Credential = Literal["bearer", "cookie"]

_RENEWED = "cohort.renewed"


def set_cookies(response: Response, member: Member, session: Session) -> None:
    """Sign this browser in: HttpOnly, SameSite=Lax; behind an https PUBLIC_URL Secure and bound to this host."""
    values = {COOKIE: issue_access(session, member, ACCESS_SECONDS), REFRESH_COOKIE: refresh_token(session)}
    for name, value in values.items():
        response.set_cookie(
            cookie_name(name),
            value,
            max_age=SESSION_SECONDS,
            path="/",
            httponly=True,
            samesite="lax",
            secure=_secure(),
        )


def clear_cookies(response: Response) -> None:
    """Sign this browser out."""
    for name in (COOKIE, REFRESH_COOKIE):
        response.delete_cookie(cookie_name(name), path="/", httponly=True, samesite="lax", secure=_secure())


def cookie_name(name: str) -> str:
    """With `__Host-` over HTTPS: no other host of the domain, and no page without TLS, can plant one (RFC 6265bis)."""
    return f"__Host-{name}" if _secure() else name


async def member_of_request(request: Request) -> Member | None:
    """Whom the request acts as: by bearer token or API key where it carries one, else by the cookies; None otherwise.

    An access token that has run out is replaced by means of the refresh token; `SlidingSession` writes both on the
    response. Raises only what the database raises.
    """
    token, credential = credential_of(request)
    if token is None:
        return None
    try:
        if credential == "bearer":
            return await (member_of_key(token) if token.startswith(MARK) else member_of_token(token))
        return await _member_of_cookies(request, token)
    except NotSignedIn:
        return None


async def _member_of_cookies(request: Request, token: str) -> Member:
    renewed: Renewed | None = request.scope.get(_RENEWED)
    if renewed is not None:
        return renewed.member
    try:
        return await member_of_token(token, audience="session")
    except NotSignedIn:
        refresh = request.cookies.get(cookie_name(REFRESH_COOKIE), "")
        address = request.client.host if request.client else ""
        renewed = await renew(refresh, "browser", address=address, agent=request.headers.get("user-agent", ""))
        request.scope[_RENEWED] = renewed
        return renewed.member


def forget_renewal(request: Request) -> None:
    """Write no new cookies on the response: the session has just ended."""
    request.scope.pop(_RENEWED, None)


def credential_of(request: Request) -> tuple[str | None, Credential]:
    """The token a request carries, and how. An Authorization header wins over the cookie, even when it is no good."""
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, value = header.partition(" ")
        return (value.strip() if scheme.lower() == "bearer" else ""), "bearer"
    names = [cookie_name(name) for name in (COOKIE, REFRESH_COOKIE)]
    return next((request.cookies.get(names[0], "") for name in names if name in request.cookies), None), "cookie"


class SlidingSession:
    """Writes the new cookies on the response of a request whose access token had run out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            renewed: Renewed | None = scope.get(_RENEWED)
            if message["type"] == "http.response.start" and renewed is not None:
                headers = MutableHeaders(scope=message)
                if not any(cookie_name(COOKIE) in SimpleCookie(value) for value in headers.getlist("set-cookie")):
                    carrier = Response()
                    set_cookies(carrier, renewed.member, renewed.session)
                    for value in carrier.headers.getlist("set-cookie"):
                        headers.append("set-cookie", value)
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def _secure() -> bool:
    return get_settings().public_url.startswith("https://")
