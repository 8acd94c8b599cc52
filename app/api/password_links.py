"""Choosing a password over HTTP, by a link: plain forms, because they end in a cookie."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, BackgroundTasks, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.api.asked import asked_by
from app.api.origin import require_own_origin
from app.api.second_step import let_in
from app.auth.password_links import Purpose, request_reset, use_password_link
from app.auth.throttle import TooManyAttempts, count_attempt
from app.errors import InvalidInput, NotFound

router = APIRouter(include_in_schema=False)


@router.post("/forgot")
async def post_forgot(request: Request, tasks: BackgroundTasks, email: Annotated[str, Form()] = "") -> Response:
    """The same answer for everybody, at once; whoever has the address gets a link by mail."""
    require_own_origin(request, strict=False)
    address = request.client.host if request.client else "unknown"
    try:
        await count_attempt(f"forgot {address}", email)
    except TooManyAttempts:
        return _see("/forgot?error=throttled")
    tasks.add_task(request_reset, email[:320])
    return _see("/forgot?sent=1")


@router.post("/reset")
async def post_reset(
    request: Request, token: Annotated[str, Form()] = "", password: Annotated[str, Form()] = ""
) -> Response:
    """A new password for who forgot the old one."""
    return await _choose(request, "reset", token, password)


@router.post("/join")
async def post_join(
    request: Request, token: Annotated[str, Form()] = "", password: Annotated[str, Form()] = ""
) -> Response:
    """The first password of who was invited."""
    return await _choose(request, "join", token, password)


async def _choose(request: Request, purpose: Purpose, token: str, password: str) -> Response:
    """Sign in with the new password set; back to the form when it will not do."""
    require_own_origin(request, strict=False)
    asked_by(request)
    try:
        member = await use_password_link(purpose, token, password)
    except NotFound:
        return _see(f"/{purpose}?token=used")
    except InvalidInput:
        return _see(f"/{purpose}?{urlencode({'token': token, 'error': 1})}")
    return await let_in(request, member, "/", "link")


def _see(location: str) -> RedirectResponse:
    return RedirectResponse(location, status_code=303)
