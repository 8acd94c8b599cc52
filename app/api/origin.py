"""Whether a request comes from our own pages: what stands between a cookie and another site's form."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problems import problem_response
from app.auth.session import COOKIE, REFRESH_COOKIE, cookie_name
from app.errors import PermissionDenied
from app.settings import get_settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FROM_ANYWHERE = ("/u/", "/api/receipts", "/api/auth/token", "/api/auth/refresh", "/signin")
"""Mail providers unsubscribe people with one click (RFC 8058), vendors report what became of messages, programs sign
in: each brings what it needs in the request itself, and no cookie counts. The sign-in forms look at the origin
themselves.
"""


def is_own_origin(origin: str, host: str) -> bool:
    """Whether `origin` (an Origin header) names this site: PUBLIC_URL's origin, or the Host the request came to.

    The scheme is compared with PUBLIC_URL only: behind a proxy that ends TLS the request itself looks like http.
    """
    try:
        given = urlsplit(origin)
        own = urlsplit(get_settings().public_url)
    except ValueError:
        return False
    if given.scheme not in ("http", "https") or not given.netloc:
        return False
    if own.netloc and (given.scheme, given.netloc.lower()) == (own.scheme, own.netloc.lower()):
        return True
    return bool(host) and given.netloc.lower() == host.lower()


def own_origin_only(origin: str | None, environ: Mapping[str, str]) -> bool:
    """For the socket server, which asks only when a request carries an Origin (every browser's websocket does)."""
    return bool(origin) and is_own_origin(str(origin), environ.get("HTTP_HOST", ""))


def address_of(request: Request) -> str:
    """Where a request comes from: the connection's other end, or what a proxy of TRUSTED_PROXIES says of it."""
    return request.client.host if request.client else "unknown"


def require_own_origin(request: Request, *, strict: bool = True) -> None:
    """Refuse a changing request that another site made the browser send (OWASP CSRF cheat sheet, verifying origin).

    Sec-Fetch-Site decides where the browser sends it, else Origin. With neither, `strict` refuses: every browser that
    sends our cookie sends one of them. Raises PermissionDenied.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site in ("same-origin", "none"):
            return
        raise PermissionDenied("This request came from another site; please use Cohort's own pages.")
    origin = request.headers.get("origin")
    if origin is None:
        if strict:
            raise PermissionDenied(
                "A request signed in by cookie has to come from Cohort's own pages; use a bearer token from elsewhere."
            )
        return
    if not is_own_origin(origin, request.headers.get("host", "")):
        raise PermissionDenied("This request came from another site; please use Cohort's own pages.")


class OwnOriginOnly:
    """Refuses every changing request that another site made a browser send with our cookie, whatever its route.

    The routes that act on a cookie check as well; this holds for those too that are forgotten, and for what the pages'
    library serves by itself.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            request = Request(scope)
            by_cookie = any(cookie_name(name) in request.cookies for name in (COOKIE, REFRESH_COOKIE))
            if by_cookie and "authorization" not in request.headers and not scope["path"].startswith(FROM_ANYWHERE):
                try:
                    require_own_origin(request)
                except PermissionDenied as problem:
                    await problem_response(problem)(scope, receive, send)
                    return
        await self.app(scope, receive, send)
