"""Plain HTML pages outside the frame: they show at once and work without scripts and sockets."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

from app.api.content_policy import plain_policy
from pages import theme


def gate(title: str, lead: str, body: str, *, status: int = 200) -> HTMLResponse:
    """A small card in the middle of the window. `body` is markup whose values the caller has escaped."""
    page = _PAGE.format(
        title=escape(title), lead=escape(lead), body=body, sheet=theme.stylesheet_url(), script=THEME_SCRIPT
    )
    return HTMLResponse(page, status, headers={"Cache-Control": "no-store", "Content-Security-Policy": _POLICY})


def form_field(
    name: str,
    label: str,
    *,
    kind: str,
    autocomplete: str,
    value: str = "",
    error: str = "",
    hint: str = "",
    focus: bool = False,
) -> str:
    """One labelled input, with its error or hint below."""
    note = error or hint
    described = f' aria-describedby="{name}-note"' if note else ""
    invalid = ' aria-invalid="true"' if error else ""
    minimum = ' minlength="10"' if autocomplete == "new-password" else ""
    return (
        f'<div class="fg"><label for="{name}">{escape(label)}</label>'
        f'<input class="plain-field" id="{name}" name="{name}" type="{kind}" autocomplete="{autocomplete}" required'
        f' value="{escape(value)}"{minimum}{described}{invalid}{" autofocus" if focus else ""}>'
        + (
            f'<span id="{name}-note" class="{"t12 tone-bad" if error else "hint"}">{escape(note)}</span>'
            if note
            else ""
        )
        + "</div>"
    )


def banner(tone: str, icon: str, words: str) -> str:
    """A line above the form that says what happened."""
    return (
        f'<div class="banner {tone}" role="alert"><i class="ic ic-{icon}" aria-hidden="true"></i>'
        f"<span>{escape(words)}</span></div>"
    )


THEME_SCRIPT = (
    "<script>(()=>{const q=matchMedia('(prefers-color-scheme: dark)');let now='auto';"
    "window.cohortTheme=t=>{now=t;document.documentElement.classList.toggle('dark',t==='dark'||(t==='auto'&&q.matches))};"
    "q.addEventListener('change',()=>cohortTheme(now));cohortTheme('auto')})()</script>"
)
"""Head script that sets the theme before the first paint and follows the system while it is `auto`."""

_POLICY = plain_policy(THEME_SCRIPT)

_PAGE = """<!doctype html>
<html lang="en-US">
<head>
<meta charset="utf-8">
<title>{title} · Cohort</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="/face/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{sheet}">
{script}
</head>
<body>
<main class="gate"><div class="box">
<div class="stack gap-1 items-center text-center">
<span class="mark"></span>
<h1 class="t20">{title}</h1><p class="muted">{lead}</p></div>
{body}
</div></main>
</body>
</html>
"""
