"""The frame around every page: who may see it, the rail, the top bar, the head with its actions."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, get_type_hints
from urllib.parse import quote

from fastapi import Request
from nicegui import Client, ui
from nicegui.client import ClientConnectionTimeout
from starlette.responses import RedirectResponse, Response

from app.auth.permissions import PERMISSIONS, allowed
from app.auth.session import member_of_request
from models.member import Member
from pages import errors, sessions, topbar
from pages.components.icon import icon
from pages.components.problem import explain
from pages.components.text import box, text
from pages.components.toast import toast
from pages.nonces import with_nonce

MEMBER_SECONDS = 4
"""How long a page waits for the database to say who asks; then it says that the database does not answer."""

BUILD_SECONDS = 20
"""How long a page may take to build before it must have awaited `ui.context.client.connected()`."""

NAV = (
    ("home", "/", "house", "Home", True),
    ("", "", "", "", False),
    ("customers", "/customers", "users", "Customers", True),
    ("orders", "/orders", "shopping-bag", "Orders", False),
    ("imports", "/imports", "upload", "Imports", False),
    ("", "", "", "", False),
    ("segments", "/segments", "filter", "Segments", True),
    ("campaigns", "/campaigns", "send", "Campaigns", True),
    ("", "", "", "", False),
    ("log", "/log", "scroll-text", "Log", True),
    ("outbox", "/outbox", "inbox", "Outbox", False),
)
"""(key, path, icon, word, also on a phone's bar); an empty key is a gap."""

PERMISSION_OF: dict[str, str | None] = {}
"""Every page for members by its path, with the action it needs; None: every member."""

NEEDS = {"imports": "imports.run"}
"""What an entry needs besides being a member."""


def page(path: str, *, permission: str | None, title: str, nav: str = "") -> Callable[[Callable[..., Any]], Any]:
    """Make `builder(member, ...)` the page at `path`, for members whose role has `permission` (None: every member).

    Who is not signed in goes to /signin and comes back afterwards. The builder may be a coroutine function, take path
    and query parameters by name after `member`, and `request`; it may return a Response. An error it raises becomes a
    page that says what happened; an error of an event handler a toast. `nav` is the rail's entry that is lit.
    """

    def decorate(builder: Callable[..., Any]) -> Any:
        @wraps(builder)
        async def guarded(**arguments: Any) -> Response | None:
            request: Request = arguments["request"] if wants_request else arguments.pop("request")
            client = ui.context.client
            client.title = f"{title} · Cohort"
            try:
                async with asyncio.timeout(MEMBER_SECONDS):
                    member = await member_of_request(request)
            except Exception as problem:
                errors.show_problem(client, None, problem)
                return None
            if member is None:
                asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                return RedirectResponse(f"/signin?next={quote(asked, safe='')}", 303)
            _prepare(client, member, nav)
            if permission is not None and not allowed(member, permission):
                errors.show_forbidden(client, member)
                return None
            try:
                result = builder(member, **arguments)
                if inspect.isawaitable(result):
                    result = await result
                return result if isinstance(result, Response) else None
            except ClientConnectionTimeout:
                raise
            except Exception as problem:
                errors.show_problem(client, member, problem)
                return None

        hints = get_type_hints(builder)
        own = list(inspect.signature(builder).parameters.values())[1:]
        wants_request = any(parameter.name == "request" for parameter in own)
        parameters = [p.replace(annotation=hints.get(p.name, p.annotation), kind=p.KEYWORD_ONLY) for p in own]
        if not wants_request:
            parameters.insert(0, inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request))
        guarded.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what FastAPI reads
        guarded.__annotations__ = {}
        if permission is not None:
            PERMISSIONS[permission]  # an action that is not in the table stops the start
        PERMISSION_OF[path] = permission
        return ui.page(path, response_timeout=BUILD_SECONDS)(guarded)

    return decorate


def set_title(title: str) -> None:
    """Name the document after what it shows, also after it was sent."""
    ui.page_title(f"{title} · Cohort")


@contextmanager
def frame(
    member: Member, title: str, subtitle: str | None = None, *, back: tuple[str, str] | None = None
) -> Iterator[ui.element]:
    """Rail, top bar and head; yields the row of actions at the top right, and what is drawn inside is the content.

    `back` is (path, word) of the list this page belongs to. The one primary action of the page is the row's last.
    """
    with page_frame(member), ui.element("main").classes("page") as main:
        ui.skip_link(target=main)
        with box("wrap"):
            with ui.element("header").classes("head"):
                with box("titles"):
                    if back is not None:
                        back_link(*back)
                    text(title, "t20", tag="h1").mark("page-title")
                    if subtitle:
                        text(subtitle, "sub").mark("page-subtitle")
                actions = box("acts")
            yield actions


def back_link(path: str, word: str) -> None:
    """The small link above a title to the list a page belongs to."""
    with ui.element("a").classes("back") as link:
        link.props["href"] = path
        icon("chevron-left", "s14")
        text(word, tag="span")


@contextmanager
def page_frame(member: Member) -> Iterator[None]:
    """Rail and top bar alone, for pages that draw their own content."""
    here = ui.context.client.storage.get("nav", "")
    entries = [entry for entry in NAV if entry[0] not in NEEDS or allowed(member, NEEDS[entry[0]])]
    with ui.element("nav").classes("rail").props('aria-label="Main"'):
        with ui.element("a").classes("brand").props('href="/" aria-label="Cohort, home"'):
            ui.element("span").classes("mark")
            text("Cohort", tag="span")
        for key, path, picture, word, phone in entries:
            if not key:
                box("gap")
                continue
            with ui.element("a").classes(
                "go" + (" here" if key == here else "") + ("" if phone else " only-wide")
            ) as go:
                go.props["href"] = path
                if key == here:
                    go.props["aria-current"] = "page"
                icon(picture)
                text(word, tag="span")
    topbar.draw(member, [(path, picture, word) for key, path, picture, word, phone in entries if key and not phone])
    yield


def _prepare(client: Client, member: Member, nav: str) -> None:
    """What every page needs: the theme before the first paint, errors as toasts, an end with the session."""
    client.storage["nav"] = nav
    ui.add_head_html(with_nonce(f"<script>cohortTheme('{member.theme}')</script>"))
    client.storage["dark_mode"] = ui.dark_mode(topbar.THEMES[member.theme])
    client.on_exception(lambda problem: toast(explain(problem), "bad"))
    sessions.watch(client, member)
