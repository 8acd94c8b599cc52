"""`/api/customers/{id}/segments`: where a customer belongs, and why not elsewhere."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.ids import Id, object_id
from app.api.routes import NOT_FOUND, PROBLEMS, MemberRoute, may
from app.api.shapes import Cursor, Limit, Page
from app.segments.explain.memberships import segments_of_customer
from models.member import Member

router = APIRouter(prefix="/api/customers", tags=["customers"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("customers.read")]


class SegmentIn(BaseModel):
    """A segment the customer is in."""

    id: Id
    name: str = Field(examples=["Lapsed big spenders"])


class SegmentNotIn(SegmentIn):
    """A segment the customer is not in, with the shortest sufficient reason."""

    because: str = Field(examples=["total spent $812.40 is not more than $1,000"])


class CustomerSegments(Page):
    """Segments by name, as of now."""

    in_: list[SegmentIn] = Field(serialization_alias="in")
    not_in: list[SegmentNotIn]


@router.get("/{id}/segments", response_model=CustomerSegments, responses=NOT_FOUND, summary="A customer's segments")
async def customer_segments(member: Reader, id: str, limit: Limit = 200, cursor: Cursor = None) -> CustomerSegments:
    """Which segments the customer is in now, and why not in the others. A page holds `limit` segments of both kinds."""
    found, following = await segments_of_customer(member, object_id(id, "customer"), limit=limit, cursor=cursor)
    return CustomerSegments(
        in_=[SegmentIn(id=one.id, name=one.name) for one in found if one.inside],
        not_in=[SegmentNotIn(id=one.id, name=one.name, because=one.because) for one in found if not one.inside],
        next_cursor=following,
    )
