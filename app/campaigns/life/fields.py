"""What may be said of a campaign: the input of REST and forms."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from beanie import PydanticObjectId
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.channels.ways_out import check_available
from app.errors import InvalidInput
from app.inputs import moment, one_line
from models.campaign import Channel
from models.campaign_plan import Ambiguity, Repeat, Simulation, WarmUp

NAME_CHARACTERS = 120
PREVIEW_CHARACTERS = 200


def _channel(value: object) -> object:
    """A channel this installation has."""
    kinds = {channel.value for channel in Channel}
    if not isinstance(value, str) or value not in kinds:
        raise ValueError(f"should be one of {', '.join(channel.value for channel in Channel)}")
    try:
        check_available(Channel(value))
    except InvalidInput as problem:
        raise ValueError(problem.errors[0].message) from problem
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


def _line(value: object) -> object:
    return one_line(value) or "" if isinstance(value, str) else value


SegmentId = Annotated[PydanticObjectId, BeforeValidator(_id)]
Name = Annotated[str, BeforeValidator(_line)]
Subject = Annotated[
    str, BeforeValidator(_filled), Field(description="One line with Liquid merge tags, where the channel has one.")
]
PreviewText = Annotated[
    str,
    BeforeValidator(_filled),
    Field(max_length=PREVIEW_CHARACTERS, description="What mail programs show behind the subject; merge tags too."),
]
Body = Annotated[
    str,
    BeforeValidator(_filled),
    Field(min_length=1, description="HTML or plain text with Liquid merge tags; a text message is plain text."),
]
Moment = Annotated[
    datetime | None,
    BeforeValidator(moment),
    Field(
        examples=["2026-03-31T14:30:00Z"],
        description="Without a zone it is the shop's local time: one that the clocks skip is read with the offset from "
        "before (02:30 becomes 03:30), one that comes twice is the first of the two.",
    ),
]
Rate = Annotated[
    Annotated[int, Field(ge=1, le=100_000)] | None,
    BeforeValidator(_whole),
    Field(description="Messages a second at most."),
]
WindowMessages = Annotated[
    Annotated[int, Field(ge=1, le=10_000_000)] | None,
    BeforeValidator(_whole),
    Field(description="Messages at most in any `window_minutes`."),
]
WindowMinutes = Annotated[
    Annotated[int, Field(ge=1, le=10_080)] | None,
    BeforeValidator(_whole),
    Field(description="Minutes of the sliding window, a week at most."),
]
Percent = Annotated[float, BeforeValidator(_no_boolean), Field(ge=0, le=50, allow_inf_nan=False)]
SendingChannel = Annotated[Channel, BeforeValidator(_channel)]


class RepeatInput(Repeat):
    """Every `every` days, weeks or months at the local time of `scheduled_at`, until `until` if given."""

    until: Moment = None


class CampaignInput(BaseModel):
    """A new campaign. A body is needed, and a subject where the channel has one; segments may be chosen later."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Name, Field(min_length=1, max_length=NAME_CHARACTERS)]
    channel: SendingChannel = Channel.EMAIL
    subject: Subject = ""
    preview_text: PreviewText = ""
    body: Body
    segment_ids: list[SegmentId] = Field(default_factory=list, max_length=50)
    exclude_segment_ids: list[SegmentId] = Field(default_factory=list, max_length=50)
    throttle_per_second: Rate = None
    window_messages: WindowMessages = None
    window_minutes: WindowMinutes = None
    warm_up: WarmUp | None = None
    scheduled_at: Moment = None
    repeat: RepeatInput | None = None
    standing: bool = Field(False, description="Also goes to everybody who enters the segments later, once.")
    holdout_percent: Percent = 0
    ambiguity: Ambiguity = Field(
        Ambiguity.UNKNOWN, description="What becomes of a message that may or may not have arrived."
    )
    simulation: Simulation | None = Field(None, description="The faults of the channel simulator.")


class CampaignPatch(BaseModel):
    """Changes to a campaign; what is left out stays. `version`, when given, must be the one that was read."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Name, Field(min_length=1, max_length=NAME_CHARACTERS)] = ""
    channel: SendingChannel = Channel.EMAIL
    subject: Subject = ""
    preview_text: PreviewText = ""
    body: Body = ""
    segment_ids: list[SegmentId] = Field(default_factory=list, max_length=50)
    exclude_segment_ids: list[SegmentId] = Field(default_factory=list, max_length=50)
    throttle_per_second: Rate = None
    window_messages: WindowMessages = None
    window_minutes: WindowMinutes = None
    warm_up: WarmUp | None = None
    scheduled_at: Moment = None
    repeat: RepeatInput | None = None
    standing: bool = False
    holdout_percent: Percent = 0
    ambiguity: Ambiguity = Ambiguity.UNKNOWN
    simulation: Simulation | None = None
    version: int | None = None


FIELDS = frozenset(CampaignInput.model_fields)
"""The names of what a member may say of a campaign."""


def fields_of(campaign: Any) -> dict[str, Any]:
    """What was said of a campaign, as documents hold it."""
    found: dict[str, Any] = campaign.model_dump(include=set(FIELDS))
    return found
