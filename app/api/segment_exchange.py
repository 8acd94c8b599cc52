"""Segments out of and into files: the rule as react-querybuilder's JSON, the people as CSV."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import Field

from app.api.ids import object_id
from app.api.routes import CONFLICT, NOT_FOUND, PROBLEMS, MemberRoute, may
from app.api.segments import SegmentOut, segment_out
from app.imports.exports import segment_csv
from app.segments.saved import exchange, get_segment
from models.member import Member

router = APIRouter(prefix="/api/segments", tags=["segments"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("segments.read")]
Writer = Annotated[Member, may("segments.write")]
CustomerExporter = Annotated[Member, may("customers.export")]

EXAMPLE: dict[str, Any] = {
    "name": "Big spenders of Pune",
    "rule": {
        "combinator": "and",
        "rules": [
            {"id": "r1", "field": "city", "operator": "=", "value": "Pune", "valueSource": "value"},
            {"id": "r2", "field": "age", "operator": "between", "value": "25,34"},
        ],
    },
}


class ImportedSegment(SegmentOut):
    """The new segment, and what was left out of the file or may be meant otherwise here."""

    notes: list[str] = Field(examples=[["The amounts were meant in EUR; this shop counts in USD."]])


@router.post("/import", response_model=ImportedSegment, status_code=201, responses=CONFLICT, summary="Import a segment")
async def import_segment(
    member: Writer,
    body: Annotated[dict[str, Any], Body(description="A file of `/export`, or a bare query", examples=[EXAMPLE])],
    name: Annotated[str, Query(max_length=120, description="Used instead of the name in the file")] = "",
) -> ImportedSegment:
    """From a file that `/export` wrote, here or elsewhere, or from a query of react-querybuilder. 422 names the node
    of the rule that has no equal here, and the segments and campaigns that are missing."""
    segment, notes = await exchange.import_segment(member, body, name=name)
    return ImportedSegment(**(await segment_out(member, segment)).model_dump(), notes=list(notes))


@router.get(
    "/{id}/export",
    response_class=JSONResponse,
    responses={**NOT_FOUND, 200: {"description": "The segment as a file"}},
    summary="Export a segment",
)
async def export_segment(member: Reader, id: str) -> JSONResponse:
    """Name, description and rule, with the names of the segments and campaigns that it refers to."""
    found = await exchange.export_segment(member, object_id(id, "segment"))
    return JSONResponse(found, headers=_as_file(found["name"], "json"))


@router.get(
    "/{id}/customers.csv",
    response_class=StreamingResponse,
    responses={**NOT_FOUND, 200: {"description": "The people in the segment now", "content": {"text/csv": {}}}},
    summary="The people of a segment as CSV",
)
async def segment_people(member: CustomerExporter, id: str) -> StreamingResponse:
    """One line for each customer, in the columns that an import reads. No cell can act as a formula."""
    segment = await get_segment(member, object_id(id, "segment"))
    assert segment.id is not None
    pieces = await segment_csv(member, segment.id)
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=_as_file(segment.name, "csv"))


def _as_file(name: str, ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{exchange.file_name(name)}.{ending}"'}
