"""Setting a second step up on the way in, where the workspace asks for it: plain forms, since they end in cookies."""

from __future__ import annotations

from html import escape
from typing import Annotated

from fastapi import Form, Request
from nicegui import app as nicegui_app
from starlette.responses import RedirectResponse, Response

from app.api.asked import asked_by
from app.api.origin import require_own_origin
from app.api.second_step import signed_in
from app.auth.first_step import SET_UP_PATH, FirstStep, forget, recall
from app.auth.second_factor import enrolment, finish_enrolment
from app.errors import Conflict, InvalidInput, PermissionDenied
from models import Member
from pages.gate import banner, form_field, gate

TITLE = "Set up a second step"
ASKED = (
    "This workspace asks you for a code besides your password. Scan this with an app such as Aegis, Google "
    "Authenticator or 1Password."
)
KEEP = "Keep these codes where you will find them without your phone. Each signs you in once. They are shown this once."


def install() -> None:
    """Put the form at its address."""
    nicegui_app.add_api_route(SET_UP_PATH, form, include_in_schema=False)
    nicegui_app.add_api_route(SET_UP_PATH, finish, methods=["POST"], include_in_schema=False)


async def form(request: Request, error: str = "") -> Response:
    """The picture for the app and a field for its first code; back to sign-in when that was too long ago."""
    found = await _who(request)
    if found is None:
        return _late()
    member, _ = found
    try:
        begun = await enrolment(member)
    except Conflict:
        return _late()
    parts = [
        f'<p class="muted">{ASKED}</p>',
        f'<div class="qr centred"><img src="{escape(begun.picture)}" alt="The secret as a picture"></div>',
        '<p class="muted t12">Or type this secret into it:</p>',
        f'<code class="mono secret">{escape(begun.secret)}</code>',
        form_field(
            "code",
            "Code the app shows now",
            kind="text",
            autocomplete="one-time-code",
            error="This is not the code that the app shows now; check the clock of the phone." if error else "",
            focus=True,
        ),
        '<button class="btn primary" type="submit">Turn on and sign in</button>',
    ]
    body = f'<form class="card" method="post" action="{SET_UP_PATH}">{"".join(parts)}</form>'
    return gate(TITLE, f"For {member.email}", body)


async def finish(request: Request, code: Annotated[str, Form()] = "") -> Response:
    """Turn it on, sign in, and show the recovery codes; back to the form when the code is wrong."""
    try:
        require_own_origin(request, strict=False)
    except PermissionDenied as problem:
        refused = f'<div class="card">{banner("bad", "lock", problem.detail)}</div>'
        return gate(TITLE, "Not from here", refused, status=403)
    found = await _who(request)
    if found is None:
        return _late()
    member, passed = found
    asked_by(request)
    try:
        codes = await finish_enrolment(member, code[:40])
    except InvalidInput:
        return RedirectResponse(f"{SET_UP_PATH}?error=1", 303)
    except Conflict:
        return _late()
    body = (
        f'<div class="card">{banner("info", "key", KEEP)}'
        f'<code class="mono secret gate-codes">{escape(chr(10).join(codes))}</code>'
        f'<a class="btn primary" href="{escape(passed.next)}">I have kept them</a></div>'
    )
    response = gate("Recovery codes", "The second step is on", body)
    return forget(await signed_in(response, request, member, passed.how, second_factor=True))


async def _who(request: Request) -> tuple[Member, FirstStep] | None:
    passed = recall(request, sets_up=True)
    member = await Member.get(passed.member_id) if passed is not None else None
    if passed is None or member is None or not member.active or member.token_version != passed.version:
        return None
    return member, passed


def _late() -> Response:
    return forget(RedirectResponse("/signin?error=late", 303))
