"""The tail that open pages share: one read however many look, none while nobody does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bson import ObjectId

from app.campaigns.record import tails as tails_module
from app.campaigns.record.live import Updates
from app.campaigns.record.progress import snapshot
from app.campaigns.record.tails import Tails
from app.database import collection
from models import Campaign
from models.campaign import CampaignState
from models.values import now
from tests.campaigns.conftest import until


@pytest.fixture
async def campaign(database: object) -> Campaign:
    """A running one, with nothing sent."""
    return await Campaign(name="Winter", state=CampaignState.RUNNING, audience=0).insert()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[ObjectId]:
    """Which campaigns were read."""
    seen: list[ObjectId] = []
    original = tails_module.latest

    async def counted(id: ObjectId, limit: int) -> Any:
        seen.append(id)
        return await original(id, limit)

    monkeypatch.setattr(tails_module, "latest", counted)
    monkeypatch.setattr(tails_module, "READ_SECONDS", 0.01)
    return seen


async def _send(campaign: Campaign, name: str) -> None:
    customer = ObjectId()
    row = {"_id": f"{campaign.id}:{customer}", "campaign_id": campaign.id, "customer_id": customer, "name": name}
    await collection("deliveries").insert_one({**row, "state": "sent", "updated_at": now()})


async def test_many_watchers_are_told_by_one_read(campaign: Campaign, reads: list[ObjectId]) -> None:
    source = Updates()
    tails = Tails(source)
    told: list[list[str]] = [[] for _ in range(20)]

    def teller(number: int) -> Any:
        return lambda rows: told[number].append(",".join(row["name"] for row in rows))

    await _send(campaign, "Ann")
    ends = [tails.watch(str(campaign.id), teller(number)) for number in range(20)]
    await until(lambda: _true(all(one == ["Ann"] for one in told)))
    assert len(reads) <= 2
    await _send(campaign, "Ben")
    source._tell(str(campaign.id), await snapshot(str(campaign.id)))
    await until(lambda: _true(all(one[-1] == "Ben,Ann" for one in told)))
    assert all(one == ["Ann", "Ben,Ann"] for one in told), "rows that are the same are not told again"
    for end in ends:
        end()
        end()
    before = len(reads)
    await _send(campaign, "Cleo")
    source._tell(str(campaign.id), await snapshot(str(campaign.id)))
    await asyncio.sleep(0.05)
    assert len(reads) == before, "nobody looks any more"
    assert not source._callbacks


async def test_who_comes_later_is_told_what_is_known(campaign: Campaign, reads: list[ObjectId]) -> None:
    tails = Tails(Updates())
    await _send(campaign, "Ann")
    first: list[Any] = []
    second: list[Any] = []
    end = tails.watch(str(campaign.id), first.append)
    await until(lambda: _true(first))
    other = tails.watch(str(campaign.id), second.append)
    assert second == first
    end()
    other()


async def test_one_watcher_that_fails_does_not_stop_the_others(campaign: Campaign, reads: list[ObjectId]) -> None:
    tails = Tails(Updates())
    await _send(campaign, "Ann")
    told: list[Any] = []

    def broken(_: Any) -> None:
        raise ValueError("no")

    ends = [tails.watch(str(campaign.id), broken), tails.watch(str(campaign.id), told.append)]
    await until(lambda: _true(told))
    for end in ends:
        end()


async def _true(found: Any) -> Any:
    return found
