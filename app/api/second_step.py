"""Between the first proof and the session: the second step, for members who have one or have to have one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.api.asked import asked_by
from app.api.origin import require_own_origin
from app.audit import note
from app.auth.failures import note_failure
from app.auth.first_step import PATH, SET_UP_PATH, forget, recall, remember
from app.auth.second_factor import has_second_factor, pass_second_factor
from app.auth.session import set_cookies
from app.auth.sessions import Arrival, begin_session
from app.auth.sign_in_policy import needs_second_step
from app.auth.throttle import TooManyAttempts
from app.errors import InvalidInput, NotFound
from models.member import Member
from models.session import Session, SessionKind, SignInWay

router = APIRouter(include_in_schema=False)


async def let_in(request: Request, member: Member, target: str, how: SignInWay) -> Response:
    """To `target`, signed in; or first to the second step, or to setting one up where the workspace asks for it."""
    if has_second_factor(member):
        response = RedirectResponse(PATH, status_code=303)
        remember(response, member, how, target)
        return response
    if await needs_second_step(member):
        response = RedirectResponse(SET_UP_PATH, status_code=303)
        remember(response, member, how, target, sets_up=True)
        return response
    return await signed_in(RedirectResponse(target, status_code=303), request, member, how, second_factor=False)


async def signed_in(
    response: Response, request: Request, member: Member, how: SignInWay, *, second_factor: bool
) -> Response:
    """`response` with the cookies of a new session."""
    session = await begin(request, member, "browser", how, second_factor=second_factor)
    set_cookies(response, member, session)
    return response


async def begin(request: Request, member: Member, kind: SessionKind, how: SignInWay, *, second_factor: bool) -> Session:
    """A new session of who has proved everything, and its line in the audit log."""
    address = asked_by(request)
    agent = request.headers.get("user-agent", "")
    arrival = Arrival(kind=kind, how=how, second_factor=second_factor, address=address, agent=agent)
    session = await begin_session(member, arrival)
    after = {"how": how, "second_step": second_factor, "kind": kind}
    await note(member, "member.sign-in", id=member.id, name=member.email, after=after)
    return session


@router.post(PATH)
async def post_code(request: Request, code: Annotated[str, Form()] = "") -> Response:
    """Sign in with a code; back to the form when it is wrong, to the first step when that was too long ago."""
    require_own_origin(request, strict=False)
    passed = recall(request)
    if passed is None:
        return forget(_see("/signin?error=late"))
    try:
        member = await pass_second_factor(passed.member_id, code[:40])
    except TooManyAttempts:
        return forget(_see("/signin?error=1&reason=throttled"))
    except InvalidInput:
        await _note_wrong_code(request, passed.member_id)
        return _see(f"{PATH}?error=1")
    except NotFound:
        return forget(_see("/signin?error=late"))
    if member.token_version != passed.version:
        return forget(_see("/signin?error=late"))
    return forget(await signed_in(_see(passed.next), request, member, passed.how, second_factor=True))


async def _note_wrong_code(request: Request, member_id: object) -> None:
    member = await Member.get(member_id)
    if member is not None:
        note_failure(request.client.host if request.client else "", member.email, "code")


def _see(location: str) -> RedirectResponse:
    return RedirectResponse(location, status_code=303)
