"""Sign-in: a plain form that posts to `/signin`, because a cookie cannot be set from a socket."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from fastapi import Request
from nicegui import app as nicegui_app
from starlette.responses import RedirectResponse, Response

from app.auth.providers import Provider, providers
from app.auth.session import member_of_request
from pages.gate import banner, form_field, gate

MESSAGES = {
    "denied": "{provider} did not sign you in, because you did not allow it. Nothing was changed.",
    "mismatch": "The answer of {provider} did not fit this sign-in. Please start again from here.",
    "expired": "Signing in with {provider} took too long, or began in another browser. Please start again from here.",
    "unverified": "{provider} has not verified your email address, so it cannot be used to sign in here.",
    "nobody": "Nobody in this workspace has that address. Sign in with another one, or ask an owner to add you.",
    "away": "{provider} does not answer now. Try again in a minute, or sign in with your password.",
    "throttled": "Too many attempts. Wait a few minutes, then try again; your password was not checked.",
    "used": "This welcome link has been used already. Sign in with the account it created.",
    "late": "Signing in took too long. Start again with your password.",
    "1": "Email and password do not match. Check both and try again.",
}


def install() -> None:
    """Put the form at its address."""
    nicegui_app.add_api_route("/signin", signin, include_in_schema=False)
    nicegui_app.add_api_route("/signin-code", signin_code, include_in_schema=False)


async def signin(request: Request, next: str = "/", error: str = "", reason: str = "", by: str = "") -> Response:
    """The form; who is signed in already goes on to the start page."""
    if not error and await member_of_request(request) is not None:
        return RedirectResponse("/", 303)
    others = providers()
    named = others[by].name if by in others else "The provider"
    words = (MESSAGES.get(reason) or MESSAGES.get(error) or "").format(provider=named)
    parts = [
        banner("bad", "circle-alert", words) if words else "",
        f'<input type="hidden" name="next" value="{escape(next)}">',
        form_field("email", "Email", kind="email", autocomplete="username", focus=True),
        form_field("password", "Password", kind="password", autocomplete="current-password"),
        '<button class="btn primary" type="submit">Sign in</button>',
        '<a class="link t12 text-center" href="/forgot">Forgot your password?</a>',
    ]
    form = f'<form class="card" method="post" action="/signin">{"".join(parts)}</form>'
    if others:
        form += '<div class="or"><span>or</span></div>' + "".join(_with(one, next) for one in others.values())
    form += '<p class="muted t12 text-center">No account yet? An owner of this workspace can add you.</p>'
    return gate("Sign in to Cohort", "Your customers, segments and campaigns", form)


async def signin_code(error: str = "") -> Response:
    """The second step's form."""
    parts = [
        form_field(
            "code",
            "Code",
            kind="text",
            autocomplete="one-time-code",
            error="This code is wrong or was used already." if error else "",
            hint="Six figures from your app, or one of your recovery codes.",
            focus=True,
        ),
        '<button class="btn primary" type="submit">Sign in</button>',
    ]
    form = f'<form class="card" method="post" action="/signin-code">{"".join(parts)}</form>'
    form += '<p class="muted t12 text-center">Lost your phone and your codes? An owner of this workspace can help.</p>'
    return gate("One more step", "Your password was right", form)


def _with(provider: Provider, next: str) -> str:
    """A link, not a form: the way to the provider leads off this site, which our forms may not."""
    mark = '<i class="ic ic-key" aria-hidden="true"></i>'
    if provider.key == "google":  # the G that Google's branding guidelines ask for
        mark = '<img src="/face/google.svg" width="18" height="18" alt="">'
    where = f"/signin/{provider.key}?next={quote(next, safe='')}"
    return (
        f'<a class="btn plain with" href="{escape(where)}">{mark}<span>Continue with {escape(provider.name)}</span></a>'
    )
