"""A shop with customers, segments and a mail server that takes everything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from bson import Decimal128, ObjectId

from app.campaigns.life.service import create_campaign
from app.campaigns.record import signals
from app.campaigns.record.progress import Counts, counts_of
from app.channels.ways_out import close_channels
from app.database import collection
from app.segments.catalogue import forget_catalogue
from app.settings import Settings, use_settings
from models import Campaign, Customer, Member, Segment
from models.campaign import CampaignState
from models.customer import shadows_of
from models.values import fold
from tasks import clock
from tests.fakes.smtp import SmtpSink

CITIES = ("Pune", "Mumbai", "Berlin", "Lagos")

_template: dict[str, Any] = {}


async def add_people(count: int, *, start: int = 0, **fields: Any) -> list[ObjectId]:
    """Customers p0@example.com, p1@..., in Pune, Mumbai, Berlin and Lagos by turns, all of whom agreed to email."""
    if not _template:
        _template.update(Customer(first_name="x").model_dump(exclude={"id", "revision_id"}))
        _template.update(total_spent=Decimal128("0"))
    rows = []
    for number in range(start, start + count):
        own = {
            "first_name": f"P{number}",
            "last_name": "Person",
            "email": f"p{number}@example.com",
            "city": CITIES[number % 4],
            "email_opt_in": True,
            **fields,
        }
        rows.append({**_template, "_id": ObjectId(), **own, **shadows_of(own)})
    await collection("customers").insert_many(rows)
    return [row["_id"] for row in rows]


async def add_segment(name: str, *conditions: dict[str, Any], combinator: str = "and") -> str:
    """A segment of these conditions; without any, one that takes everybody."""
    rules = list(conditions) or [{"field": "last_name", "operator": "=", "value": "Person"}]
    rule = {"combinator": combinator, "rules": rules}
    segment = await Segment(name=name, name_folded=fold(name), rule=rule).insert()
    forget_catalogue()
    return str(segment.id)


def in_city(*cities: str) -> dict[str, Any]:
    return {"field": "city", "operator": "in", "value": list(cities)}


async def draft(member: Member, segment_ids: list[str], **fields: Any) -> Campaign:
    """A draft with a short personal message."""
    data = {
        "name": "Spring",
        "subject": "Hello {{ customer.first_name }}",
        "body": "<p>Dear {{ customer.name }}, <a href='{{ unsubscribe_url }}'>leave</a></p>",
        "segment_ids": segment_ids,
        **fields,
    }
    return await create_campaign(member, data)


async def reload(campaign: Campaign) -> Campaign:
    found = await Campaign.get(campaign.id)
    assert found is not None
    return found


async def counts(campaign: Campaign) -> Counts:
    """The counts now; that they add up is checked at every look."""
    found = await counts_of(await reload(campaign))
    assert found.adds_up, found
    return found


async def until(look: Callable[[], Awaitable[Any]], *, seconds: float = 15.0) -> Any:
    """The first true answer, looked for every 20 ms until the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        found = await look()
        if found:
            return found
        assert time.monotonic() < deadline, "waited too long"
        await asyncio.sleep(0.02)


async def until_state(campaign: Campaign, *states: CampaignState, seconds: float = 15.0) -> Campaign:
    """The campaign once it is in one of these states; its counts add up at every look until then."""

    async def look() -> Campaign | None:
        await counts(campaign)
        now = await reload(campaign)
        return now if now.state in states else None

    return await until(look, seconds=seconds)


async def states_of(campaign: Campaign) -> dict[str, int]:
    """How many deliveries are in each state."""
    found = await collection("deliveries").aggregate(
        [{"$match": {"campaign_id": campaign.id}}, {"$group": {"_id": "$state", "n": {"$sum": 1}}}]
    )
    return {row["_id"]: row["n"] async for row in found}


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    """A mail server."""
    with SmtpSink() as server:
        yield server


@pytest.fixture
async def mailing(
    settings: Settings, database: object, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Settings]:
    """Settings whose SMTP_URL is the sink; the clock ticks five times a second."""
    monkeypatch.setattr(clock, "PERIOD_SECONDS", 0.2)
    mine = settings.model_copy(update={"smtp_url": sink.url, "mail_from": "Bean Shop <shop@beans.example>"})
    use_settings(mine)
    forget_catalogue()
    yield mine
    await close_channels()
    await signals.close_signals()
