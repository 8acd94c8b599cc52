"""`/api/segments/overlap`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.api.routes import PROBLEMS, MemberRoute, may
from app.segments.overlap import overlap
from models.member import Member

router = APIRouter(prefix="/api/segments", tags=["segments"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("segments.read")]


class OverlapInput(BaseModel):
    """Two to five segments."""

    model_config = ConfigDict(extra="forbid")

    segment_ids: list[str] = Field(max_length=20, examples=[["665f1c2e9b1d8a0012345678", "665f1c2e9b1d8a0012345679"]])


class RegionOut(BaseModel):
    """Customers who are in every segment of `in` and in none of `out`; `rule` makes a segment of them."""

    model_config = ConfigDict(populate_by_name=True)

    inside: list[str] = Field(serialization_alias="in")
    outside: list[str] = Field(serialization_alias="out")
    count: int
    rule: dict[str, Any]


class OverlapOut(BaseModel):
    """`regions` add up to `union`; `union` and `none` to `total`."""

    sizes: dict[str, int]
    regions: list[RegionOut]
    union: int
    none: int
    total: int


@router.post("/overlap", response_model=OverlapOut, summary="Compare segments")
async def compare(member: Reader, body: OverlapInput) -> OverlapOut:
    """How many customers are in which of them, exactly and as of one moment."""
    found = await overlap(member, body.segment_ids)
    regions = [
        RegionOut(inside=list(one.inside), outside=list(one.outside), count=one.count, rule=one.rule)
        for one in found.regions
    ]
    return OverlapOut(sizes=found.sizes, regions=regions, union=found.union, none=found.none, total=found.total)
