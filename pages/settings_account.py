"""Your account: name and zone, password, ways to sign in, sessions."""

from __future__ import annotations

from urllib.parse import urlsplit
from zoneinfo import available_timezones

from nicegui import ui

from app.auth.profile import change_password, unlink, update_profile
from app.auth.providers import providers
from app.errors import InvalidInput
from app.settings import get_settings
from models import Member
from pages.components import (
    box,
    button,
    card,
    chip,
    select_field,
    show_errors,
    text,
    text_field,
    toast,
)
from pages.frame import frame, page
from pages.second_step import SecondStep
from pages.session_list import sessions_card
from pages.settings_tabs import settings_tabs

SHOPS = ""


@page("/settings", permission=None, title="Settings")
async def settings_account(member: Member) -> None:
    """One card for each subject."""
    with frame(member, "Settings", member.email):
        settings_tabs(member, "account")
        with box("stack gap-6 narrow"):
            _profile(member)
            _password(member)
            SecondStep(member).draw()
            _ways_in(member)
            sessions = sessions_card(member)
    await sessions.load()


def _profile(member: Member) -> None:
    with card("You"), box("stack gap-4"):
        name = text_field("Name", member.name, autocomplete="name")
        zones = {
            SHOPS: f"The shop's ({get_settings().timezone})",
            **{zone: zone for zone in sorted(available_timezones())},
        }
        zone = select_field("Time zone", zones, member.timezone or SHOPS, search=True)

        async def save() -> None:
            try:
                await update_profile(member, name=name.value or "", timezone=zone.value or None)
            except InvalidInput as problem:
                show_errors({"name": name, "timezone": zone}, problem)
                return
            member.name, member.timezone = (name.value or "").strip(), zone.value or None
            toast("Saved")

        with box("line"):
            button("Save", kind="primary", on_click=save)


def _password(member: Member) -> None:
    with card("Password", note="Every session ends when it changes, also this one."), box("stack gap-4"):
        current = None
        if member.password_hash is not None:
            current = text_field("Current password", password=True, autocomplete="current-password")
        new = text_field(
            "New password",
            password=True,
            autocomplete="new-password",
            hint="Ten characters or more; a sentence is fine.",
        )

        async def save() -> None:
            try:
                await change_password(member, current=(current.value or "") if current else "", new=new.value or "")
            except InvalidInput as problem:
                show_errors({"password": new, **({"current": current} if current else {})}, problem)
                return
            ui.navigate.to("/signin")

        with box("line"):
            button("Change password", on_click=save)


def _ways_in(member: Member) -> None:
    known = providers()
    if not known and not member.identities:
        return
    with card("Other ways to sign in"), box("stack gap-3"):
        if not member.identities:
            names = " or ".join(one.name for one in known.values())
            words = f"Choose {names} on the sign-in page once; it is linked if it has verified {member.email}."
            text(words, "muted", tag="p")
        for identity in member.identities:
            place = urlsplit(identity.issuer).hostname or identity.issuer
            with box("line justify-between gap-3") as row:
                with box("line gap-2"):
                    text(place, "medium", tag="span")
                    chip("Linked", "good")

                async def forget(issuer: str = identity.issuer, row: ui.element = row) -> None:
                    await unlink(member, issuer)
                    row.delete()
                    toast("Unlinked")

                button("Unlink", kind="ghost", small=True, on_click=forget)
