"""The way between the pages of the settings."""

from __future__ import annotations

from typing import Literal

from nicegui import ui

from app.auth.permissions import allowed
from models import Member
from pages.components.text import text

Section = Literal["account", "keys", "team", "roles", "sign-in", "policy", "audit"]
PAGES: dict[Section, tuple[str, str, str | None]] = {
    "account": ("Your account", "/settings", None),
    "keys": ("API keys", "/settings/keys", None),
    "team": ("Team", "/settings/team", "members.manage"),
    "roles": ("Roles", "/settings/roles", None),
    "sign-in": ("Sign-in", "/settings/sign-in", "members.manage"),
    "policy": ("Sending policy", "/settings/policy", "campaigns.read"),
    "audit": ("Audit log", "/settings/audit", "audit.read"),
}


def settings_tabs(member: Member, here: Section) -> None:
    """Links to those pages that the member may open."""
    with ui.element("nav").classes("tabs").props('aria-label="Settings"'):
        for key, (word, path, permission) in PAGES.items():
            if permission is not None and not allowed(member, permission):
                continue
            with ui.element("a").props(f"href={path}") as link:
                text(word, tag="span")
            if key == here:
                link.props("aria-current=page")
