"""Campaigns that go out again and again: each time is a campaign of its own, made once however many workers look."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from babel.dates import format_date
from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from app.campaigns.life.schedule import first_after, latest_due
from app.campaigns.record.progress import publish_hint
from app.database import collection, in_transaction
from app.segments.saved.holds import take_turns
from app.settings import get_settings
from models.campaign import Campaign, CampaignState
from models.values import now

NAME_CHARACTERS = 120
_OWN = {
    "id",
    "revision_id",
    "repeat",
    "repeat_from",
    "standing",
    "looked_at",
    "state",
    "version",
    "archived_at",
    "lease_owner",
    "lease_until",
    "created_at",
    "updated_at",
}
"""What a campaign of a series does not take over from it."""

log = structlog.get_logger(__name__)


async def due_series(moment: datetime) -> None:
    """Make the campaign of every series whose time has come, and move the series on to its next time or its end.

    One indexed read while nothing is due. Safe at any number of places at once: campaign and move are one transaction
    that compares and swaps on the series, and (series_id, occurrence_at) is unique.
    """
    due = {"state": CampaignState.SCHEDULED, "scheduled_at": {"$lte": moment}, "repeat": {"$ne": None}}
    async for row in collection("campaigns").find(due):
        try:
            await _occur(Campaign.model_validate(row), moment)
        except ValueError:
            # One that cannot be read must not stop the clock, and with it everybody else's campaigns.
            log.exception("series cannot be read", series=str(row["_id"]))


async def _occur(series: Campaign, moment: datetime) -> None:
    assert series.id is not None
    assert series.repeat is not None
    assert series.scheduled_at is not None
    zone = get_settings().zone
    start = series.repeat_from or series.scheduled_at
    at = latest_due(start, series.repeat, zone, series.scheduled_at, moment)
    following = first_after(start, series.repeat, zone, max(at, moment))
    one = _campaign(series, at)

    async def make(session: AsyncClientSession) -> bool:
        await take_turns(session)  # it refers to the segments of the series
        if not await _moved_on(series, following, session):
            return False
        await collection("campaigns").insert_one(one, session=session)
        return True

    try:
        made = await in_transaction(make)
    except DuplicateKeyError:
        # Made before, by a series that was set back in time since: go on without a second one.
        made = False
        await _moved_on(series, following)
    if made:
        log.info("campaign of a series", series=str(series.id), campaign=str(one["_id"]), at=at.isoformat())
        await publish_hint(one["_id"], at_once=True)
    await publish_hint(series.id, at_once=True)


async def _moved_on(series: Campaign, following: datetime | None, session: AsyncClientSession | None = None) -> bool:
    """Wait for the next time, or be done when there is none. False when somebody else was faster."""
    ended = {"state": CampaignState.DONE, "scheduled_at": None, "finished_at": now()}
    swapped = await collection("campaigns").update_one(
        {"_id": series.id, "state": CampaignState.SCHEDULED, "version": series.version},
        {
            "$set": {"updated_at": now(), **({"scheduled_at": following} if following else ended)},
            "$inc": {"version": 1},
        },
        session=session,
    )
    return swapped.matched_count == 1


def _campaign(series: Campaign, at: datetime) -> dict[str, Any]:
    """What goes out at this time: the series as it is now, ready to be prepared."""
    fields = series.model_dump(exclude=_OWN)
    occurrence = Campaign(
        **fields
        | {
            "name": occurrence_name(series.name, at),
            "state": CampaignState.PREPARING,
            "series_id": series.id,
            "occurrence_at": at,
            "scheduled_at": at,
        }
    )
    return {"_id": ObjectId(), **occurrence.model_dump(exclude={"id", "revision_id"})}


def occurrence_name(name: str, at: datetime) -> str:
    """ "Newsletter, 22 Nov 2026": the day is the shop's."""
    day = format_date(at.astimezone(get_settings().zone).date(), "d MMM yyyy", locale="en_US")
    return f"{name[: NAME_CHARACTERS - len(day) - 2]}, {day}"


def next_time(series: Campaign) -> datetime | None:
    """When the series is due after now; None when `until` has ended it or it is no series."""
    start = series.repeat_from or series.scheduled_at
    if series.repeat is None or start is None:
        return None
    return first_after(start, series.repeat, get_settings().zone, now())
