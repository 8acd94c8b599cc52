"""Choosing a password: the forms behind the links of an invitation and of a forgotten password."""

from __future__ import annotations

from html import escape

from nicegui import app as nicegui_app
from starlette.responses import Response

from app.auth.letters import can_send
from app.auth.password_links import Purpose, read_password_link
from app.errors import NotFound
from pages.gate import banner, form_field, gate

HINT = "Ten characters or more; a sentence is fine."
GUESSED = "Choose another one, ten characters or more, that is not among the first an attacker would try."
WORDS: dict[Purpose, tuple[str, str, str]] = {
    "join": ("Join the workspace", "Choose a password for {email}", "Join"),
    "reset": ("Choose a new password", "For {email}; you are signed out everywhere else", "Save and sign in"),
}
ENDED: dict[Purpose, str] = {
    "join": "Ask whoever invited you for a new link; an owner can make one on the team page.",
    "reset": "Ask for a new one; it works once and for an hour.",
}
TO_SIGN_IN = '<a class="btn primary" href="/signin">Go to sign-in</a>'


def install() -> None:
    """Put the forms at their addresses."""
    nicegui_app.add_api_route("/forgot", forgot, include_in_schema=False)
    nicegui_app.add_api_route("/reset", reset, include_in_schema=False)
    nicegui_app.add_api_route("/join", join, include_in_schema=False)


async def forgot(sent: str = "", error: str = "") -> Response:
    """Ask for a link, or be told who can make one when Cohort has no mail server."""
    if not can_send():
        body = (
            '<div class="card"><p class="muted">Cohort has no mail server here, so it cannot send you a link. An owner '
            f"of this workspace can make one for you on the team page.</p>{TO_SIGN_IN}</div>"
        )
        return gate("Forgot your password?", "An owner can help", body)
    if sent:
        words = (
            "If a member has this address, a link is on its way. It is good for an hour. Look in the spam folder too."
        )
        return gate(
            "Look in your mail", "", f'<div class="card">{banner("info", "mail-open", words)}{TO_SIGN_IN}</div>'
        )
    parts = [
        banner("bad", "circle-alert", "Too many requests. Wait a few minutes, then try again.") if error else "",
        form_field("email", "Email", kind="email", autocomplete="username", focus=True),
        '<button class="btn primary" type="submit">Send me a link</button>',
    ]
    form = f'<form class="card" method="post" action="/forgot">{"".join(parts)}</form>'
    form += '<p class="muted t12 text-center"><a class="link" href="/signin">Back to sign-in</a></p>'
    return gate("Forgot your password?", "We will mail you a link to choose a new one", form)


async def reset(token: str = "", error: str = "") -> Response:
    """The form behind the link of a forgotten password."""
    return await _choose("reset", token, error)


async def join(token: str = "", error: str = "") -> Response:
    """The form behind the link of an invitation."""
    return await _choose("join", token, error)


async def _choose(purpose: Purpose, token: str, error: str) -> Response:
    title, lead, verb = WORDS[purpose]
    try:
        member = await read_password_link(purpose, token)
    except NotFound as problem:
        again = '<a class="btn plain" href="/forgot">Ask for a new link</a>' if purpose == "reset" else ""
        body = f'<div class="card">{banner("warn", "key", problem.detail)}<p class="muted">{ENDED[purpose]}</p>'
        return gate(title, "This link does not work any more", f"{body}{again}{TO_SIGN_IN}</div>", status=404)
    parts = [
        f'<input type="hidden" name="token" value="{escape(token)}">',
        f'<input type="hidden" autocomplete="username" value="{escape(member.email)}">',
        form_field(
            "password",
            "Password",
            kind="password",
            autocomplete="new-password",
            error=GUESSED if error else "",
            hint=HINT,
            focus=True,
        ),
        f'<button class="btn primary" type="submit">{verb}</button>',
    ]
    form = f'<form class="card" method="post" action="/{purpose}">{"".join(parts)}</form>'
    return gate(title, lead.format(email=member.email), form)
