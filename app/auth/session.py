"""The browser's session: a signed cookie that lasts seven days from its last use."""

from __future__ import annotations

from http.cookies import SimpleCookie
from time import time
from typing import Literal

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.auth.api_keys import MARK, member_of_key
from app.auth.members import member_of_token
from app.auth.tokens import SESSION_SECONDS, issue_access, read_access
from app.errors import NotSignedIn
from app.settings import get_settings
from models.member import Member

COOKIE = "cohort_session"
RENEW_SECONDS = 24 * 3600
"""A cookie older than this is replaced by a fresh one when it is used."""

Credential = Literal["bearer", "cookie"]


def set_cookie(response: Response, member: Member) -> None:
    """Sign this browser in: HttpOnly, SameSite=Lax, Secure behind an https PUBLIC_URL."""
    response.set_cookie(
        COOKIE,
        issue_access(member, SESSION_SECONDS, audience="session"),
        max_age=SESSION_SECONDS,
        path="/",
        httponly=True,
        samesite="lax",
        secure=_secure(),
    )


def clear_cookie(response: Response) -> None:
    """Sign this browser out."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=_secure())


async def member_of_request(request: Request) -> Member | None:
    """Whom the request acts as: by bearer token or API key where it carries one, else by the cookie; None otherwise.

    A cookie in the second half of its life is marked for renewal, which `SlidingSession` writes on the response.
    Raises only what the database raises.
    """
    token, credential = credential_of(request)
    if token is None:
        return None
    try:
        if credential == "bearer" and token.startswith(MARK):
            return await member_of_key(token)
        member = await member_of_token(token, audience="session" if credential == "cookie" else "api")
    except NotSignedIn:
        return None
    if credential == "cookie" and time() - read_access(token, audience="session").issued_at > RENEW_SECONDS:
        request.scope["cohort.renew_session"] = member
    return member


def credential_of(request: Request) -> tuple[str | None, Credential]:
    """The token a request carries, and how. An Authorization header wins over the cookie, even when it is no good."""
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, value = header.partition(" ")
        return (value.strip() if scheme.lower() == "bearer" else ""), "bearer"
    return request.cookies.get(COOKIE), "cookie"


class SlidingSession:
    """Writes the renewed cookie on the response of a request that used an older one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            member = scope.get("cohort.renew_session")
            if message["type"] == "http.response.start" and member is not None:
                headers = MutableHeaders(scope=message)
                if not any(COOKIE in SimpleCookie(value) for value in headers.getlist("set-cookie")):
                    carrier = Response()
                    set_cookie(carrier, member)
                    headers.append("set-cookie", carrier.headers["set-cookie"])
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def _secure() -> bool:
    return get_settings().public_url.startswith("https://")
