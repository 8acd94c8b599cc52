"""Signed in as a member without going through a form: a session, and what a browser or program would hold of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx

from app.auth.renewing import refresh_token
from app.auth.session import ACCESS_SECONDS, COOKIE, REFRESH_COOKIE
from app.auth.sessions import Arrival, begin_session
from app.auth.tokens import issue_access
from models import Member, Session
from models.session import SessionKind


async def session_of(member: Member, kind: SessionKind = "program") -> Session:
    """A new session of this member."""
    return await begin_session(member, Arrival(kind=kind, how="password", address="203.0.113.9"))


async def access_of(member: Member, seconds: float = 600, *, kind: SessionKind = "program") -> str:
    """An access token of a new session."""
    return issue_access(await session_of(member, kind), member, seconds)


async def give_cookies(client: httpx.AsyncClient, member: Member, seconds: float = ACCESS_SECONDS) -> Session:
    """Sign this browser in; its access token is good for `seconds`."""
    session = await session_of(member, "browser")
    host = client.base_url.host
    client.cookies.set(COOKIE, issue_access(session, member, seconds), domain=host)
    client.cookies.set(REFRESH_COOKIE, refresh_token(session), domain=host)
    return session


class SignedIn(httpx.Auth):
    """Sends the bearer token of a session that begins with the first request; a header that is there already stays."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.token = ""

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        if "authorization" not in request.headers:
            self.token = self.token or await access_of(self.member)
            request.headers["Authorization"] = f"Bearer {self.token}"
        yield request
