"""Fill an empty shop with the sample, through the same services as everybody else."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from beanie import PydanticObjectId

from app.auth.members import system_member
from app.bulk import BulkResult
from app.campaigns.life.service import create_campaign, send
from app.customers.service import bulk_upsert
from app.database import collection
from app.demo import sample
from app.demo.stories import CAMPAIGNS, SEGMENTS
from app.inputs import currency_places
from app.orders.service import bulk_orders
from app.segments.catalogue import forget_catalogue
from app.segments.service import create_segment
from app.settings import Settings
from models.campaign import Campaign
from models.customer import Customer
from models.member import Member
from models.segment import Segment
from models.values import fold

BATCH = 1_000
MARK = {"_id": "sample shop"}


@dataclass(frozen=True, kw_only=True)
class DemoSummary:
    """What was loaded; all zero when the shop had customers of its own or had the sample already."""

    customers: int = 0
    orders: int = 0
    segments: int = 0
    campaigns: int = 0


async def load_demo(settings: Settings) -> DemoSummary:
    """Load the sample shop into the connected database, unless it has customers.

    The latest order was yesterday in the shop's zone, and amounts are in its currency. Some campaigns are sent, to the
    built-in outbox and the simulator: a worker carries them out as soon as one runs. A load that was interrupted is
    taken up again by the next call; nothing is doubled.
    """
    demo = collection("demo")
    begun = await demo.find_one(MARK)
    if begun is None:
        if await Customer.find_one() is not None:
            return DemoSummary()
        await demo.insert_one({**MARK, "done": False})
    elif begun["done"]:
        return DemoSummary()
    member = system_member()
    move = sample.days_to_move(datetime.now(settings.zone).date())
    customers = await _write(bulk_upsert, member, sample.customers(move))
    orders = await _write(bulk_orders, member, sample.orders(move, currency_places(settings.currency)))
    forget_catalogue()
    segments = await _segments(member)
    campaigns = await _campaigns(member, segments, settings)
    await demo.update_one(MARK, {"$set": {"done": True}})
    return DemoSummary(customers=customers, orders=orders, segments=len(segments), campaigns=campaigns)


async def _write(
    bulk: Callable[[Member, list[Any]], Awaitable[BulkResult]], member: Member, rows: Iterable[dict[str, Any]]
) -> int:
    """Write the rows in batches; how many there were. A refused row is a defect of the sample, so it raises."""
    waiting = iter(rows)
    written = 0
    while batch := list(itertools.islice(waiting, BATCH)):
        result = await bulk(member, batch)
        if result.errors:
            raise ValueError(f"the sample has a row that is refused: {result.errors[0]}")
        written += len(batch)
    return written


async def _segments(member: Member) -> dict[str, PydanticObjectId]:
    """The sample's segments by name; those that an interrupted load had made are left as they are."""
    ids: dict[str, PydanticObjectId] = {}
    for story in SEGMENTS:
        found = await Segment.find_one({"name_folded": fold(story.name)})
        segment = found or await create_segment(member, name=story.name, rule=story.rule, description=story.description)
        ids[story.name] = PydanticObjectId(segment.id)
    return ids


async def _campaigns(member: Member, segments: dict[str, PydanticObjectId], settings: Settings) -> int:
    for story in CAMPAIGNS:
        campaign = await Campaign.find_one({"name": story.name})
        if campaign is None:
            fields: dict[str, Any] = {
                "name": story.name,
                "channel": story.channel,
                "subject": story.subject,
                "body": story.body,
                "segment_ids": [segments[story.segment]],
                **story.plan,
            }
            if story.monday is not None:
                fields["scheduled_at"] = f"{_next_monday(datetime.now(settings.zone).date())}T{story.monday}"
            campaign = await create_campaign(member, fields)
        if story.sent and campaign.state == "draft":
            await send(member, str(campaign.id))
    return len(CAMPAIGNS)


def _next_monday(today: date) -> date:
    """The first Monday after today."""
    return today + timedelta(days=7 - today.weekday())
