"""`/api/audit`: who did what to what, and from where."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BeforeValidator, Field

from app.api.ids import Id
from app.api.routes import PROBLEMS, MemberRoute, may
from app.api.shapes import Cursor, Limit, Page, Shape
from app.audit import listing
from app.inputs import moment
from models.audit_entry import Via
from models.member import Member

router = APIRouter(prefix="/api", tags=["audit"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("audit.read")]
Time = Annotated[datetime | None, BeforeValidator(moment)]


class EntryOut(Shape):
    """One line. `before` and `after` hold what changed; secrets and personal data are not shown."""

    id: int = Field(examples=[1204])
    at: datetime
    member_id: Id | None
    member: str = Field(examples=["Alice"])
    via: Via
    address: str = Field(examples=["203.0.113.9"])
    action: str = Field(examples=["segment.update"])
    object_id: str
    object_name: str = Field(examples=["VIP"])
    before: dict[str, Any]
    after: dict[str, Any]
    seal: str


class EntryPage(Page):
    """Lines, the newest first."""

    items: list[EntryOut]


@router.get("/audit", response_model=EntryPage, summary="Read the audit log")
async def list_entries(
    member: Reader,
    action: Annotated[str | None, Query(max_length=60, examples=["segment.update", "segment"])] = None,
    by: Annotated[str | None, Query(max_length=24, description="The id of a member")] = None,
    object_id: Annotated[str | None, Query(max_length=200)] = None,
    about: Annotated[str | None, Query(max_length=200, description="An object's id, or part of its name")] = None,
    address: Annotated[str | None, Query(max_length=60, description="A network address, or how it begins")] = None,
    since: Annotated[Time, Query(description="From then on")] = None,
    until: Annotated[Time, Query(description="Before then")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> EntryPage:
    """For owners and managers."""
    found, following = await listing.list_entries(
        member,
        action=action,
        by=by,
        object_id=object_id,
        about=about,
        address=address,
        since=since,
        until=until,
        limit=limit,
        cursor=cursor,
    )
    return EntryPage(items=[EntryOut.model_validate(one) for one in found], next_cursor=following)


@router.get(
    "/audit.csv",
    response_class=StreamingResponse,
    responses={200: {"description": "Every line, the oldest first, with its seal", "content": {"text/csv": {}}}},
    summary="The audit log as CSV",
)
async def audit_csv(member: Reader) -> StreamingResponse:
    """All of it. No cell can act as a formula."""
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(await listing.entries_csv(member), media_type="text/csv; charset=utf-8", headers=headers)
