"""Imports: bring customers and orders from a file, see how far it is, get back what was refused."""

from __future__ import annotations

from fastapi import Request
from nicegui import app as nicegui_app
from nicegui import ui
from starlette.responses import RedirectResponse, Response, StreamingResponse

from app.auth.session import member_of_request
from app.errors import CohortError
from app.imports.service import cancel_import, get_import, list_imports, rejects_csv
from models.import_job import ImportJob, ImportStatus
from models.member import Member
from pages.components import (
    IMPORT_TONES,
    Ask,
    Column,
    DataTable,
    Page,
    Part,
    Row,
    ago,
    box,
    button,
    card,
    chip_cell,
    confirm,
    date_cell,
    empty_state,
    import_chip,
    number,
    number_cell,
    percent,
    progress,
    stat,
    state_word,
    text,
    text_cell,
)
from pages.components.chip import Tone
from pages.components.import_sheet import ImportSheet
from pages.frame import frame, page

COLUMNS = (
    Column(name="file", label="File", spot="title"),
    Column(name="kind", label="Brings", spot="sub"),
    Column(name="status", label="Status", spot="end"),
    Column(name="rows", label="Rows", right=True),
    Column(name="created", label="New", right=True),
    Column(name="updated", label="Updated", right=True, wide_only=True),
    Column(name="rejected", label="Refused", right=True),
    Column(name="when", label="Started", spot="subend"),
)
LOOK_SECONDS = 1.0
"""How often a page with a running import looks again: one read of one small document."""


@page("/imports", permission="imports.run", title="Imports", nav="imports")
async def imports(member: Member, kind: str = "") -> None:
    """Every import, newest first; `kind` opens the sheet for a new one."""

    async def load(ask: Ask) -> Page:
        found, following = await list_imports(member, limit=ask.limit, cursor=ask.cursor)
        if not any(not job.finished for job in found):
            timer.deactivate()
        return Page(rows=[_row(job, member) for job in found], next_cursor=following)

    def nothing() -> None:
        words = "Bring customers and orders from a CSV or Excel file. Columns are recognised by their names."
        with empty_state("file-spreadsheet", "Nothing imported yet", words) as actions, actions:
            button(
                "Import a file", icon="upload", kind="primary", on_click=lambda: ImportSheet(member, "customers").open()
            )

    with frame(member, "Imports", "Customers and orders from files") as actions:
        with actions:
            button(
                "Import a file", icon="upload", kind="primary", on_click=lambda: ImportSheet(member, "customers").open()
            )
        with card(css="p-0"):
            table = DataTable(COLUMNS, load, empty=nothing, locale=member.locale, label="Imports")
        timer = ui.timer(LOOK_SECONDS, table.refresh, immediate=False)
    await ui.context.client.connected()
    await table.reload()
    if kind in ("customers", "orders"):
        ImportSheet(member, "orders" if kind == "orders" else "customers").open()


@page("/imports/{import_id}", permission="imports.run", title="Import", nav="imports")
async def one_import(member: Member, import_id: str) -> None:
    """One import: how far it is, what came of it, and the refused rows."""
    job = await get_import(member, import_id)
    with frame(member, job.filename, _subtitle(job, member), back=("/imports", "Imports")) as actions:
        body = box("stack gap-6")

    async def look() -> None:
        nonlocal job
        job = await get_import(member, import_id)
        if job.finished:
            timer.deactivate()
        draw()

    async def stop() -> None:
        words = "Rows that are written stay; the rest of the file is left out. The file can be imported again."
        if await confirm("Stop this import?", words, action="Stop import", danger=True, cancel="Go on"):
            await cancel_import(member, import_id)
            await look()

    def draw() -> None:
        actions.clear()
        with actions:
            if job.rejected and job.finished:
                button("Download refused rows", icon="download", kind="primary", href=f"/imports/{job.id}/rejects.csv")
            if not job.finished:
                button("Stop", icon="square", on_click=stop)
        body.clear()
        with body:
            _report(job, member)

    draw()
    with body.parent_slot.parent if body.parent_slot else body:
        timer = ui.timer(LOOK_SECONDS, look, active=not job.finished, immediate=False)


def _report(job: ImportJob, member: Member) -> None:
    locale = member.locale
    with card(), box("stack gap-3"):
        with box("line justify-between gap-3"):
            import_chip(job.status)
            text(percent(1 if job.status is ImportStatus.DONE else job.progress, locale, digits=0), "muted num")
        tone: Tone = (
            "bad" if job.status is ImportStatus.FAILED else "good" if job.status is ImportStatus.DONE else "accent"
        )
        share = 1.0 if job.status is ImportStatus.DONE else job.progress
        progress([Part(share=share, tone=tone, label="read")], label="Share of the file that was read")
        if job.error:
            with box("banner bad").props("role=alert"):
                text(job.error)
    with box("tiles"):
        stat("Rows read", number(job.total, locale))
        stat("New", number(job.created, locale))
        stat("Updated", number(job.updated, locale))
        stat("Refused", number(job.rejected, locale))
    if job.rejected and job.finished:
        words = (
            "Each refused row comes back with its line and the reason. Mend the file and import it again: "
            "rows that are in already are updated, not doubled."
        )
        text(words, "muted")
    if job.used_columns or job.ignored_columns:
        with card("Columns"), ui.element("dl").classes("facts"):
            for column, field in job.used_columns.items():
                text(column, tag="dt")
                text(field.replace("attributes.", "").replace("_", " "), tag="dd")
            for column in job.ignored_columns:
                text(column, tag="dt")
                text("left out", "faint", tag="dd")


def _subtitle(job: ImportJob, member: Member) -> str:
    return f"{job.kind.capitalize()}, started {ago(job.started_at or job.created_at, member.locale)}"


def _row(job: ImportJob, member: Member) -> Row:
    running = job.status is ImportStatus.RUNNING
    after = percent(job.progress, member.locale, digits=0) if running else None
    refused = number(job.rejected, member.locale)
    return Row(
        key=str(job.id),
        href=f"/imports/{job.id}",
        label=f"{job.filename}, {state_word(job.status)}",
        cells={
            "file": text_cell(job.filename, css="medium"),
            "kind": text_cell(job.kind, css="muted"),
            "status": chip_cell(state_word(job.status), IMPORT_TONES[job.status], after=after, dot=running),
            "rows": number_cell(job.total, member),
            "created": number_cell(job.created, member),
            "updated": number_cell(job.updated, member),
            "rejected": text_cell(refused, css="num tone-bad medium" if job.rejected else "num faint"),
            "when": date_cell(job.created_at, member),
        },
    )


def install() -> None:
    """Put the download beside the pages."""
    nicegui_app.add_api_route("/imports/{import_id}/rejects.csv", download_rejects, include_in_schema=False)


async def download_rejects(request: Request, import_id: str) -> Response:
    """The refused rows as a file, for the member of the cookie."""
    member = await member_of_request(request)
    if member is None:
        return RedirectResponse("/signin", 303)
    try:
        pieces = await rejects_csv(member, import_id)
    except CohortError:
        return RedirectResponse("/imports", 303)
    headers = {"Content-Disposition": 'attachment; filename="refused-rows.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)
