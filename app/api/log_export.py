"""The communication log and the list of campaigns as CSV files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from app.api.deliveries import CampaignId, CustomerId, Narrowed
from app.api.ids import object_id
from app.api.routes import NOT_FOUND, PROBLEMS, MemberRoute, may
from app.campaigns.life.lookup import get_campaign
from app.campaigns.record.log_export import campaigns_csv, deliveries_csv
from app.campaigns.record.log_filter import LogFilter
from app.segments.saved.exchange import file_name
from models.member import Member

router = APIRouter(prefix="/api", tags=["campaigns"], route_class=MemberRoute, responses=PROBLEMS)

LogExporter = Annotated[Member, may("customers.export")]
CampaignReader = Annotated[Member, may("campaigns.read")]
CSV: dict[int | str, dict[str, Any]] = {200: {"description": "A file", "content": {"text/csv": {}}}}


@router.get("/deliveries.csv", response_class=StreamingResponse, responses=CSV, summary="The log as CSV")
async def log_file(
    member: LogExporter, narrowed: Narrowed, campaign_id: CampaignId = None, customer_id: CustomerId = None
) -> StreamingResponse:
    """Every message that fits, last changed first, however many they are. No cell can act as a formula."""
    wanted = LogFilter(campaign_id=campaign_id or None, customer_id=customer_id or None, **narrowed)
    return as_file(await deliveries_csv(member, wanted), "messages")


@router.get("/campaigns.csv", response_class=StreamingResponse, responses=CSV, summary="The campaigns as CSV")
async def campaigns_file(member: CampaignReader) -> StreamingResponse:
    """Every campaign: when, by whom, to how many, and what became of it."""
    return as_file(await campaigns_csv(member), "campaigns")


@router.get(
    "/campaigns/{id}/deliveries.csv",
    response_class=StreamingResponse,
    responses={**NOT_FOUND, **CSV},
    summary="A campaign's messages as CSV",
)
async def campaign_file(member: LogExporter, id: str, narrowed: Narrowed) -> StreamingResponse:
    """One line per customer, last changed first."""
    campaign = await get_campaign(member, object_id(id, "campaign"))
    wanted = LogFilter(campaign_id=campaign.id, **narrowed)
    return as_file(await deliveries_csv(member, wanted), f"{file_name(campaign.name)}-messages")


def as_file(pieces: AsyncIterator[bytes], name: str) -> StreamingResponse:
    """The pieces as a download; nobody between here and the browser keeps it, because it is about people."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)
