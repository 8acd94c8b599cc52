"""Pages for when there is no page: not found, not allowed, database away, our own mistake."""

from __future__ import annotations

import asyncio

from fastapi import Request
from nicegui import Client, ui
from pymongo.errors import PyMongoError

from app.auth.session import member_of_request
from app.errors import NotFound, PermissionDenied, Unavailable
from models.member import Member
from pages.components.button import button
from pages.components.empty import empty_state
from pages.components.problem import DATABASE_AWAY, explain
from pages.components.text import box
from pages.nonces import with_nonce


def show_problem(client: Client, member: Member | None, problem: BaseException) -> None:
    """Replace the page by words about this error; never a trace, never a blank page."""
    if isinstance(problem, NotFound):
        show_not_found(client, member, problem.detail)
    elif isinstance(problem, PermissionDenied):
        show_forbidden(client, member)
    elif isinstance(problem, PyMongoError | Unavailable | asyncio.TimeoutError):
        body = DATABASE_AWAY if isinstance(problem, asyncio.TimeoutError) else explain(problem)
        _show(client, member, 503, "database", "Cohort cannot reach its database", body, retry=True)
    else:
        explain(problem)
        body = (
            "This page could not be shown. Nothing was changed. The log of the server says why; trying again may help."
        )
        _show(client, member, 500, "triangle-alert", "Something went wrong", body, retry=True)


def show_not_found(client: Client, member: Member | None, detail: str | None = None) -> None:
    """404: nothing lives here."""
    body = detail or "There is nothing at this address. It may have been deleted, or the link may be incomplete."
    _show(client, member, 404, "search", "Not found", body)


def show_forbidden(client: Client, member: Member | None) -> None:
    """403: the role does not allow this page."""
    role = f"Your role is {member.role}. " if member is not None else ""
    body = f"{role}An owner of this workspace can give you a role that may see this page."
    _show(client, member, 403, "lock", "This page is not open to you", body)


def _show(
    client: Client, member: Member | None, status: int, picture: str, title: str, body: str, *, retry: bool = False
) -> None:
    from pages.frame import page_frame

    client.status_code = status
    client.content.clear()
    with client.content:
        if member is not None and status != 503:
            with page_frame(member), ui.element("main").classes("page"), box("wrap"):
                _words(picture, title, body, retry=retry)
        else:
            with ui.element("main").classes("gate"), box("card").style("max-width:520px"):
                _words(picture, title, body, retry=retry)


def _words(picture: str, title: str, body: str, *, retry: bool) -> None:
    with empty_state(picture, title, body) as actions, actions:
        if retry:
            again = button("Try again", icon="refresh-cw", kind="primary")
            again.on("click", js_handler="() => window.location.reload()")
        button("Go to the start page", href="/")


def install() -> None:
    """The page for every address where there is none. To be called last: it takes whatever no other route takes."""

    @ui.page("/{path:path}", title="Not found · Cohort")
    async def nowhere(path: str, request: Request) -> None:
        client = ui.context.client
        try:
            member = await member_of_request(request)
        except (PyMongoError, Unavailable):
            member = None
        if member is not None:
            ui.add_head_html(with_nonce(f"<script>cohortTheme('{member.theme}')</script>"))
        show_not_found(client, member)
