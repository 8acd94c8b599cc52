"""`/api/deliveries`: the communication log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from app.api.ids import Id
from app.api.routes import NOT_FOUND, PROBLEMS, MemberRoute, may
from app.api.shapes import Page, Shape
from models.campaign import Channel
from models.delivery import Delivery, DeliveryState
from models.member import Member

router = APIRouter(prefix="/api/deliveries", tags=["campaigns"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("deliveries.read")]


class DeliveryOut(Shape):
    """One message to one customer in one campaign. `reason` holds the server's words, or why it was skipped."""

    id: str = Field(examples=["665f1c2e9b1d8a0012345678:665f1c2e9b1d8a0012345679"])
    campaign_id: Id
    campaign_name: str | None = Field(None, examples=["Spring sale"])
    customer_id: Id
    state: DeliveryState
    channel: Channel
    address: str | None = Field(examples=["ann@example.com"])
    name: str = Field(examples=["Ann Lee"])
    reason: str | None = Field(examples=["550 5.1.1 no such user"])
    message_id: str | None
    attempts: int = Field(examples=[1])
    next_at: datetime | None = Field(description="When a deferred message is tried again")
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None

    @classmethod
    def of(cls, delivery: Delivery | Mapping[str, Any]) -> DeliveryOut:
        """The answer for a delivery, as a document or raw with its campaign's name."""
        if isinstance(delivery, Mapping):
            found = cls.model_validate(Delivery.model_validate(delivery))
            found.campaign_name = dict(delivery).get("campaign_name")
            return found
        return cls.model_validate(delivery)


class DeliveryPage(Page):
    """Deliveries."""

    items: list[DeliveryOut]


@router.get("/{id}", response_model=DeliveryOut, responses=NOT_FOUND, summary="Get a delivery")
async def get_delivery(member: Reader, id: str) -> DeliveryOut:
    """One line of the communication log; its id is "campaign:customer"."""
    from app.campaigns import deliveries

    return DeliveryOut.of(await deliveries.get_delivery(member, id))
