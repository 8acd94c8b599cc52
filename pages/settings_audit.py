"""The audit log: who did what to what, from where, before and after."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui

from app.audit.chain import verify
from app.audit.listing import actions, list_entries, people
from app.auth.permissions import require
from models import AuditEntry, Member
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
    date_cell,
    empty_state,
    filter_bar,
    filter_day,
    filter_select,
    moment,
    number,
    search_input,
    text,
    text_cell,
    toast,
    zone_of,
)
from pages.frame import frame, page
from pages.settings_tabs import settings_tabs

COLUMNS = (
    Column(name="what", label="What", spot="title", width="34%"),
    Column(name="object", label="To what", spot="sub", width="26%"),
    Column(name="who", label="Who", spot="end"),
    Column(name="where", label="From", wide_only=True),
    Column(name="when", label="When", spot="subend"),
)
WORDS = {
    "campaign": "Campaigns",
    "customer": "Customers",
    "import": "Imports",
    "key": "API keys",
    "log": "Communication log",
    "order": "Orders",
    "policy": "Policies",
    "audit": "Audit log",
    "member": "Members",
    "segment": "Segments",
}
VIA = {"page": "Page", "api": "API", "key": "API key", "command": "Command line", "sign-in": "Sign-in"}


@page("/settings/audit", permission="audit.read", title="Audit log")
async def settings_audit(member: Member, kind: str = "", by: str = "", about: str = "") -> None:
    """The list, narrowed by who, what, to what, from where and when; each line opens what changed."""
    known = {action.partition(".")[0] for action in await actions(member)}
    whom = await people(member)
    shown = {"kind": kind if kind in known else "", "by": by if by in whom else "", "about": about[:200]}
    lines: dict[str, AuditEntry] = {}

    async def load(ask: Ask) -> Page:
        zone = zone_of(member)
        found, following = await list_entries(
            member,
            action=shown["kind"] or None,
            by=shown["by"] or None,
            about=shown["about"] or None,
            address=shown.get("address") or None,
            since=_midnight(shown.get("from", ""), zone),
            until=_midnight(shown.get("to", ""), zone, days=1),
            limit=ask.limit,
            cursor=ask.cursor,
        )
        lines.update({str(one.id): one for one in found})
        return Page(rows=[_row(one, member) for one in found], next_cursor=following)

    def narrow(name: str) -> Callable[[str], Awaitable[None]]:
        async def by_this(value: str) -> None:
            shown[name] = (value or "").strip()
            await table.reload()

        return by_this

    def nothing() -> None:
        if any(shown.values()):
            with empty_state("search", "No line fits", "Take a filter away, or choose other days."):
                return
        with empty_state("scroll-text", "Nothing here yet", "Whatever members change from now on leaves a line here."):
            return

    async def check() -> None:
        require(member, "audit.read")
        verdict = await verify()
        if verdict.broken_at is None:
            toast(f"All {number(verdict.lines, member.locale)} lines are as they were written")
        else:
            toast(f"The log was changed: {verdict.why}", "bad")

    with frame(member, "Settings", "Who did what") as head:
        with head:
            button("Check seals", icon="shield-check", on_click=check)
            button("Export", icon="download", href="/api/audit.csv")
        settings_tabs(member, "audit")
        with filter_bar():
            options = {"": "Everything", **{key: WORDS.get(key, key.capitalize()) for key in sorted(known)}}
            filter_select("Kind", options, narrow("kind"), value=shown["kind"])
            filter_select("Who", {"": "Everybody", **whom}, narrow("by"), value=shown["by"])
            search_input("Name or id of what", narrow("about"), value=shown["about"]).classes("pick-about")
            search_input("Network address", narrow("address")).classes("pick-domain")
            with box("days"):
                filter_day("From", narrow("from"))
                filter_day("To", narrow("to"))
        sheet = Sheet("Audit log", wide=True)
        with card(css="p-0"):
            table = DataTable(
                COLUMNS,
                load,
                empty=nothing,
                locale=member.locale,
                label="Audit log",
                per_page=50,
                on_open=lambda key: _open(member, lines[key], sheet),
            )
    await ui.context.client.connected()
    await table.reload()


def _midnight(day: str, zone: ZoneInfo, *, days: int = 0) -> datetime | None:
    """When a day begins in the member's zone; what is no day is none."""
    try:
        found = date.fromisoformat(day) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return datetime(found.year, found.month, found.day, tzinfo=zone).astimezone(UTC)


def said(action: str) -> str:
    """An action in words: `segment.export-people` is "Segment export people"."""
    return action.replace(".", " ").replace("-", " ").capitalize()


def _row(one: AuditEntry, member: Member) -> Row:
    where = VIA[one.via] + (f", {one.address}" if one.address else "")
    return Row(
        key=str(one.id),
        label=said(one.action),
        cells={
            "what": text_cell(said(one.action), css="medium", second=_fields(one)),
            "object": text_cell(one.object_name or one.object_id, css="muted"),
            "who": text_cell(one.member or "The system"),
            "where": text_cell(where, css="muted"),
            "when": date_cell(one.at, member),
        },
    )


def _fields(one: AuditEntry) -> str | None:
    names = [_named(field) for field in dict.fromkeys([*one.before, *one.after])]
    return (", ".join(names[:4]) + (" and more" if len(names) > 4 else "")).capitalize() if names else None


def _named(field: str) -> str:
    """A field of the API in words: segment_ids are segments, preview_text is the preview text."""
    single = field.removesuffix("_ids")
    words = single.removesuffix("_id").replace("_", " ").replace(".", " ")
    return words if single == field else f"{words}s"


def _open(member: Member, one: AuditEntry, sheet: Sheet) -> None:
    sheet.clear()
    sheet.title.text = said(one.action)
    sheet.subtitle.text = moment(one.at, zone_of(member), member.locale)
    with sheet:
        with ui.element("dl").classes("facts"):
            for name, value in (
                ("Who", one.member or "The system"),
                ("From", VIA[one.via] + (f", {one.address}" if one.address else "")),
                ("To what", one.object_name or one.object_id or "Everything"),
                ("Id", one.object_id or "None"),
                ("Line", f"{one.id}, sealed {one.seal[:12]}"),
            ):
                text(name, tag="dt")
                text(value, "break-words", tag="dd")
        names = list(dict.fromkeys([*one.before, *one.after]))
        for name in names:
            with box("stack gap-1"):
                text(_named(name).capitalize(), "medium t12")
                if name in one.before:
                    text(_value(one.before[name]), "was break-words")
                if name in one.after:
                    text(_value(one.after[name]), "is break-words")
    sheet.open()


def _value(value: Any) -> str:
    if value in (None, "", [], {}):
        return "Nothing"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return value if isinstance(value, str) else str(value)
