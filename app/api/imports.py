"""`/api/imports`: files brought in, worked on in the background."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import Field

from app.api.ids import Id
from app.api.routes import CONFLICT, NOT_FOUND, PROBLEMS, MemberRoute, may
from app.api.shapes import Cursor, Limit, Page, Shape
from app.api.strict_json import read_json
from app.errors import InvalidInput
from app.imports import service
from models.import_job import ImportJob, ImportStatus
from models.member import Member

router = APIRouter(prefix="/api/imports", tags=["imports"], route_class=MemberRoute, responses=PROBLEMS)

Importer = Annotated[Member, may("imports.run")]
MAX_MAPPING_CHARACTERS = 100_000


class ImportOut(Shape):
    """A file brought in. `rejected` rows can be had with their reasons at `/rejects.csv`."""

    id: Id
    kind: Literal["customers", "orders"]
    filename: str = Field(examples=["customers.csv"])
    mapping: dict[str, str] | None = Field(examples=[{"E-Mail": "email"}])
    used_columns: dict[str, str] = Field(examples=[{"E-Mail": "email"}], description="{column: field} as it was used")
    ignored_columns: list[str] = Field(description="Columns of the file that fill no field")
    status: ImportStatus
    progress: float = Field(description="Share of the file that is read, 0 to 1")
    total: int = Field(examples=[23570])
    created: int = Field(examples=[23000])
    updated: int = Field(examples=[500])
    rejected: int = Field(examples=[70])
    error: str | None = Field(description="Why a failed one failed")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ImportPage(Page):
    """Imports."""

    items: list[ImportOut]


@router.get("", response_model=ImportPage, summary="List imports")
async def list_imports(member: Importer, limit: Limit = 50, cursor: Cursor = None) -> ImportPage:
    """Newest first."""
    found, following = await service.list_imports(member, limit=limit, cursor=cursor)
    return ImportPage(items=[_out(job) for job in found], next_cursor=following)


@router.post("", response_model=ImportOut, status_code=202, summary="Import a file")
async def start_import(
    member: Importer,
    file: Annotated[UploadFile, File(description="CSV, TSV or XLSX, 200 MB at most")],
    kind: Annotated[Literal["customers", "orders"], Form()],
    mapping: Annotated[str, Form(description="JSON object {column: field}; the header decides when left out")] = "",
) -> ImportOut:
    """The columns are checked at once, the rows in the background: ask for the import until it is `done`."""
    job = await service.start_import(member, kind, file.filename or "upload", file, _mapping(mapping))
    return _out(job)


@router.get("/{id}", response_model=ImportOut, responses=NOT_FOUND, summary="Get an import")
async def get_import(member: Importer, id: str) -> ImportOut:
    """How far it is."""
    return _out(await service.get_import(member, id))


@router.post("/{id}/cancel", response_model=ImportOut, responses={**NOT_FOUND, **CONFLICT}, summary="Cancel an import")
async def cancel_import(member: Importer, id: str) -> ImportOut:
    """Ends it after the batch under way; rows that are written stay."""
    return _out(await service.cancel_import(member, id))


@router.get(
    "/{id}/rejects.csv",
    response_class=StreamingResponse,
    responses={**NOT_FOUND, 200: {"description": "The refused rows with their reasons", "content": {"text/csv": {}}}},
    summary="The rows that were refused",
)
async def rejects(member: Importer, id: str) -> StreamingResponse:
    """Line, reason, and the row as the file had it."""
    pieces = await service.rejects_csv(member, id)
    headers = {"Content-Disposition": 'attachment; filename="rejects.csv"'}
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)


def _out(job: ImportJob) -> ImportOut:
    return ImportOut.model_validate(job)


def _mapping(text: str) -> dict[str, str] | None:
    if not text.strip():
        return None
    wrong = InvalidInput.of("mapping", 'should be a JSON object of texts, such as {"E-Mail": "email"}')
    if len(text) > MAX_MAPPING_CHARACTERS:
        raise wrong
    try:
        found = read_json(text.encode("utf-8", "replace"))
    except InvalidInput as problem:
        raise wrong from problem
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise wrong
    return found
