"""What a browser has proved before the second step, in a signed cookie that is good for a few minutes."""

from __future__ import annotations

from dataclasses import dataclass

from beanie import PydanticObjectId
from bson import ObjectId
from starlette.requests import Request
from starlette.responses import Response

from app.auth.tokens import read_link, sign_link
from app.errors import InvalidInput
from app.settings import get_settings
from models.member import Member
from models.session import SignInWay

COOKIE = "cohort_second"
PATH = "/signin-code"
SET_UP_PATH = f"{PATH}/setup"
PURPOSE = "second-step"
SECONDS = 300
SET_UP_SECONDS = 900
"""Somebody may have to find an app for it first."""


@dataclass(frozen=True, kw_only=True)
class FirstStep:
    """Who came in which way, and where to go on; `version` is the member's token_version then."""

    member_id: PydanticObjectId
    version: int
    how: SignInWay
    next: str
    sets_up: bool


def remember(response: Response, member: Member, how: SignInWay, next: str, *, sets_up: bool = False) -> None:
    """Keep it for the second step, or for setting one up."""
    seconds = SET_UP_SECONDS if sets_up else SECONDS
    passed = {"m": str(member.id), "v": member.token_version, "how": how, "next": next, "set": sets_up}
    response.set_cookie(
        COOKIE,
        sign_link(PURPOSE, passed, seconds),
        max_age=seconds,
        path=PATH,
        httponly=True,
        samesite="lax",
        secure=_secure(),
    )


def recall(request: Request, *, sets_up: bool = False) -> FirstStep | None:
    """What this browser proved a few minutes ago; None when it was longer ago, or for the other purpose."""
    try:
        passed = read_link(PURPOSE, request.cookies.get(COOKIE, ""))
    except InvalidInput:
        return None
    if not ObjectId.is_valid(str(passed.get("m"))) or bool(passed.get("set")) is not sets_up:
        return None
    return FirstStep(
        member_id=PydanticObjectId(str(passed["m"])),
        version=int(passed.get("v", -1)),
        how=passed.get("how", "password"),
        next=str(passed.get("next") or "/"),
        sets_up=sets_up,
    )


def forget(response: Response) -> Response:
    """The second step is over."""
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax", secure=_secure())
    return response


def _secure() -> bool:
    return get_settings().public_url.startswith("https://")
