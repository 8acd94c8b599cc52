"""`/api/deliveries`: the communication log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, Field

from app.api.ids import Id
from app.api.routes import NOT_FOUND, PROBLEMS, MemberRoute, may
from app.api.shapes import Cursor, Limit, Page, Shape
from app.campaigns.record import deliveries
from models.campaign import Channel
from models.delivery import Delivery, DeliveryState
from models.member import Member

router = APIRouter(prefix="/api/deliveries", tags=["campaigns"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("deliveries.read")]


class EventOut(Shape):
    """Something that happened to a message after its first hand-over: a failed try, a receipt, a decision."""

    at: datetime
    state: DeliveryState
    words: str = Field(examples=["451 4.7.1 try again later"])


class DeliveryOut(Shape):
    """One message to one customer in one campaign. `reason` holds the server's words, or why it was skipped."""

    id: str = Field(examples=["665f1c2e9b1d8a0012345678:665f1c2e9b1d8a0012345679"])
    campaign_id: Id
    campaign_name: str | None = Field(None, examples=["Spring sale"])
    customer_id: Id
    state: DeliveryState
    channel: Channel
    address: str | None = Field(examples=["ann@example.com"])
    domain: str = Field(examples=["example.com"])
    name: str = Field(examples=["Ann Lee"])
    server: str | None = Field(description="Which mail server or vendor took or refused it")
    reference: str | None = Field(description="The vendor's own id of the message")
    reason: str | None = Field(examples=["550 5.1.1 no such user"])
    message_id: str | None
    attempts: int = Field(examples=[1])
    first_try_at: datetime | None
    next_at: datetime | None = Field(description="When a deferred message is tried again")
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    history: list[EventOut] = Field(description="Empty for a message that was sent at the first try")

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


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as problem:
        raise ValueError("is out of the calendar's range") from problem


Time = Annotated[datetime, AfterValidator(_utc)]


def _narrowed(
    state: Annotated[
        DeliveryState | None,
        Query(description="`sent` also finds delivered, bounced, complained; `skipped` also suppressed, cancelled"),
    ] = None,
    channel: Channel | None = None,
    domain: Annotated[str | None, Query(max_length=254, description="What stands after the @")] = None,
    error: Annotated[
        str | None,
        Query(max_length=200, description="A group such as `mailbox-full`, or the words of a reason"),
    ] = None,
    search: Annotated[str, Query(max_length=200, description="Beginnings of words of the name or address")] = "",
    since: Annotated[Time | None, Query(description="Changed then or later")] = None,
    until: Annotated[Time | None, Query(description="Changed before")] = None,
) -> dict[str, Any]:
    return {
        "state": state,
        "channel": channel,
        "domain": domain,
        "error": error,
        "search": search,
        "since": since,
        "until": until,
    }


Narrowed = Annotated[dict[str, Any], Depends(_narrowed)]
"""The parameters that narrow the log, by the names of `LogFilter`."""

CampaignId = Annotated[str | None, Query(max_length=100, description="Of this campaign alone")]
CustomerId = Annotated[str | None, Query(max_length=100, description="To this customer alone")]


@router.get("", response_model=DeliveryPage, summary="List messages")
async def list_deliveries(
    member: Reader,
    narrowed: Narrowed,
    campaign_id: CampaignId = None,
    customer_id: CustomerId = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DeliveryPage:
    """The whole communication log, last changed first."""
    found, following = await deliveries.list_deliveries(
        member, campaign_id=campaign_id, customer_id=customer_id, limit=limit, cursor=cursor, **narrowed
    )
    return DeliveryPage(items=[DeliveryOut.of(row) for row in found], next_cursor=following)


@router.get("/{id}", response_model=DeliveryOut, responses=NOT_FOUND, summary="Get a delivery")
async def get_delivery(member: Reader, id: str) -> DeliveryOut:
    """One line of the communication log; its id is "campaign:customer"."""
    return DeliveryOut.of(await deliveries.get_delivery(member, id))
