"""How many requests are answered: of each member, and of each address that nobody is signed in from.

Health, readiness and metrics are never counted. 429 comes as a problem document with Retry-After; whatever was counted
carries RateLimit-Limit, -Remaining, -Reset and -Policy (draft-ietf-httpapi-ratelimit-headers-06, the one in use).
"""

from __future__ import annotations

from functools import lru_cache

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.origin import address_of
from app.api.problems import problem_response
from app.limits.allowance import Spent, spend
from app.limits.buckets import Limit, TooManyRequests
from app.settings import get_settings
from models.member import Member

SIGN_IN = Limit(name="http-sign-in", per_minute=1_200, burst=600)
"""Of one address, whatever is asked there: passwords, codes, links, tokens. What a wrong answer costs is counted by
`app.auth.throttle`; this bounds everything else.
"""

RECEIPTS = Limit(name="http-receipts", per_minute=60_000, burst=60_000)
"""A vendor may call back for each message of a campaign by itself."""

UNSUBSCRIBE = Limit(name="http-unsubscribe", per_minute=6_000, burst=6_000)
"""The large mail providers ask on behalf of all their people, from few addresses."""

_BY_ADDRESS = (
    ("/api/auth/", SIGN_IN),
    ("/api/receipts", RECEIPTS),
    ("/signin", SIGN_IN),
    ("/forgot", SIGN_IN),
    ("/reset", SIGN_IN),
    ("/join", SIGN_IN),
    ("/welcome", SIGN_IN),
    ("/u/", UNSUBSCRIBE),
)
_SPENT = "cohort.limit"


async def count_member(request: Request, member: Member | None) -> None:
    """Count a request to the API: for the member behind it, else for its address. Raises TooManyRequests."""
    limit = _api_limit(get_settings().api_requests_per_minute)
    if limit is None:
        return
    whose = f"member {member.id}" if member is not None else f"address {address_of(request)}"
    refusal = await _count(request.scope, limit, whose)
    if refusal is not None:
        raise refusal


class RateLimits:
    """Counts by address what members do not ask for, and tells on every answer how much is left."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            spent: Spent | None = scope.get(_SPENT)
            if message["type"] == "http.response.start" and spent is not None:
                _tell(MutableHeaders(scope=message), spent)
            await send(message)

        path: str = scope["path"]
        for beginning, limit in _BY_ADDRESS:
            if path.startswith(beginning):
                refusal = await _count(scope, limit, f"address {address_of(Request(scope))}")
                if refusal is not None:
                    await problem_response(refusal)(scope, receive, send_with_headers)
                    return
                break
        await self.app(scope, receive, send_with_headers)


async def _count(scope: Scope, limit: Limit, whose: str) -> TooManyRequests | None:
    spent = await spend(limit, whose)
    scope[_SPENT] = spent
    if not spent.wait:
        return None
    return TooManyRequests(f"The limit is {limit.per_minute:,.0f} requests a minute; please slow down.", spent.wait)


def _tell(headers: MutableHeaders, spent: Spent) -> None:
    limit = spent.limit
    headers["RateLimit-Limit"] = str(limit.burst)
    headers["RateLimit-Remaining"] = str(max(0, spent.left))
    headers["RateLimit-Reset"] = str(spent.full_in)
    headers["RateLimit-Policy"] = f"{limit.per_minute:.0f};w=60;burst={limit.burst}"


@lru_cache(maxsize=4)
def _api_limit(per_minute: int) -> Limit | None:
    """A whole minute's requests may come at once, so that a client that works in bursts is not held up."""
    return Limit(name="http-api", per_minute=per_minute, burst=per_minute) if per_minute else None
