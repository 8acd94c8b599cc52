"""`/api/deliveries/{id}/resolve` and `/api/campaigns/{id}/resolve`: messages that may or may not have arrived."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.api.deliveries import DeliveryOut
from app.api.routes import CONFLICT, NOT_FOUND, PROBLEMS, MemberRoute, may
from app.receipts import service
from models.member import Member

router = APIRouter(prefix="/api", tags=["campaigns"], route_class=MemberRoute, responses=PROBLEMS)

Sender = Annotated[Member, may("campaigns.send")]


class ResolveInput(BaseModel):
    """What became of it."""

    model_config = ConfigDict(extra="forbid")

    arrived: bool = Field(description="true: it is sent; false: it has failed and can be tried again")


class ResolvedAnswer(BaseModel):
    """How many messages were unknown."""

    resolved: int = Field(examples=[3])


@router.post(
    "/deliveries/{id}/resolve",
    response_model=DeliveryOut,
    responses={**NOT_FOUND, **CONFLICT},
    summary="Say what became of an unknown message",
)
async def resolve_delivery(member: Sender, id: str, body: ResolveInput) -> DeliveryOut:
    """Only while it is `unknown`; the delivery's history names you."""
    return DeliveryOut.of(await service.resolve_unknown(member, id, arrived=body.arrived))


@router.post(
    "/campaigns/{id}/resolve",
    response_model=ResolvedAnswer,
    responses=NOT_FOUND,
    summary="Say what became of all unknown messages",
)
async def resolve_campaign(member: Sender, id: str, body: ResolveInput) -> ResolvedAnswer:
    """For every message of the campaign that is `unknown` now."""
    return ResolvedAnswer(resolved=await service.resolve_all_unknown(member, id, arrived=body.arrived))
