"""Between the password and the session, for members who have a second step."""

from __future__ import annotations

from typing import Annotated

from beanie import PydanticObjectId
from bson import ObjectId
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.api.origin import require_own_origin
from app.audit import Origin, asked_from, note
from app.auth.second_factor import has_second_factor, pass_second_factor
from app.auth.session import set_cookie
from app.auth.throttle import TooManyAttempts
from app.auth.tokens import read_link, sign_link
from app.errors import InvalidInput, NotFound
from app.settings import get_settings
from models.member import Member

router = APIRouter(include_in_schema=False)

COOKIE = "cohort_second"
PATH = "/signin-code"
PURPOSE = "second-step"
SECONDS = 300


async def let_in(request: Request, member: Member, target: str) -> Response:
    """To `target`, signed in; or to the second step first, with the first one remembered for five minutes."""
    if not has_second_factor(member):
        response = RedirectResponse(target, status_code=303)
        set_cookie(response, member)
        await note_sign_in(request, member)
        return response
    response = RedirectResponse(PATH, status_code=303)
    passed = {"m": str(member.id), "v": member.token_version, "next": target}
    response.set_cookie(
        COOKIE,
        sign_link(PURPOSE, passed, SECONDS),
        max_age=SECONDS,
        path=PATH,
        httponly=True,
        samesite="lax",
        secure=get_settings().public_url.startswith("https://"),
    )
    return response


@router.post(PATH)
async def post_code(request: Request, code: Annotated[str, Form()] = "") -> Response:
    """Sign in with a code; back to the form when it is wrong, to the first step when that was too long ago."""
    require_own_origin(request, strict=False)
    try:
        passed = read_link(PURPOSE, request.cookies.get(COOKIE, ""))
    except InvalidInput:
        return _forget(_see("/signin?error=late"))
    if not ObjectId.is_valid(str(passed.get("m"))):
        return _forget(_see("/signin?error=late"))
    try:
        member = await pass_second_factor(PydanticObjectId(str(passed["m"])), code[:40])
    except TooManyAttempts:
        return _forget(_see("/signin?error=1&reason=throttled"))
    except InvalidInput:
        return _see(f"{PATH}?error=1")
    except NotFound:
        return _forget(_see("/signin?error=late"))
    if member.token_version != passed.get("v"):
        return _forget(_see("/signin?error=late"))
    response = _see(str(passed.get("next") or "/"))
    set_cookie(response, member)
    await note_sign_in(request, member)
    return _forget(response)


async def note_sign_in(request: Request, member: Member) -> None:
    """Who came in, and from where."""
    asked_from.set(Origin("sign-in", request.client.host if request.client else ""))
    await note(member, "member.sign-in", id=member.id, name=member.email)


def _see(location: str) -> RedirectResponse:
    return RedirectResponse(location, status_code=303)


def _forget(response: Response) -> Response:
    secure = get_settings().public_url.startswith("https://")
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax", secure=secure)
    return response
