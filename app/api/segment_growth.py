"""`/api/segments/{id}/growth`, `/record` and `/members-at`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.api.customers import CustomerOut, customer_out
from app.api.ids import Id, object_id
from app.api.routes import NOT_FOUND, PROBLEMS, MemberRoute, may
from app.api.shapes import Cursor, Limit, Page, Shape
from app.segments.growth import asking, history
from models.member import Member

router = APIRouter(prefix="/api/segments", tags=["segments"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("segments.read")]
Writer = Annotated[Member, may("segments.write")]
CustomerReader = Annotated[Member, may("customers.read")]
Since = Annotated[date | None, Query(description="A day in the shop's time zone; without it, since the first record")]
Day = Annotated[date, Query(alias="date", description="A day in the shop's time zone", examples=["2026-03-03"])]


class RecordOut(Shape):
    """One measurement. The size before + joined - left is the size."""

    at: datetime
    size: int = Field(examples=[1204])
    joined: int = Field(examples=[42])
    left: int = Field(examples=[17])


class CauseOut(Shape):
    """One reason, with how many it moved."""

    text: str = Field(examples=["ordered again: last order is not more than 90 days ago"])
    joined: int
    left: int = Field(examples=[12])


class GrowthOut(BaseModel):
    """A segment over time, and the change from the record `since` to the last; causes add up to `joined` and `left`."""

    records: list[RecordOut]
    since: datetime | None = Field(description="When the record compared with was made")
    size_then: int | None
    size: int | None
    joined: int
    left: int
    causes: list[CauseOut]
    waiting: bool = Field(description="Whether a record was asked for that is not made yet")
    problem: str | None = Field(description="Why the last record could not be made")
    took_ms: int = Field(description="What the last record cost")
    bytes: int = Field(description="What all records take, with what is kept to tell the next change")


class AskedOut(BaseModel):
    """A record that will be made."""

    id: Id
    waiting: bool


class PastPage(Page):
    """Who was in the segment when the record `at` was made. Deleted customers are counted, not listed."""

    at: datetime
    size: int
    deleted: int
    items: list[CustomerOut]


@router.get("/{id}/growth", response_model=GrowthOut, responses=NOT_FOUND, summary="A segment over time")
async def segment_growth(member: Reader, id: str, since: Since = None) -> GrowthOut:
    """Its size at every record, and who came and went since a day, by what moved them."""
    found = await history.growth(member, object_id(id, "segment"), since=since)
    return GrowthOut(
        records=[RecordOut.model_validate(record) for record in found.records],
        since=found.since.at if found.since else None,
        size_then=found.since.size if found.since else None,
        size=found.records[-1].size if found.records else None,
        joined=found.joined,
        left=found.left,
        causes=[CauseOut.model_validate(cause) for cause in found.causes],
        waiting=found.waiting,
        problem=found.problem,
        took_ms=found.cost.took_ms,
        bytes=found.cost.records_bytes + found.cost.state_bytes,
    )


@router.post("/{id}/record", response_model=AskedOut, status_code=202, responses=NOT_FOUND, summary="Record a segment")
async def record_segment(member: Writer, id: str) -> AskedOut:
    """A worker measures it in a moment; asking again before that changes nothing."""
    key = object_id(id, "segment")
    await asking.ask_record(member, key)
    return AskedOut(id=str(key), waiting=True)


@router.get("/{id}/members-at", response_model=PastPage, responses=NOT_FOUND, summary="Who was in a segment on a day")
async def members_at(member: CustomerReader, id: str, day: Day, limit: Limit = 50, cursor: Cursor = None) -> PastPage:
    """As the first record of that day saw it, else the last one before."""
    past = await history.members_at(member, object_id(id, "segment"), day, limit=limit, cursor=cursor)
    return PastPage(
        at=past.record.at,
        size=past.record.size,
        deleted=past.deleted,
        items=[customer_out(customer) for customer in past.people],
        next_cursor=past.next_cursor,
    )
