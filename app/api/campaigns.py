"""`/api/campaigns`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.deliveries import DeliveryOut, DeliveryPage
from app.api.ids import Id, object_id
from app.api.rehearsal import Rehearsal, rehearse
from app.api.routes import CONFLICT, NOT_FOUND, PROBLEMS, MemberRoute, may
from app.api.shapes import Cursor, Limit, Page, Search, Shape
from app.campaigns import deliveries, service
from app.campaigns.fields import CampaignInput, CampaignPatch
from app.campaigns.progress import Counts, counts_of, counts_of_many
from models.campaign import Campaign, CampaignState, Channel
from models.delivery import DeliveryState
from models.member import Member

router = APIRouter(prefix="/api/campaigns", tags=["campaigns"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("campaigns.read")]
Writer = Annotated[Member, may("campaigns.write")]
Sender = Annotated[Member, may("campaigns.send")]
LogReader = Annotated[Member, may("deliveries.read")]


class CountsOut(Shape):
    """People, by what became of their message: audience = pending + sent + failed + skipped + held_out + unknown."""

    audience: int = Field(examples=[1204])
    pending: int
    sent: int
    delivered: int
    failed: int
    skipped: int
    held_out: int
    unknown: int
    bounced: int
    opened: int
    clicked: int
    unsubscribed: int


class CampaignOut(Shape):
    """A campaign. `waiting_reason` says why a running one does not move, `pause_reason` why it was paused."""

    id: Id
    name: str = Field(examples=["Spring sale"])
    channel: Channel
    subject: str = Field(examples=["{{ customer.first_name }}, spring is here"])
    body: str = Field(examples=["<p>Hello {{ customer.first_name }}</p>"])
    segment_ids: list[Id]
    exclude_segment_ids: list[Id]
    throttle_per_second: int | None
    scheduled_at: datetime | None
    holdout_percent: float
    state: CampaignState
    version: int
    counts: CountsOut
    waiting_reason: str | None
    pause_reason: str | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class CampaignPage(Page):
    """Campaigns."""

    items: list[CampaignOut]


class TrialInput(BaseModel):
    """Where to send a test."""

    model_config = ConfigDict(extra="forbid")

    addresses: list[str] = Field(min_length=1, max_length=10, examples=[["me@example.com"]])


class RetryInput(BaseModel):
    """Which deliveries are tried again."""

    model_config = ConfigDict(extra="forbid")

    what: Literal["failed", "unknown"] = "failed"


class TrialOutcome(BaseModel):
    """What became of one test message."""

    address: str = Field(examples=["me@example.com"])
    sent: bool
    reason: str | None = Field(None, examples=["550 5.1.1 no such user"])


class TrialAnswer(BaseModel):
    """What became of the test messages."""

    results: list[TrialOutcome]


def _out(campaign: Campaign, counts: Counts) -> CampaignOut:
    fields = {name: getattr(campaign, name) for name in CampaignOut.model_fields if name != "counts"}
    return CampaignOut.model_validate({**fields, "counts": counts.as_dict()})


async def _answer(campaign: Campaign) -> CampaignOut:
    return _out(campaign, await counts_of(campaign))


@router.get("", response_model=CampaignPage, summary="List campaigns")
async def list_campaigns(
    member: Reader,
    state: CampaignState | None = None,
    search: Search = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CampaignPage:
    """Last changed first."""
    found, following = await service.list_campaigns(member, state=state, search=search, limit=limit, cursor=cursor)
    counts = await counts_of_many(found)
    items = [_out(campaign, counts[campaign.id]) for campaign in found if campaign.id is not None]
    return CampaignPage(items=items, next_cursor=following)


@router.post("", response_model=CampaignOut, status_code=201, summary="Create a campaign")
async def create_campaign(member: Writer, body: CampaignInput) -> CampaignOut:
    """A draft; nothing is sent before `send`."""
    return await _answer(await service.create_campaign(member, body.model_dump(exclude_unset=True)))


@router.get("/{id}", response_model=CampaignOut, responses=NOT_FOUND, summary="Get a campaign")
async def get_campaign(member: Reader, id: str) -> CampaignOut:
    """One campaign with its counts, which add up at every moment."""
    return await _answer(await service.get_campaign(member, object_id(id, "campaign")))


@router.patch("/{id}", response_model=CampaignOut, responses={**NOT_FOUND, **CONFLICT}, summary="Change a campaign")
async def update_campaign(member: Writer, id: str, body: CampaignPatch) -> CampaignOut:
    """What is left out stays. 409 once it is on its way."""
    changes = body.model_dump(exclude_unset=True)
    return await _answer(await service.update_campaign(member, object_id(id, "campaign"), changes))


@router.delete(
    "/{id}", status_code=204, response_class=Response, responses={**NOT_FOUND, **CONFLICT}, summary="Delete a campaign"
)
async def delete_campaign(member: Writer, id: str) -> Response:
    """Its messages stay in the customers' history. 409 while it is being sent or paused."""
    await service.delete_campaign(member, object_id(id, "campaign"))
    return Response(status_code=204)


@router.post("/{id}/rehearse", response_model=Rehearsal, responses=NOT_FOUND, summary="Rehearse a campaign")
async def rehearse_campaign(member: Reader, id: str) -> Rehearsal:
    """Whom it would reach now, the message as one of them would get it, and what is wrong. Nothing is sent."""
    return await rehearse(member, await service.get_campaign(member, object_id(id, "campaign")))


@router.post("/{id}/test", response_model=TrialAnswer, responses=NOT_FOUND, summary="Send a test message")
async def test_campaign(member: Sender, id: str, body: TrialInput) -> TrialAnswer:
    """To up to ten addresses, right away."""
    results = await service.test(member, object_id(id, "campaign"), body.addresses)
    return TrialAnswer(
        results=[TrialOutcome(address=one.address, sent=one.sent, reason=one.words or None) for one in results]
    )


@router.post("/{id}/send", response_model=CampaignOut, responses={**NOT_FOUND, **CONFLICT}, summary="Send a campaign")
async def send_campaign(member: Sender, id: str) -> CampaignOut:
    """Now, or at its `scheduled_at`."""
    return await _answer(await service.send(member, object_id(id, "campaign")))


@router.post("/{id}/pause", response_model=CampaignOut, responses={**NOT_FOUND, **CONFLICT}, summary="Pause a campaign")
async def pause_campaign(member: Sender, id: str) -> CampaignOut:
    """Messages already handed over are not called back."""
    return await _answer(await service.pause(member, object_id(id, "campaign")))


@router.post(
    "/{id}/resume", response_model=CampaignOut, responses={**NOT_FOUND, **CONFLICT}, summary="Resume a campaign"
)
async def resume_campaign(member: Sender, id: str) -> CampaignOut:
    """Goes on where it was paused; nobody gets it twice."""
    return await _answer(await service.resume(member, object_id(id, "campaign")))


@router.post(
    "/{id}/cancel", response_model=CampaignOut, responses={**NOT_FOUND, **CONFLICT}, summary="Cancel a campaign"
)
async def cancel_campaign(member: Sender, id: str) -> CampaignOut:
    """For good; who has not got it yet is skipped."""
    return await _answer(await service.cancel(member, object_id(id, "campaign")))


@router.post("/{id}/retry", response_model=CampaignOut, responses={**NOT_FOUND, **CONFLICT}, summary="Try again")
async def retry_campaign(member: Sender, id: str, body: RetryInput | None = None) -> CampaignOut:
    """Send again to whom it failed, or to those of whom it is unknown: these may get it twice."""
    what = body.what if body else "failed"
    return await _answer(await service.retry(member, object_id(id, "campaign"), what=what))


@router.get("/{id}/deliveries", response_model=DeliveryPage, responses=NOT_FOUND, summary="A campaign's messages")
async def list_deliveries(
    member: LogReader,
    id: str,
    state: DeliveryState | None = None,
    search: Annotated[str, Query(max_length=200)] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DeliveryPage:
    """One line per customer, last changed first."""
    campaign = await service.get_campaign(member, object_id(id, "campaign"))
    found, following = await deliveries.list_deliveries(
        member, campaign_id=campaign.id, state=state, search=search, limit=limit, cursor=cursor
    )
    return DeliveryPage(items=[DeliveryOut.of(row) for row in found], next_cursor=following)
