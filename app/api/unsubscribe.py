"""GET and POST /u/{token}: leaving without a sign-in. Opening the link asks; only the button, or the mail program's own
one-click request (RFC 8058), unsubscribes, because link scanners open every link in a mail.
"""

from __future__ import annotations

from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from app.api.content_policy import plain_policy
from app.campaigns.message.merge_tags import shop_name
from app.campaigns.message.unsubscribe import read_unsubscribe
from app.campaigns.message.unsubscribe import unsubscribe as leave
from app.errors import NotFound

router = APIRouter(include_in_schema=False)

_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText;
  font: 16px/24px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { box-sizing: border-box; width: min(100%, 480px); padding: 32px 24px; }
h1 { margin: 0 0 8px; font-size: 24px; line-height: 32px; }
p { margin: 0 0 24px; overflow-wrap: anywhere; }
button { min-height: 44px; padding: 8px 24px; border: 0; border-radius: 8px; background: #0b5cad; color: #fff;
  font: inherit; font-weight: 600; cursor: pointer; }
button:hover { background: #094c8f; }
button:focus-visible { outline: 3px solid #6aa9e9; outline-offset: 2px; }
"""

_POLICY = plain_policy(f"<style>{_STYLE}</style>")


@router.get("/u/{token}")
async def ask(token: str) -> HTMLResponse:
    """Ask whether to unsubscribe."""
    try:
        leaving = await read_unsubscribe(token)
    except NotFound as problem:
        return _unknown(problem)
    if leaving.address is None:
        return _page("This is a test message", "<p>In a real one, this link lets people unsubscribe.</p>")
    if leaving.already:
        return _page("You are unsubscribed", _no_more(leaving.address))
    question = f'{_no_more(leaving.address)}<form method="post"><button type="submit">Unsubscribe</button></form>'
    return _page("Unsubscribe?", question)


@router.post("/u/{token}")
async def unsubscribe(token: str) -> HTMLResponse:
    """Unsubscribe, from the button or with one click. The body says nothing that the token does not say."""
    try:
        leaving = await leave(token)
    except NotFound as problem:
        return _unknown(problem)
    if leaving.address is None:
        return _page("This is a test message", "<p>Nothing was changed.</p>")
    return _page("You are unsubscribed", _no_more(leaving.address))


def _unknown(problem: NotFound) -> HTMLResponse:
    return _page("This link does not work", f"<p>{escape(problem.detail)}</p>", status=404)


def _no_more(address: str) -> str:
    """What leaving means. The address is half hidden: a forwarded message should not show it whole."""
    local, _, domain = address.rpartition("@")
    what, shown = ("email", f"{local[:2]}…@{domain}") if local else ("text messages", f"…{address[-3:]}")
    return f"<p>{escape(shop_name())} will not send {what} to <strong>{escape(shown)}</strong> any more.</p>"


def _page(title: str, content: str, *, status: int = 200) -> HTMLResponse:
    page = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{content}</main></body></html>"
    )
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Content-Security-Policy": _POLICY}
    return HTMLResponse(page, status_code=status, headers=headers)
