"""`/api/segments`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.customers import CustomerPage, customer_out
from app.api.ids import Id, object_id
from app.api.routes import CONFLICT, NOT_FOUND, PROBLEMS, MemberRoute, may
from app.api.segment_rules import Rule
from app.api.shapes import Cursor, Limit, Page, Search, Shape
from app.segments import service
from app.segments.contact import saved_shown
from app.segments.preview import member_page
from models.member import Member
from models.segment import DescriptionSource, RuleSource, Segment

router = APIRouter(prefix="/api/segments", tags=["segments"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("segments.read")]
Writer = Annotated[Member, may("segments.write")]
CustomerReader = Annotated[Member, may("customers.read")]

Name = Annotated[str, Field(min_length=1, max_length=120, examples=["Lapsed big spenders"])]
Words = Annotated[str, Field(max_length=2_000, examples=["Spent much, but not lately"])]


class SegmentInput(BaseModel):
    """A new segment. A description is written when there is none."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    rule: Rule
    description: Words = ""
    source: RuleSource = RuleSource.HAND
    prompt: str | None = Field(None, max_length=2_000, description="The words the rule came from")


class SegmentPatch(BaseModel):
    """Changes to a segment; what is left out stays. With `version`, 409 when somebody else changed it meanwhile."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    rule: Rule = Field(default_factory=dict)
    description: Words = ""
    version: int | None = Field(None, ge=1)


class SegmentOut(Shape):
    """A segment: a named rule; who is in it is computed whenever it is asked for."""

    id: Id
    name: str = Field(examples=["Lapsed big spenders"])
    description: str
    description_source: DescriptionSource
    rule: Rule
    sentence: str = Field(examples=["Customers who spent more than $10,000 in total"])
    source: RuleSource
    model: str | None = Field(examples=["gemini-3.5-flash-lite"], description="The AI model that proposed the rule")
    prompt: str | None
    version: int
    size: int | None = Field(description="The last count, taken at `sized_at`")
    sized_at: datetime | None
    created_at: datetime
    updated_at: datetime


class SegmentPage(Page):
    """Segments."""

    items: list[SegmentOut]


async def segment_out(member: Member, segment: Segment) -> SegmentOut:
    """The answer for a segment, as this member may see it."""
    return SegmentOut.model_validate(await saved_shown(member, segment))


@router.get("", response_model=SegmentPage, summary="List segments")
async def list_segments(member: Reader, search: Search = "", limit: Limit = 50, cursor: Cursor = None) -> SegmentPage:
    """Last changed first."""
    found, following = await service.list_segments(member, search=search, limit=limit, cursor=cursor)
    return SegmentPage(items=[await segment_out(member, segment) for segment in found], next_cursor=following)


@router.post("", response_model=SegmentOut, status_code=201, responses=CONFLICT, summary="Create a segment")
async def create_segment(member: Writer, body: SegmentInput) -> SegmentOut:
    """The rule is checked: 422 names the node and what would be right."""
    return await segment_out(member, await service.create_segment(member, **body.model_dump()))


@router.get("/{id}", response_model=SegmentOut, responses=NOT_FOUND, summary="Get a segment")
async def get_segment(member: Reader, id: str) -> SegmentOut:
    """One segment with its rule."""
    return await segment_out(member, await service.get_segment(member, object_id(id, "segment")))


@router.patch("/{id}", response_model=SegmentOut, responses={**NOT_FOUND, **CONFLICT}, summary="Change a segment")
async def update_segment(member: Writer, id: str, body: SegmentPatch) -> SegmentOut:
    """What is left out stays."""
    changes = body.model_dump(exclude_unset=True)
    version = changes.pop("version", None)
    changed = await service.update_segment(member, object_id(id, "segment"), version=version, **changes)
    return await segment_out(member, changed)


@router.delete(
    "/{id}", status_code=204, response_class=Response, responses={**NOT_FOUND, **CONFLICT}, summary="Delete a segment"
)
async def delete_segment(member: Writer, id: str) -> Response:
    """409 while a live campaign or another segment uses it."""
    await service.delete_segment(member, object_id(id, "segment"))
    return Response(status_code=204)


@router.get("/{id}/customers", response_model=CustomerPage, responses=NOT_FOUND, summary="Who is in a segment")
async def segment_customers(member: CustomerReader, id: str, limit: Limit = 50, cursor: Cursor = None) -> CustomerPage:
    """As of now."""
    found, following = await member_page(member, object_id(id, "segment"), limit=limit, cursor=cursor)
    return CustomerPage(items=[customer_out(customer) for customer in found], next_cursor=following)
