"""Sign-in over HTTP: a cookie cannot be set from a socket, so the pages' forms post here."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.api.asked import asked_by
from app.api.origin import address_of, require_own_origin
from app.api.second_step import let_in
from app.auth.devices import device_of, remember_device
from app.auth.failures import note_failure
from app.auth.members import authenticate
from app.auth.session import clear_cookies, forget_renewal, member_of_request
from app.auth.sessions import sign_out
from app.auth.throttle import TooManyAttempts, sign_in_attempt
from app.auth.welcome import claim_welcome
from app.errors import CohortError, NotFound, NotSignedIn
from app.settings import get_settings
from models.member import Member

router = APIRouter(include_in_schema=False)

_LOCAL_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]{0,2000}")


def local_path(text: str) -> str:
    """`text` when it is a path on this site, else `/`: no scheme, no host, nothing a browser would read as one."""
    return text if _LOCAL_PATH.fullmatch(text) else "/"


async def sign_in(request: Request, email: str, password: str) -> Member:
    """Check a sign-in; count and note it when it fails. Raises NotSignedIn and TooManyAttempts."""
    address = address_of(request)
    try:
        async with sign_in_attempt(address, email, device_of(request, email)):
            return await authenticate(email, password)
    except TooManyAttempts:
        note_failure(address, email, "throttled")
        raise
    except NotSignedIn:
        note_failure(address, email, "password")
        raise


@router.post("/signin")
async def post_sign_in(
    request: Request,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Set the cookie and go to `next`; back to the form with `error=1` when email and password do not match."""
    require_own_origin(request, strict=False)
    target = local_path(next)
    try:
        member = await sign_in(request, email, password)
    except (NotSignedIn, TooManyAttempts) as problem:
        query = {"error": "1"}
        if isinstance(problem, TooManyAttempts):
            query |= {"reason": "throttled"}
        if target != "/":
            query |= {"next": target}
        return _see(f"/signin?{urlencode(query)}")
    response = await let_in(request, member, target, "password")
    remember_device(request, response, email)
    return response


@router.post("/signout")
async def post_sign_out(request: Request) -> Response:
    """End this browser's session, and every tab that is open in it."""
    require_own_origin(request)
    asked_by(request, "page")
    member = await member_of_request(request)
    if member is not None and member.session_id is not None:
        await sign_out(member)
    forget_renewal(request)
    response = _see("/signin")
    clear_cookies(response)
    return response


@router.post("/welcome")
async def post_welcome(
    request: Request,
    token: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    """Make the first owner and sign in. Back to the form with `error=` naming the wrong field otherwise."""
    require_own_origin(request, strict=False)
    asked_by(request)
    try:
        owner = await claim_welcome(get_settings(), token, name=name, email=email, password=password)
    except NotFound:
        return _see("/signin?error=used")
    except CohortError as problem:
        if not problem.errors:
            raise
        return _see(f"/welcome?{urlencode({'token': token, 'error': problem.errors[0].field})}")
    return await let_in(request, owner, "/", "link")


def _see(location: str) -> RedirectResponse:
    return RedirectResponse(location, status_code=303)
