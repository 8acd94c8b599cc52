"""Where a member is signed in, line by line, each with a way to end it."""

from __future__ import annotations

from datetime import datetime

from nicegui import ui

from app.auth.agents import words_of
from app.auth.members import end_sessions
from app.auth.sessions import end_other_sessions, end_session, list_sessions
from models import Member, Session
from models.session import SessionKind, SignInWay
from pages.components import Button, ago_label, box, button, card, chip, confirm, icon, plural, text, toast

WAYS: dict[SignInWay, str] = {
    "password": "with a password",
    "google": "with Google",
    "oidc": "with single sign-on",
    "link": "by a link",
}


class SessionList:
    """The sessions of `whose`, as `member` may see and end them."""

    def __init__(self, member: Member, whose: Member) -> None:
        self.member = member
        self.whose = whose
        self.place = box("stack")
        self.others: Button | None = None

    async def load(self) -> None:
        """Draw what is there now; the session of this page first."""
        found = await list_sessions(self.member, self.whose.id)
        found.sort(key=lambda one: one.id != self.member.session_id)
        self.place.clear()
        with self.place:
            for session in found:
                self._line(session)
            if not found:
                text("Signed in nowhere.", "muted", tag="p")
        if self.others is not None:
            self.others.set_visibility(len(found) > 1)

    def _line(self, session: Session) -> None:
        here = session.id == self.member.session_id
        name = words_of(session.agent)
        with box("session-line"):
            icon(_picture(session.kind, name), "s18")
            with box("stack min-w-0 grow"):
                with box("line gap-2 flex-wrap"):
                    text(name, "medium", tag="span")
                    if here:
                        chip("This browser", "good")
                    if session.second_factor:
                        chip("Second step", "gray")
                with box("words muted t12"):
                    self._when(f"Signed in {WAYS[session.how]}", session.created_at)
                    if session.address:
                        text(session.address, tag="span")
                    self._when("last seen", session.last_seen_at)
            if not here:
                ending = button("Sign out", kind="ghost", small=True, on_click=lambda: self._end(session))
                ending.props["aria-label"] = f"Sign out {name}"

    def _when(self, words: str, moment: datetime) -> None:
        with ui.element("span").classes("when"):
            text(f"{words} ", tag="span")
            ago_label(moment, self.member, "")

    async def _end(self, session: Session) -> None:
        assert session.id is not None
        await end_session(self.member, session.id)
        toast("Signed out there")
        await self.load()


def _picture(kind: SessionKind, name: str) -> str:
    if kind == "program":
        return "code"
    return "smartphone" if name.endswith(("iPhone", "iPad", "Android")) else "monitor"


def sessions_card(member: Member) -> SessionList:
    """One's own: the list, and what ends many at once."""

    async def others() -> None:
        ended = await end_other_sessions(member)
        toast(f"{plural(ended, 'session', 'sessions', member.locale)} signed out")
        await found.load()

    async def everywhere() -> None:
        assert member.id is not None
        if await confirm(
            "Sign out everywhere?",
            "Every browser and every token of yours is signed out at once, this one too. API keys stay.",
            action="Sign out everywhere",
            cancel="Stay",
        ):
            await end_sessions(member, member.id)
            ui.navigate.to("/signin")

    with card("Where you are signed in", note="A session ends by itself a week after its last use."):
        with box("stack gap-4"):
            found = SessionList(member, member)
            with box("line gap-2 flex-wrap"):
                found.others = button("Sign out all others", on_click=others)
                button("Sign out everywhere", on_click=everywhere)
            found.others.set_visibility(False)
    return found


def members_sessions(member: Member, whose: Member) -> None:
    """Another member's, for owners; drawn once they are read."""
    with box("stack gap-3"):
        text("Where they are signed in", "t14 strong", tag="h3")
        found = SessionList(member, whose)
    ui.timer(0, found.load, once=True)
