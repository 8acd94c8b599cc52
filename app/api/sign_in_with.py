"""Sign-in with Google or another provider: plain redirects, with a cookie of this site alone."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.api.asked import asked_by
from app.api.second_step import let_in
from app.api.sign_in import local_path
from app.auth.failures import note_failure
from app.auth.identities import member_of_identity
from app.auth.providers import NotVouched, Provider, begin, finish, providers, return_address
from app.auth.tokens import read_link, sign_link
from app.errors import InvalidInput, NotFound, Unavailable
from app.settings import get_settings

router = APIRouter(include_in_schema=False)

COOKIE = "cohort_signin"
COOKIE_PATH = "/signin/"
PURPOSE = "sign-in-with"
SECONDS = 600
"""How long somebody may take at the provider."""

log = structlog.get_logger(__name__)


@router.get("/signin/{key}")
async def start(request: Request, key: str, next: str = "/") -> Response:
    """To the provider; 404 for one that the settings do not name."""
    provider = _provider(key)
    session: dict[str, Any] = {}
    request.scope["session"] = session
    try:
        response = await begin(provider, request, _return_address(request, provider))
    except Unavailable:
        return _back("away", provider, next)
    _keep(response, {"session": session, "next": local_path(next), "key": key})
    response.headers["Cache-Control"] = "no-store"
    return response


@router.get("/signin/{key}/callback")
async def come_back(request: Request, key: str) -> Response:
    """From the provider: sign in and go on, or back to the form with the reason."""
    provider = _provider(key)
    try:
        kept = read_link(PURPOSE, request.cookies.get(COOKIE, ""))
    except InvalidInput:
        return _back("expired", provider)
    request.scope["session"] = kept["session"] if kept.get("key") == key else {}
    target = local_path(str(kept.get("next") or "/"))
    address = asked_by(request)
    try:
        await _once(request)
        member = await member_of_identity(await finish(provider, request))
    except Unavailable:
        return _back("away", provider, target)
    except NotVouched as problem:
        log.info("sign-in refused", provider=key, reason=problem.reason, detail=problem.detail)
        note_failure(address, "", "provider")
        return _back(problem.reason, provider, target)
    response = await let_in(request, member, target, "google" if key == "google" else "oidc")
    _forget(response)
    return response


def _provider(key: str) -> Provider:
    found = providers().get(key)
    if found is None:
        raise NotFound("This way to sign in is not set up here.")
    return found


def _return_address(request: Request, provider: Provider) -> str:
    """Where the provider sends people back to: under PUBLIC_URL, else under the address they came by."""
    return return_address(provider, get_settings().public_url or str(request.base_url))


async def _once(request: Request) -> None:
    """A second answer to the same sign-in is refused, also when cookie and address were copied.

    While Redis is away the provider's own refusal of a used code has to do.
    """
    state = request.query_params.get("state", "")
    key = f"signin:state:{hashlib.sha256(state.encode('utf-8', 'replace')).hexdigest()[:32]}"
    try:
        async with Redis.from_url(get_settings().signals_url, socket_timeout=2, socket_connect_timeout=2) as redis:
            first = await redis.set(key, "1", nx=True, ex=SECONDS)
    except (RedisError, OSError) as problem:
        log.warning("sign-ins are not remembered", error=type(problem).__name__)
        return
    if not first:
        raise NotVouched("This answer has been used already.", "mismatch")


def _keep(response: Response, data: dict[str, Any]) -> None:
    response.set_cookie(
        COOKIE,
        sign_link(PURPOSE, data, SECONDS),
        max_age=SECONDS,
        path=COOKIE_PATH,
        httponly=True,
        samesite="lax",
        secure=get_settings().public_url.startswith("https://"),
    )


def _forget(response: Response) -> None:
    response.delete_cookie(
        COOKIE,
        path=COOKIE_PATH,
        httponly=True,
        samesite="lax",
        secure=get_settings().public_url.startswith("https://"),
    )


def _back(reason: str, provider: Provider, next: str = "/") -> Response:
    query = {"error": reason, "by": provider.key}
    if local_path(next) != "/":
        query["next"] = local_path(next)
    response = RedirectResponse(f"/signin?{urlencode(query)}", status_code=303)
    _forget(response)
    return response
