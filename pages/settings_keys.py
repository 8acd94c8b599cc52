"""API keys: what programs use to act as a member."""

from __future__ import annotations

from datetime import timedelta

from app.auth.api_keys import FreshKey, create_key, grantable, list_keys, revoke_key, rotate_key
from app.errors import InvalidInput
from models import ApiKey, Member
from models.values import now
from pages.components import (
    Ask,
    Column,
    DataTable,
    Page,
    Row,
    Sheet,
    action_cell,
    button,
    card,
    chip_cell,
    chips_field,
    confirm,
    date_cell,
    day,
    empty_state,
    select_field,
    show_errors,
    text_cell,
    text_field,
    toast,
    zone_of,
)
from pages.frame import frame, page
from pages.secret_shown import secret_shown
from pages.settings_tabs import settings_tabs

COLUMNS = (
    Column(name="name", label="Name", spot="title", width="34%"),
    Column(name="may", label="May", spot="sub"),
    Column(name="used", label="Last used", spot="subend"),
    Column(name="ends", label="Ends", wide_only=True),
    Column(name="acts", label="", spot="end", right=True),
)
LASTS = {30: "30 days", 90: "90 days", 365: "A year", 0: "Until it is revoked"}
ONCE = "Copy it now: this is the only time it is shown. Send it as “Authorization: Bearer …”."


@page("/settings/keys", permission=None, title="API keys")
async def settings_keys(member: Member) -> None:
    """The list, and a sheet for a new one."""

    async def load(ask: Ask) -> Page:
        return Page(rows=[_row(key, member) for key in await list_keys(member)], total=None)

    def nothing() -> None:
        words = "A key lets a program do what you may do, within the limits you choose: fill in orders, read a segment."
        with empty_state("key", "No keys yet", words) as acts, acts:
            button("New key", icon="plus", on_click=new)

    async def act(name: str, id: str) -> None:
        if name == "rotate":
            if await confirm(
                "Rotate this key?",
                "It gets a new secret. The old one stays good for 24 hours, so that nothing stops meanwhile.",
                action="Rotate key",
            ):
                _show(sheet, await rotate_key(member, id))
        elif await confirm(
            "Revoke this key?", "Programs that use it are refused at once.", action="Revoke key", danger=True
        ):
            await revoke_key(member, id)
            toast("Key revoked")
        await table.reload()

    def new() -> None:
        _form(member, sheet, table)

    with frame(member, "Settings", "Keys for programs") as actions:
        with actions:
            button("New key", icon="plus", kind="primary", on_click=new)
        settings_tabs(member, "keys")
        with card(css="p-0"):
            table = DataTable(COLUMNS, load, empty=nothing, locale=member.locale, label="Keys", on_action=act)
        sheet = Sheet("API key")
    await table.reload()


def _row(key: ApiKey, member: Member) -> Row:
    over = key.expires_at is not None and key.expires_at <= now()
    ends = chip_cell("Expired", "bad") if over else text_cell(_until(key, member), css="muted")
    return Row(
        key=str(key.id),
        label=key.name,
        cells={
            "name": text_cell(key.name, css="medium", second=f"{key.start}…"),
            "may": text_cell(_scopes(key), css="muted", title=", ".join(key.scopes)),
            "used": date_cell(key.last_used_at, member) if key.last_used_at else text_cell("Never used", css="faint"),
            "ends": ends,
            "acts": action_cell([("rotate", "Rotate", "refresh-cw"), ("revoke", "Revoke", "trash-2")]),
        },
    )


def _scopes(key: ApiKey) -> str:
    shown, more = ", ".join(key.scopes[:2]), len(key.scopes) - 2
    return f"{shown} and {more} more" if more > 0 else shown


def _until(key: ApiKey, member: Member) -> str:
    return day(key.expires_at, member.locale, zone=zone_of(member)) if key.expires_at else "When revoked"


def _form(member: Member, sheet: Sheet, table: DataTable) -> None:
    sheet.clear()
    sheet.title.text, sheet.subtitle.text = "New API key", "It acts as you and can do no more than your role"
    with sheet:
        name = text_field("Name", placeholder="Nightly import", hint="What uses it, so that you know it later.")
        reads = [scope for scope in grantable(member) if scope.endswith(".read")]
        scopes = chips_field("May", reads, options=grantable(member), hint="Reading alone, unless you add to it.")
        lasts = select_field("Good for", LASTS, 90)

    async def make() -> None:
        days = int(lasts.value)
        expires = now() + timedelta(days=days) if days else None
        try:
            fresh = await create_key(member, name=name.value or "", scopes=list(scopes.value or ()), expires_at=expires)
        except InvalidInput as problem:
            show_errors({"name": name, "scopes": scopes, "expires_at": lasts}, problem)
            return
        _show(sheet, fresh)
        await table.reload()

    with sheet.foot:
        button("Create key", kind="primary", on_click=make)
    sheet.open()


def _show(sheet: Sheet, fresh: FreshKey) -> None:
    sheet.clear()
    sheet.title.text, sheet.subtitle.text = fresh.key.name, "The new secret"
    with sheet:
        secret_shown(fresh.secret, ONCE)
    with sheet.foot:
        button("Done", kind="primary", on_click=sheet.close)
    sheet.open()
