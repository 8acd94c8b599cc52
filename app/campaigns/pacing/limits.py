"""The limits a campaign has of its own, and what they say about how long it will take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.campaigns.pacing.buckets import lump_of, per_second
from app.campaigns.pacing.script import PREFIX, moment_now
from app.campaigns.pacing.warm_up import allowance, day_number, today
from app.campaigns.pacing.window import window
from app.settings import get_settings
from models.campaign_plan import WarmUp

DAY_SECONDS = 86_400.0
UNDER_WAY_SECONDS = 2.0
"""A window is so much longer than asked for, because it counts at the hand-over and one message is under way for longer
than another. So no window of the asked length holds too many at the other end either.
"""

LONGEST_FORECAST = 3_660
SHARE_AT_ONCE = 20
"""A full window lets nobody go before a twentieth of it is free, or a chunk would be taken up for each message."""


def limits_of(campaign: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every limit that this campaign's messages must pass now, the installation's first; empty when there is none."""
    id = campaign["_id"]
    limits: list[dict[str, Any]] = []
    if overall := get_settings().send_per_second:
        limits += per_second("all", overall)
    if rate := campaign.get("throttle_per_second"):
        limits += per_second(str(id), rate, lump=lump_of(rate))
    if most := _window_of(campaign):
        messages, length = most
        lump = max(1, min(50, messages // SHARE_AT_ONCE))
        held = window(f"{PREFIX}:{id}:window", messages, length + UNDER_WAY_SECONDS, lump=lump)
        limits.append({**held, "minutes": campaign["window_minutes"]})
    if campaign.get("warm_up"):
        limits.append(today(id, _warm_up_of(campaign), _start_of(campaign), _moment()))
    return limits


def useful(campaign: Mapping[str, Any], most: int = 50) -> int:
    """How many recipients are worth judging and asking about at once: `most`, fewer under a slow throttle.

    Twice what leaves at once, so that few hands on a busy machine take what has gathered meanwhile.
    """
    rates = [rate for rate in (campaign.get("throttle_per_second"), get_settings().send_per_second) if rate]
    return min([most, *(2 * lump_of(rate) for rate in rates)])


def least_seconds(campaign: Mapping[str, Any], pending: int) -> float:
    """How long the limits alone make so many messages take from now, at least; 0 when there are none."""
    if pending <= 0:
        return 0.0
    moment = _moment()
    until = campaign.get("waiting_until") if campaign.get("waiting_reason") else None
    begin = max(moment, _aware(until)) if until else moment
    waits = (begin - moment).total_seconds()
    rates = [rate for rate in (campaign.get("throttle_per_second"), get_settings().send_per_second) if rate]
    longest = max([0.0, *(pending / rate for rate in rates)])
    if most := _window_of(campaign):
        messages, length = most
        longest = max(longest, (math.ceil(pending / messages) - 1) * length)
    if campaign.get("warm_up"):
        longest = max(longest, _warm_up_seconds(campaign, pending, begin))
    return waits + longest


def _warm_up_seconds(campaign: Mapping[str, Any], pending: int, begin: datetime) -> float:
    warm_up, start = _warm_up_of(campaign), _start_of(campaign)
    number, _, ends = day_number(start, begin)
    seconds = 0.0
    for day in range(number, number + LONGEST_FORECAST):
        pending -= allowance(warm_up, day)
        if pending <= 0:
            break
        seconds = (ends - begin).total_seconds() + (day - number) * DAY_SECONDS
    return seconds


def _window_of(campaign: Mapping[str, Any]) -> tuple[int, float] | None:
    messages, minutes = campaign.get("window_messages"), campaign.get("window_minutes")
    return (messages, minutes * 60.0) if messages and minutes else None


def _warm_up_of(campaign: Mapping[str, Any]) -> WarmUp:
    return WarmUp.model_validate(campaign["warm_up"], from_attributes=True)


def _start_of(campaign: Mapping[str, Any]) -> datetime:
    return _aware(campaign.get("started_at") or _moment())


def _moment() -> datetime:
    return datetime.fromtimestamp(moment_now(), UTC)


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)
