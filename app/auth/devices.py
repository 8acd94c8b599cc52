"""Browsers that have signed in here before, known by a cookie: somebody else's guesses do not slow them down.

The cookie proves nothing but that. It names no member, opens nothing, and is good for the email it was made for.
"""

from __future__ import annotations

import hashlib
import secrets

from starlette.requests import Request
from starlette.responses import Response

from app.auth.tokens import read_link, sign_link
from app.errors import InvalidInput
from app.settings import get_settings
from models.values import fold

COOKIE = "cohort_device"
PATH = "/signin"
PURPOSE = "device"
SECONDS = 180 * 24 * 3600


def device_of(request: Request, email: str) -> str | None:
    """What this browser is counted by when it tries to sign in as `email`; None for one that never did."""
    kept = request.cookies.get(COOKIE)
    if not kept:
        return None
    try:
        said = read_link(PURPOSE, kept)
    except InvalidInput:
        return None
    return str(said.get("d")) if said.get("e") == _mark(email) else None


def remember_device(request: Request, response: Response, email: str) -> None:
    """After a password that was right: know this browser by the number it has, or by a new one."""
    device = device_of(request, email) or secrets.token_urlsafe(12)
    response.set_cookie(
        COOKIE,
        sign_link(PURPOSE, {"e": _mark(email), "d": device}, SECONDS),
        max_age=SECONDS,
        path=PATH,
        httponly=True,
        samesite="lax",
        secure=get_settings().public_url.startswith("https://"),
    )


def _mark(email: str) -> str:
    return hashlib.sha256(f"device of {fold(email)}".encode("utf-8", "replace")).hexdigest()[:32]
