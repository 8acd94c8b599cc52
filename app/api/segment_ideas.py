"""`/api/segments/suggested`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.routes import PROBLEMS, MemberRoute, may
from app.api.shapes import Shape
from app.segments.ideas.suggested import suggested
from models.member import Member

router = APIRouter(prefix="/api/segments", tags=["segments"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("segments.read")]


class IdeaOut(Shape):
    """A segment worth having. `rule` is null, and `missing` says why, when there is not enough data."""

    key: str = Field(examples=["champions"])
    name: str = Field(examples=["Champions"])
    why: str
    formula: str
    rule: dict[str, Any] | None
    sentence: str
    size: int | None = Field(examples=[412])
    share: float | None = Field(description="Of all that was ever spent, 0 to 1", examples=[0.31])
    missing: str | None


class IdeasOut(BaseModel):
    """Suggestions with the figures of this shop."""

    computed_at: datetime
    customers: int
    items: list[IdeaOut]


@router.get("/suggested", response_model=IdeasOut, summary="Suggested segments")
async def list_suggested(member: Reader) -> IdeasOut:
    """Computed from the shop's own data, at most once an hour."""
    found = await suggested(member)
    return IdeasOut(
        computed_at=found.computed_at,
        customers=found.customers,
        items=[IdeaOut.model_validate(idea) for idea in found.ideas],
    )
