"""Roles: what each of them may do, in words, made from the permission table."""

from __future__ import annotations

from itertools import groupby

from app.auth.permissions import ACTIONS, Action
from models import Member
from models.member import Role
from pages.components import box, card, icon, text
from pages.frame import frame, page
from pages.settings_tabs import settings_tabs

MEANT_FOR = {
    Role.OWNER: "Runs the workspace",
    Role.MANAGER: "Answers for what is sent",
    Role.MARKETER: "Writes and sends",
    Role.VIEWER: "Looks",
}


@page("/settings/roles", permission=None, title="Roles")
async def settings_roles(member: Member) -> None:
    """A card for each group of the table, one line for each thing that can be done."""
    with frame(member, "Settings", f"You are {_article(member.role)} {member.role}"):
        settings_tabs(member, "roles")
        with card(css="p-0 roles"):
            with box("roles-line roles-head"):
                text("What each role may do", "t16", tag="h2")
                for role in Role:
                    with box("roles-who" + (" mine" if role is member.role else "")):
                        text(role.value.capitalize(), "medium", tag="span")
                        text(MEANT_FOR[role], "muted t12", tag="span")
            for group, actions in groupby(ACTIONS, key=lambda action: action.group):
                text(group, "roles-group", tag="h3")
                for action in actions:
                    _line(action, member)
        note = "No API key can be given this, because it counts that a person looked."
        with box("muted t12 line gap-2"):
            icon("user-round", "s14")
            text(f"By a person who signed in: {note[0].lower()}{note[1:]}")


def _line(action: Action, member: Member) -> None:
    with box("roles-line").props("role=group").mark(action.name) as line:
        line.props["aria-label"] = f"{action.words}: {_named(action)}"
        with box("stack min-w-0"):
            with box("line gap-2"):
                text(action.words, "break-words", tag="span")
                if action.by_person:
                    icon("user-round", "s14 faint")
            text(_named(action), "muted t12 only-phone")
            text(action.name, "faint t12 only-wide")
        for role in Role:
            with box("roles-may" + (" mine" if role is member.role else "")).props("aria-hidden=true"):
                icon("check" if role in action.roles else "minus", "tone-good" if role in action.roles else "faint")


def _named(action: Action) -> str:
    names = [role.value for role in Role if role in action.roles]
    return "Every role" if len(names) == len(Role) else ", ".join(names).capitalize()


def _article(role: Role) -> str:
    return "an" if role is Role.OWNER else "a"
