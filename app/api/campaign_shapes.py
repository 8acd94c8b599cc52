"""Campaigns as the API shows them, and what its routes take besides."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.api.ids import Id
from app.api.shapes import Page, Shape
from app.campaigns.record.progress import Counts, counts_of
from models.campaign import Campaign, CampaignState, Channel
from models.campaign_approval import ApprovalState
from models.campaign_plan import Ambiguity, Repeat, Simulation, WarmUp


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


class ApprovalOut(Shape):
    """A second person's word: asked for, given or refused. `people` is how many it would go to, or may."""

    state: ApprovalState
    people: int = Field(examples=[12040])
    held: bool = Field(description="Whether it was on its way when it needed this")
    requested_by: Id | None
    requested_at: datetime
    decided_by: Id | None
    decided_at: datetime | None
    reason: str = Field(examples=["The price in the second line is last year's"])


class DeclineInput(BaseModel):
    """Why it should not go out."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=300, examples=["The price in the second line is last year's"])


class CampaignOut(Shape):
    """A campaign. `waiting_reason` says why a running one does not move, `pause_reason` why it was paused.
    Where the workspace asks for a second person, `approval` says how far that is.

    One with `repeat` is a series: at each `scheduled_at` it makes a campaign with its `series_id` and `occurrence_at`.
    A `standing` one runs until it is finished; `looked_at` is when it last looked for people who are new.
    """

    id: Id
    name: str = Field(examples=["Spring sale"])
    channel: Channel
    subject: str = Field(examples=["{{ customer.first_name }}, spring is here"])
    preview_text: str
    body: str = Field(examples=["<p>Hello {{ customer.first_name }}</p>"])
    segment_ids: list[Id]
    exclude_segment_ids: list[Id]
    throttle_per_second: int | None
    window_messages: int | None
    window_minutes: int | None
    warm_up: WarmUp | None
    scheduled_at: datetime | None
    repeat: Repeat | None
    series_id: Id | None
    occurrence_at: datetime | None
    standing: bool
    looked_at: datetime | None
    holdout_percent: float
    ambiguity: Ambiguity
    simulation: Simulation | None
    state: CampaignState
    approval: ApprovalOut | None
    version: int
    counts: CountsOut
    waiting_reason: str | None
    pause_reason: str | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    archived_at: datetime | None


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


def campaign_out(campaign: Campaign, counts: Counts) -> CampaignOut:
    """A campaign with these counts."""
    fields = {name: getattr(campaign, name) for name in CampaignOut.model_fields if name != "counts"}
    return CampaignOut.model_validate({**fields, "counts": counts.as_dict()})


async def answer(campaign: Campaign) -> CampaignOut:
    """A campaign with its counts as they are now."""
    return campaign_out(campaign, await counts_of(campaign))
