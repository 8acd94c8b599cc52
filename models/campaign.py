"""A message to an audience, with a state that only moves by compare and swap."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from models.campaign_approval import Approval
from models.campaign_plan import Ambiguity, Repeat, Simulation, WarmUp
from models.values import Moment, now


class Channel(StrEnum):
    """How a message leaves. `email` goes by SMTP, or to the built-in outbox while no mail server is set."""

    EMAIL = "email"
    SMS = "sms"
    WEBHOOK = "webhook"
    OUTBOX = "outbox"
    SIMULATOR = "simulator"


class CampaignState(StrEnum):
    """The life of a campaign."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHING = "finishing"
    DONE = "done"
    CANCELLED = "cancelled"


class Campaign(Document):
    """One campaign. Every change of `state` compares and swaps on (state, version).

    `body` is HTML with Liquid merge tags; `audience` is the number frozen into chunks at launch. Counts are never kept
    here: `app.campaigns.record.progress` derives them from the chunks, whose tallies derive from the deliveries.
    `waiting_reason` says why a running campaign does not move (mail server away), `pause_reason` why it was paused.
    `breaker_sent` and `breaker_failed` are the counts at the last start or resume: the breaker judges what came since.
    `away` counts in a row the times that the channel's server could not be reached, `away_at` is the last counted.
    Beside a `waiting_reason` that is one of its own limits, `waiting_until` is when that has room again.

    A campaign with `repeat` is a series: at each `scheduled_at` it makes a campaign of its own (`series_id`,
    `occurrence_at`) and goes on to the next; `repeat_from` is the first, whose day of the month and local time of day
    count for all. A `standing` one also goes to everybody who enters its segments later,
    once; `looked_at` is when it last looked. `window_messages` in any `window_minutes` and `warm_up` are limits beside
    `throttle_per_second`. `simulation` is for the simulator alone. `approval` is a second person's word, where the
    workspace asks for one.
    """

    name: str
    channel: Channel = Channel.EMAIL
    subject: str = ""
    preview_text: str = ""
    body: str = ""
    segment_ids: list[PydanticObjectId] = Field(default_factory=list)
    exclude_segment_ids: list[PydanticObjectId] = Field(default_factory=list)
    throttle_per_second: int | None = None
    scheduled_at: Moment | None = None
    holdout_percent: float = 0
    ambiguity: Ambiguity = Ambiguity.UNKNOWN
    window_messages: int | None = None
    window_minutes: int | None = None
    warm_up: WarmUp | None = None
    repeat: Repeat | None = None
    repeat_from: Moment | None = None
    series_id: PydanticObjectId | None = None
    occurrence_at: Moment | None = None
    standing: bool = False
    looked_at: Moment | None = None
    simulation: Simulation | None = None
    archived_at: Moment | None = None
    state: CampaignState = CampaignState.DRAFT
    version: int = 1
    audience: int | None = None
    approval: Approval | None = None
    waiting_reason: str | None = None
    pause_reason: str | None = None
    breaker_sent: int = 0
    breaker_failed: int = 0
    away: int = 0
    away_at: Moment | None = None
    waiting_until: Moment | None = None
    lease_owner: str | None = None
    lease_until: Moment | None = None
    created_by: PydanticObjectId | None = None
    launched_by: PydanticObjectId | None = None
    created_at: Moment = Field(default_factory=now)
    updated_at: Moment = Field(default_factory=now)
    started_at: Moment | None = None
    finished_at: Moment | None = None

    class Settings:
        name = "campaigns"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("updated_at", DESCENDING), ("_id", DESCENDING)]),
            IndexModel([("state", ASCENDING), ("scheduled_at", ASCENDING)]),
            IndexModel("segment_ids"),
            IndexModel("approval.state", sparse=True),
            IndexModel(
                [("series_id", ASCENDING), ("occurrence_at", ASCENDING)],
                unique=True,
                partialFilterExpression={"occurrence_at": {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}},
            ),
        ]
