"""Sign-in: a plain form that posts to `/signin`, because a cookie cannot be set from a socket."""

from __future__ import annotations

from html import escape

from fastapi import Request
from nicegui import app as nicegui_app
from starlette.responses import RedirectResponse, Response

from app.auth.session import member_of_request
from pages.gate import banner, form_field, gate

MESSAGES = {
    "throttled": "Too many attempts. Wait a few minutes, then try again; your password was not checked.",
    "used": "This welcome link has been used already. Sign in with the account it created.",
    "1": "Email and password do not match. Check both and try again.",
}


def install() -> None:
    """Put the form at its address."""
    nicegui_app.add_api_route("/signin", signin, include_in_schema=False)


async def signin(request: Request, next: str = "/", error: str = "", reason: str = "") -> Response:
    """The form; who is signed in already goes on to the start page."""
    if not error and await member_of_request(request) is not None:
        return RedirectResponse("/", 303)
    words = MESSAGES.get(reason) or MESSAGES.get(error)
    parts = [
        banner("bad", "circle-alert", words) if words else "",
        f'<input type="hidden" name="next" value="{escape(next)}">',
        form_field("email", "Email", kind="email", autocomplete="username", focus=True),
        form_field("password", "Password", kind="password", autocomplete="current-password"),
        '<button class="btn primary" type="submit">Sign in</button>',
    ]
    form = f'<form class="card" method="post" action="/signin">{"".join(parts)}</form>'
    form += '<p class="muted t12 text-center">No account yet? An owner of this workspace can add you.</p>'
    return gate("Sign in to Cohort", "Your customers, segments and campaigns", form)
