"""Welcome: the first visitor, holding the one-time link of the console, becomes the owner."""

from __future__ import annotations

from html import escape

from nicegui import app as nicegui_app
from starlette.responses import Response

from app.auth.welcome import check_welcome
from app.errors import NotFound
from app.settings import get_settings
from pages.gate import banner, form_field, gate

ERRORS = {
    "name": "Tell us what to call you, in one line.",
    "email": "This should be an address such as ann@example.com.",
    "password": "Choose a longer one that is hard to guess: ten characters or more, not part of your address.",
}


def install() -> None:
    """Put the form at its address."""
    nicegui_app.add_api_route("/welcome", welcome, include_in_schema=False)


async def welcome(token: str = "", error: str = "") -> Response:
    """The form for a link that is still good; otherwise where to find one."""
    try:
        await check_welcome(get_settings(), token)
    except NotFound:
        body = (
            '<div class="card">'
            + banner("warn", "key", "This link has been used already, or it is not complete.")
            + '<p class="muted">If this workspace has an owner, sign in. If not, the console where Cohort was started '
            'shows the current link.</p><a class="btn primary" href="/signin">Go to sign-in</a></div>'
        )
        return gate("Welcome to Cohort", "The first owner sets up the workspace", body, status=404)
    parts = [
        banner("bad", "circle-alert", "Please check the marked field; nothing was saved yet.") if error else "",
        f'<input type="hidden" name="token" value="{escape(token)}">',
        form_field("name", "Your name", kind="text", autocomplete="name", error=_error("name", error), focus=True),
        form_field("email", "Email", kind="email", autocomplete="username", error=_error("email", error)),
        form_field(
            "password",
            "Password",
            kind="password",
            autocomplete="new-password",
            error=_error("password", error),
            hint="Ten characters or more; a sentence is fine.",
        ),
        '<button class="btn primary" type="submit">Create the workspace</button>',
    ]
    form = f'<form class="card" method="post" action="/welcome">{"".join(parts)}</form>'
    return gate("Welcome to Cohort", "Create the account of the first owner", form)


def _error(name: str, wrong: str) -> str:
    return ERRORS[name] if wrong == name else ""
