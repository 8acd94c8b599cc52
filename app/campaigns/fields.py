"""What may be said of a campaign: the input of REST and forms."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from beanie import PydanticObjectId
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.channels.ways_out import AVAILABLE
from app.inputs import moment, one_line
from models.campaign import Channel

NAME_CHARACTERS = 120


def _channel(value: object) -> object:
    """A channel this installation has."""
    known = [channel.value for channel in AVAILABLE]
    if isinstance(value, str) and value not in known:
        if value in {channel.value for channel in Channel}:
            raise ValueError(f"{value} is not available in this installation yet; choose email")
        raise ValueError(f"should be one of {', '.join(known)}")
    return value


def _id(value: object) -> object:
    if not PydanticObjectId.is_valid(value):
        raise ValueError(f"{str(value)[:40]!r} is not the id of a segment")
    return PydanticObjectId(value)  # type: ignore[arg-type]  # is_valid has looked at it


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("should be a number")
    return value


def _whole(value: object) -> object:
    return _no_boolean(value) if value != "" else None


def _filled(value: object) -> object:
    return "" if isinstance(value, str) and not value.strip() else value


SegmentId = Annotated[PydanticObjectId, BeforeValidator(_id)]
Name = Annotated[str, BeforeValidator(lambda value: one_line(value) or "" if isinstance(value, str) else value)]
Text = Annotated[str, BeforeValidator(_filled), Field(min_length=1)]
Moment = Annotated[datetime | None, BeforeValidator(moment), Field(examples=["2026-03-31T14:30:00Z"])]
Rate = Annotated[
    Annotated[int, Field(ge=1, le=100_000)] | None,
    BeforeValidator(_whole),
    Field(description="Messages a second at most."),
]
Percent = Annotated[float, BeforeValidator(_no_boolean), Field(ge=0, le=50, allow_inf_nan=False)]
SendingChannel = Annotated[Channel, BeforeValidator(_channel)]


class CampaignInput(BaseModel):
    """A new campaign. A subject and a body are needed; segments may be chosen later, before it is sent."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Name, Field(min_length=1, max_length=NAME_CHARACTERS)]
    channel: SendingChannel = Channel.EMAIL
    subject: Text = Field(description="One line with Liquid merge tags.")
    body: Text = Field(description="HTML or plain text with Liquid merge tags.")
    segment_ids: list[SegmentId] = Field(default_factory=list, max_length=50)
    exclude_segment_ids: list[SegmentId] = Field(default_factory=list, max_length=50)
    throttle_per_second: Rate = None
    scheduled_at: Moment = None
    holdout_percent: Percent = 0


class CampaignPatch(BaseModel):
    """Changes to a campaign; what is left out stays. `version`, when given, must be the one that was read."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Name, Field(min_length=1, max_length=NAME_CHARACTERS)] = ""
    channel: SendingChannel = Channel.EMAIL
    subject: Text = ""
    body: Text = ""
    segment_ids: list[SegmentId] = Field(default_factory=list, max_length=50)
    exclude_segment_ids: list[SegmentId] = Field(default_factory=list, max_length=50)
    throttle_per_second: Rate = None
    scheduled_at: Moment = None
    holdout_percent: Percent = 0
    version: int | None = None
