"""`/api/campaigns`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.campaign_shapes import (
    CampaignOut,
    CampaignPage,
    DeclineInput,
    RetryInput,
    TrialAnswer,
    TrialInput,
    TrialOutcome,
    answer,
    campaign_out,
)
from app.api.deliveries import DeliveryOut, DeliveryPage, Narrowed
from app.api.ids import object_id
from app.api.rehearsal import Rehearsal, rehearse
from app.api.routes import CONFLICT, NOT_FOUND, PROBLEMS, MemberRoute, may
from app.api.shapes import Cursor, Limit, Search
from app.campaigns.life import service
from app.campaigns.life.fields import CampaignInput, CampaignPatch
from app.campaigns.record import deliveries
from app.campaigns.record.progress import counts_of_many
from models.campaign import CampaignState
from models.member import Member

router = APIRouter(prefix="/api/campaigns", tags=["campaigns"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("campaigns.read")]
Writer = Annotated[Member, may("campaigns.write")]
Sender = Annotated[Member, may("campaigns.send")]
Approver = Annotated[Member, may("campaigns.approve")]
LogReader = Annotated[Member, may("deliveries.read")]


@router.get("", response_model=CampaignPage, summary="List campaigns")
async def list_campaigns(
    member: Reader,
    state: CampaignState | None = None,
    archived: bool = False,
    series_id: Annotated[str | None, Query(max_length=24)] = None,
    search: Search = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CampaignPage:
    """Last changed first. `archived=true` lists those that were put away, `series_id` the campaigns of one series."""
    found, following = await service.list_campaigns(
        member, state=state, archived=archived, series_id=series_id, search=search, limit=limit, cursor=cursor
    )
    counts = await counts_of_many(found)
    items = [campaign_out(campaign, counts[campaign.id]) for campaign in found if campaign.id is not None]
    return CampaignPage(items=items, next_cursor=following)


@router.post("", response_model=CampaignOut, status_code=201, summary="Create a campaign")
async def create_campaign(member: Writer, body: CampaignInput) -> CampaignOut:
    """A draft; nothing is sent before `send`."""
    return await answer(await service.create_campaign(member, body.model_dump(exclude_unset=True)))


@router.get("/{id}", response_model=CampaignOut, responses=NOT_FOUND, summary="Get a campaign")
async def get_campaign(member: Reader, id: str) -> CampaignOut:
    """One campaign with its counts, which add up at every moment."""
    return await answer(await service.get_campaign(member, object_id(id, "campaign")))


@router.patch("/{id}", response_model=CampaignOut, responses={**NOT_FOUND, **CONFLICT}, summary="Change a campaign")
async def update_campaign(member: Writer, id: str, body: CampaignPatch) -> CampaignOut:
    """What is left out stays. 409 once it is on its way."""
    changes = body.model_dump(exclude_unset=True)
    return await answer(await service.update_campaign(member, object_id(id, "campaign"), changes))


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


@router.post(
    "/{id}/send",
    response_model=CampaignOut,
    responses={**NOT_FOUND, **CONFLICT, 202: {"model": CampaignOut, "description": "It waits for a second person"}},
    summary="Send a campaign",
)
async def send_campaign(member: Sender, id: str, response: Response) -> CampaignOut:
    """Now, or at its `scheduled_at`. 202 when the workspace asks for a second person: its `approval` then waits."""
    sent = await service.send(member, object_id(id, "campaign"))
    if sent.approval is not None and sent.approval.waits:
        response.status_code = 202
    return await answer(sent)


@router.post(
    "/{id}/approve", response_model=CampaignOut, responses={**NOT_FOUND, **CONFLICT}, summary="Approve a campaign"
)
async def approve_campaign(member: Approver, id: str) -> CampaignOut:
    """It goes out as it was asked for. Never by who asked for it, and by no API key. 409 when nothing waits, or when
    the audience grew or its rules changed since: look at the number of now, then approve."""
    return await answer(await service.approve(member, object_id(id, "campaign")))


@router.post(
    "/{id}/decline", response_model=CampaignOut, responses={**NOT_FOUND, **CONFLICT}, summary="Decline a campaign"
)
async def decline_campaign(member: Approver, id: str, body: DeclineInput) -> CampaignOut:
    """It does not go out; whoever asked may change it and ask again."""
    return await answer(await service.decline(member, object_id(id, "campaign"), body.reason))


@router.post(
    "/{id}/withdraw", response_model=CampaignOut, responses={**NOT_FOUND, **CONFLICT}, summary="Take a request back"
)
async def withdraw_campaign(member: Sender, id: str) -> CampaignOut:
    """Nobody has to approve it any more, and it does not go out."""
    return await answer(await service.withdraw(member, object_id(id, "campaign")))


@router.post("/{id}/pause", response_model=CampaignOut, responses={**NOT_FOUND, **CONFLICT}, summary="Pause a campaign")
async def pause_campaign(member: Sender, id: str) -> CampaignOut:
    """Messages already handed over are not called back."""
    return await answer(await service.pause(member, object_id(id, "campaign")))


@router.post(
    "/{id}/resume", response_model=CampaignOut, responses={**NOT_FOUND, **CONFLICT}, summary="Resume a campaign"
)
async def resume_campaign(member: Sender, id: str) -> CampaignOut:
    """Goes on where it was paused; nobody gets it twice."""
    return await answer(await service.resume(member, object_id(id, "campaign")))


@router.post(
    "/{id}/cancel", response_model=CampaignOut, responses={**NOT_FOUND, **CONFLICT}, summary="Cancel a campaign"
)
async def cancel_campaign(member: Sender, id: str) -> CampaignOut:
    """For good; who has not got it yet is skipped."""
    return await answer(await service.cancel(member, object_id(id, "campaign")))


@router.post(
    "/{id}/finish", response_model=CampaignOut, responses={**NOT_FOUND, **CONFLICT}, summary="Finish a campaign"
)
async def finish_campaign(member: Sender, id: str) -> CampaignOut:
    """Ends a standing campaign or one that repeats; whoever is in it already still gets it."""
    return await answer(await service.finish(member, object_id(id, "campaign")))


@router.post(
    "/{id}/duplicate",
    response_model=CampaignOut,
    status_code=201,
    responses=NOT_FOUND,
    summary="Duplicate a campaign",
)
async def duplicate_campaign(member: Writer, id: str) -> CampaignOut:
    """A new draft with the same message, audience and pace."""
    return await answer(await service.duplicate(member, object_id(id, "campaign")))


@router.post(
    "/{id}/archive", response_model=CampaignOut, responses={**NOT_FOUND, **CONFLICT}, summary="Archive a campaign"
)
async def archive_campaign(member: Writer, id: str) -> CampaignOut:
    """It leaves the list and keeps all it has. 409 while it is scheduled, being sent or paused."""
    return await answer(await service.archive(member, object_id(id, "campaign")))


@router.post("/{id}/unarchive", response_model=CampaignOut, responses=NOT_FOUND, summary="Bring a campaign back")
async def unarchive_campaign(member: Writer, id: str) -> CampaignOut:
    """Back into the list."""
    return await answer(await service.unarchive(member, object_id(id, "campaign")))


@router.post("/{id}/retry", response_model=CampaignOut, responses={**NOT_FOUND, **CONFLICT}, summary="Try again")
async def retry_campaign(member: Sender, id: str, body: RetryInput | None = None) -> CampaignOut:
    """Send again to whom it failed, or to those of whom it is unknown: these may get it twice."""
    what = body.what if body else "failed"
    return await answer(await service.retry(member, object_id(id, "campaign"), what=what))


@router.get("/{id}/deliveries", response_model=DeliveryPage, responses=NOT_FOUND, summary="A campaign's messages")
async def list_deliveries(
    member: LogReader,
    id: str,
    narrowed: Narrowed,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DeliveryPage:
    """One line per customer, last changed first."""
    campaign = await service.get_campaign(member, object_id(id, "campaign"))
    found, following = await deliveries.list_deliveries(
        member, campaign_id=campaign.id, limit=limit, cursor=cursor, **narrowed
    )
    return DeliveryPage(items=[DeliveryOut.of(row) for row in found], next_cursor=following)
