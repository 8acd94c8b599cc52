"""`/api/segments/{id}/revisions`: what a segment was after every save, and bringing one of them back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from app.api.ids import Id, object_id
from app.api.routes import CONFLICT, NOT_FOUND, PROBLEMS, MemberRoute, may
from app.api.segments import SegmentOut, segment_out
from app.api.shapes import Cursor, Limit, Page, Shape
from app.segments.saved.revisions import Step, get_revision, list_revisions
from app.segments.service import restore_segment
from models.member import Member
from models.segment import DescriptionSource, RuleSource

router = APIRouter(prefix="/api/segments", tags=["segments"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("segments.read")]
Writer = Annotated[Member, may("segments.write")]
HIGHEST = 2**31 - 1


class ChangeOut(Shape):
    """One difference in words. `before` is null for what was added, `after` for what was removed."""

    kind: Literal["added", "removed", "changed"]
    before: str | None = Field(examples=["total spent is more than $1,000"])
    after: str | None = Field(examples=["total spent is more than $2,000"])


class RevisionOut(BaseModel):
    """What the segment was after one save, and what that save changed in the rule."""

    number: int = Field(examples=[3])
    saved_at: datetime
    saved_by: Id | None
    saved_by_name: str = Field(examples=["Bob"], description="Empty for saves from before revisions were kept")
    source: RuleSource
    model: str | None = Field(examples=["gemini-3.5-flash-lite"])
    prompt: str | None
    name: str
    description: str
    description_source: DescriptionSource
    rule: dict[str, Any]
    sentence: str
    size: int | None = Field(description="The count at that save")
    restored_from: int | None = Field(description="The revision that this save brought back")
    changes: list[ChangeOut] = Field(description="Against the revision before; none for the first")


class RevisionPage(Page):
    """Revisions, newest first."""

    items: list[RevisionOut]


class RestoreInput(BaseModel):
    """The revision to bring back. With `version`, 409 when somebody else saved the segment meanwhile."""

    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=1, le=HIGHEST)
    version: int | None = Field(None, ge=1, le=HIGHEST)


def _out(step: Step) -> RevisionOut:
    changes = [ChangeOut.model_validate(change) for change in step.changes or ()]
    fields = step.revision.model_dump(include=set(RevisionOut.model_fields))
    return RevisionOut(**fields, changes=changes)


@router.get("/{id}/revisions", response_model=RevisionPage, responses=NOT_FOUND, summary="The history of a segment")
async def revisions(member: Reader, id: str, limit: Limit = 50, cursor: Cursor = None) -> RevisionPage:
    """One revision for every save, newest first."""
    found, following = await list_revisions(member, object_id(id, "segment"), limit=limit, cursor=cursor)
    return RevisionPage(items=[_out(step) for step in found], next_cursor=following)


@router.get("/{id}/revisions/{number}", response_model=RevisionOut, responses=NOT_FOUND, summary="Get a revision")
async def revision(member: Reader, id: str, number: Annotated[int, Path(ge=1, le=HIGHEST)]) -> RevisionOut:
    """One revision by its number, which is the segment's `version` after that save."""
    return _out(await get_revision(member, object_id(id, "segment"), number))


@router.post(
    "/{id}/restore", response_model=SegmentOut, responses={**NOT_FOUND, **CONFLICT}, summary="Bring a revision back"
)
async def restore(member: Writer, id: str, body: RestoreInput) -> SegmentOut:
    """The segment becomes what it was then, as a new revision. 422 when its rule asks about what is gone."""
    key = object_id(id, "segment")
    restored = await restore_segment(member, key, revision=body.revision, version=body.version)
    return await segment_out(member, restored)
