"""The team: who may sign in, with which role; invitations and links to a new password."""

from __future__ import annotations

from app.auth.membership import change_role, list_members, set_active
from app.auth.password_links import PasswordLink, invite, invite_again, reset_link
from app.auth.second_factor import remove_for
from app.errors import CohortError, InvalidInput
from models import Member
from models.member import Role
from pages.components import (
    Ask,
    Column,
    DataTable,
    Page,
    Row,
    Sheet,
    box,
    button,
    card,
    chip_cell,
    confirm,
    date_cell,
    empty_state,
    person,
    person_cell,
    select_field,
    show_errors,
    text,
    text_cell,
    text_field,
    toast,
)
from pages.frame import frame, page
from pages.secret_shown import secret_shown
from pages.session_list import members_sessions
from pages.settings_tabs import settings_tabs

COLUMNS = (
    Column(name="who", label="Member", spot="title", width="42%"),
    Column(name="role", label="Role", spot="sub"),
    Column(name="state", label="State", spot="end"),
    Column(name="seen", label="Last seen", spot="subend"),
)
ROLES = {
    Role.OWNER: "Owner: everything, also the team and the AI log",
    Role.MANAGER: "Manager: everything but the team; may delete customers",
    Role.MARKETER: "Marketer: customers, segments and campaigns, and sends them",
    Role.VIEWER: "Viewer: looks, and changes nothing",
}


@page("/settings/team", permission="members.manage", title="Team")
async def settings_team(member: Member) -> None:
    """The list; each line opens what can be changed about that member."""
    people: dict[str, Member] = {}

    async def load(ask: Ask) -> Page:
        people.clear()
        people.update({str(one.id): one for one in await list_members(member)})
        return Page(rows=[_row(one, member) for one in people.values()], total=None)

    def open_member(id: str) -> None:
        _edit(member, people[id], sheet, table)

    def new() -> None:
        _invite(member, sheet, table)

    with frame(member, "Settings", "Who works here") as actions:
        with actions:
            button("Invite", icon="user-plus", kind="primary", on_click=new)
        settings_tabs(member, "team")
        with card(css="p-0"):
            table = DataTable(COLUMNS, load, empty=_nobody, locale=member.locale, label="Team", on_open=open_member)
        sheet = Sheet("Member")
    await table.reload()


def _nobody() -> None:
    with empty_state("users", "Nobody here", "Invite the first member."):
        return


def _row(one: Member, member: Member) -> Row:
    state = ("Inactive", "gray") if not one.active else ("Active", "good") if _joined(one) else ("Invited", "info")
    return Row(
        key=str(one.id),
        label=one.name or one.email,
        cells={
            "who": person_cell(one.name, one.email),
            "role": text_cell(str(one.role).capitalize()),
            "state": chip_cell(*state),
            "seen": date_cell(one.last_seen_at, member) if one.last_seen_at else text_cell("Never", css="faint"),
        },
    )


def _joined(one: Member) -> bool:
    return one.password_hash is not None or bool(one.identities)


def _invite(member: Member, sheet: Sheet, table: DataTable) -> None:
    _begin(sheet, "Invite somebody", "They choose a password by a link that is good for seven days")
    with sheet:
        email = text_field("Email", autocomplete="off")
        name = text_field("Name", optional=True)
        role = select_field("Role", ROLES, Role.MARKETER)

    async def send() -> None:
        try:
            made = await invite(member, email=email.value or "", name=name.value or "", role=Role(role.value))
        except CohortError as problem:
            if not problem.errors:
                raise
            show_errors({"email": email, "name": name}, InvalidInput(problem.detail, errors=problem.errors))
            return
        _show_link(sheet, made, "Invitation")
        await table.reload()

    with sheet.foot:
        button("Invite", kind="primary", on_click=send)
    sheet.open()


def _edit(member: Member, one: Member, sheet: Sheet, table: DataTable) -> None:
    assert one.id is not None
    id = one.id
    _begin(sheet, one.name or one.email, None)
    with sheet:
        person(one.name, one.email)
        role = select_field("Role", ROLES, one.role)
        text("Every session ends when the role changes, so that it counts at once.", "hint", tag="p")
        box("rule")
        with box("stack gap-2 items-start"):

            async def link() -> None:
                joined = _joined(one)
                made = await reset_link(member, id) if joined else await invite_again(member, id)
                _show_link(sheet, made, "New password" if joined else "Invitation")

            async def turn() -> None:
                await _turn(member, one)
                sheet.close()
                await table.reload()

            async def remove() -> None:
                await remove_for(member, id)
                sheet.close()
                toast("Second step removed")
                await table.reload()

            if one.active:
                button(
                    "Make a link to a new password" if _joined(one) else "Make a new link", icon="key", on_click=link
                )
            if one.totp_secret is not None:
                button("Remove the second step", icon="lock", on_click=remove)
            if one.id != member.id:
                button("Deactivate" if one.active else "Activate", icon="ban" if one.active else "check", on_click=turn)

        if one.id != member.id and one.active:
            box("rule")
            members_sessions(member, one)

    async def save() -> None:
        await change_role(member, id, Role(role.value))
        sheet.close()
        toast("Role changed")
        await table.reload()

    with sheet.foot:
        button("Save", kind="primary", on_click=save)
    sheet.open()


async def _turn(member: Member, one: Member) -> None:
    assert one.id is not None
    if one.active and not await confirm(
        f"Deactivate {one.name or one.email}?",
        "They are signed out at once and cannot sign in; their API keys stop. What they made stays.",
        action="Deactivate",
        danger=True,
    ):
        return
    await set_active(member, one.id, not one.active)
    toast("Deactivated" if one.active else "Activated")


def _show_link(sheet: Sheet, made: PasswordLink, title: str) -> None:
    _begin(sheet, title, made.member.email)
    how = "It was mailed to them as well." if made.mailed else "Cohort could not mail it, so pass it on yourself."
    with sheet:
        secret_shown(made.link, f"Whoever opens this link chooses the password of {made.member.email}. {how}")
    with sheet.foot:
        button("Done", kind="primary", on_click=sheet.close)
    sheet.open()


def _begin(sheet: Sheet, title: str, subtitle: str | None) -> None:
    sheet.clear()
    sheet.title.text, sheet.subtitle.text = title, subtitle or ""
