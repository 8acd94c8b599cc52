"""Standing campaigns: newcomers get the message, once, however often and at however many places one looks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from bson import ObjectId

from app.campaigns.life import service, standing
from app.campaigns.life.standing import add_newcomers, due_standing
from app.campaigns.sending.chunk import send_chunk
from app.campaigns.sending.packing import sizes_of
from app.campaigns.sending.prepare import prepare
from app.database import collection
from app.errors import Conflict
from app.segments.catalogue import forget_catalogue
from models import Campaign, Member, Segment
from models.campaign import CampaignState
from models.values import now
from tests.campaigns.conftest import add_people, add_segment, counts, draft, in_city, reload, states_of


async def _standing(member: Member, **fields: object) -> Campaign:
    campaign = await draft(member, [await add_segment("Pune", in_city("Pune"))], standing=True, **fields)
    campaign = await service.send(member, campaign.id)
    await prepare(campaign.id)
    return await reload(campaign)


async def _send_all(campaign: Campaign) -> None:
    async for chunk in collection("chunks").find({"campaign_id": campaign.id, "state": "waiting"}, {"_id": 1}):
        await send_chunk(chunk["_id"])


async def _frozen(campaign: Campaign) -> list[ObjectId]:
    found = await collection("chunks").find({"campaign_id": campaign.id}).sort("n", 1).to_list()
    assert [chunk["n"] for chunk in found] == list(range(len(found)))
    return [id for chunk in found for id in chunk["customer_ids"]]


async def _frozen_once(campaign: Campaign, people: Sequence[ObjectId]) -> None:
    frozen = await _frozen(campaign)
    assert sorted(frozen) == sorted(people)
    assert (await reload(campaign)).audience == len(people)
    assert (await counts(campaign)).audience == len(people)


async def test_who_enters_later_gets_it_once_and_who_was_in_never_again(database, settings, bob: Member):
    people = await add_people(3, city="Pune")
    campaign = await _standing(bob)
    await _send_all(campaign)
    assert await add_newcomers(campaign.id) == 0
    people += await add_people(2, start=10, city="Pune")
    assert await add_newcomers(campaign.id) == 2
    assert await add_newcomers(campaign.id) == 0
    await _frozen_once(campaign, people)
    await _send_all(campaign)
    assert (await states_of(campaign)) == {"sent": 5}
    # Leaving the segment and coming back is no second message.
    await collection("customers").update_many({"_id": {"$in": people}}, {"$set": {"city": "Delhi"}})
    assert await add_newcomers(campaign.id) == 0
    await collection("customers").update_many({"_id": {"$in": people}}, {"$set": {"city": "Pune"}})
    assert await add_newcomers(campaign.id) == 0
    await _frozen_once(campaign, people)


async def test_nobody_who_waits_in_a_chunk_is_added_again(database, settings, bob: Member):
    people = await add_people(4, city="Pune")
    campaign = await _standing(bob)
    people += await add_people(1, start=10, city="Pune")
    assert await add_newcomers(campaign.id) == 1
    assert await add_newcomers(campaign.id) == 0
    await _frozen_once(campaign, people)


async def test_many_that_add_at_once_add_everybody_once(database, settings, bob: Member):
    people = await add_people(2, city="Pune")
    campaign = await _standing(bob)
    people += await add_people(1_203, start=10, city="Pune")
    assert sum(await asyncio.gather(*(add_newcomers(campaign.id) for _ in range(6)))) == 1_203
    await _frozen_once(campaign, people)
    chunks = collection("chunks").find({"campaign_id": campaign.id}).sort("n", 1)
    assert [row["size"] async for row in chunks] == [2, *sizes_of(1_203)]


async def test_even_without_a_lease_nobody_is_added_twice(
    database, settings, bob: Member, monkeypatch: pytest.MonkeyPatch
):
    people = await add_people(2, city="Pune")
    campaign = await _standing(bob)
    people += await add_people(30, start=10, city="Pune")

    async def any_owner(campaign_id: ObjectId, owner: str) -> dict | None:
        return await collection("campaigns").find_one({"_id": campaign_id})

    renewed = await collection("campaigns").update_one({"_id": campaign.id}, {"$set": {"lease_owner": "same"}})
    assert renewed.matched_count == 1
    monkeypatch.setattr(standing, "_take", any_owner)
    monkeypatch.setattr(standing, "new_owner", lambda: "same")
    await asyncio.gather(*(add_newcomers(campaign.id) for _ in range(4)), return_exceptions=False)
    await _frozen_once(campaign, people)


async def test_it_looks_again_after_a_minute_and_a_large_one_later(database, settings, bob: Member):
    await add_people(1, city="Pune")
    campaign = await _standing(bob)
    assert await due_standing(now()) == [campaign.id]
    await add_newcomers(campaign.id)
    assert await due_standing(now()) == []
    assert await due_standing(now() + timedelta(seconds=61)) == [campaign.id]
    await collection("campaigns").update_one({"_id": campaign.id}, {"$set": {"audience": 1_000_000}})
    assert await due_standing(now() + timedelta(seconds=61)) == []
    assert await due_standing(now() + timedelta(seconds=600)) == [campaign.id]
    await service.pause(bob, campaign.id)
    assert await due_standing(now() + timedelta(seconds=600)) == []
    assert await add_newcomers(campaign.id) == 0


async def test_while_the_first_audience_has_hardly_begun_newcomers_wait(
    database, settings, bob: Member, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(standing, "UNBEGUN_CHUNKS", 0)
    await add_people(1, city="Pune")
    campaign = await _standing(bob)
    await add_people(1, start=5, city="Pune")
    assert await add_newcomers(campaign.id) == 0
    await _send_all(campaign)
    assert await add_newcomers(campaign.id) == 1


async def test_a_slice_after_a_slice_finds_the_same(database, settings, bob: Member, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(standing, "SLICE", 7)
    monkeypatch.setattr(standing, "CHUNK_SIZE", 5)
    people = await add_people(20, city="Pune")
    campaign = await _standing(bob)
    await _send_all(campaign)
    people += await add_people(33, start=100, city="Pune")
    assert await add_newcomers(campaign.id) == 33
    await _frozen_once(campaign, people)


async def test_a_segment_that_vanishes_pauses_it_with_the_reason(database, settings, bob: Member):
    await add_people(1, city="Pune")
    campaign = await _standing(bob)
    await Segment.find_all().delete()
    forget_catalogue()
    assert await add_newcomers(campaign.id) == 0
    paused = await reload(campaign)
    assert paused.state is CampaignState.PAUSED
    assert "cannot be found any more" in (paused.pause_reason or "")


async def test_finishing_sends_to_who_is_in_and_to_nobody_else(database, settings, bob: Member):
    await add_people(2, city="Pune")
    campaign = await _standing(bob)
    with pytest.raises(Conflict, match="2 people in this campaign still wait"):
        await service.finish(bob, (await service.pause(bob, campaign.id)).id)
    await service.resume(bob, campaign.id)
    still = await service.finish(bob, campaign.id)
    assert (still.state, still.standing) == (CampaignState.RUNNING, False)
    await add_people(1, start=10, city="Pune")
    assert await add_newcomers(campaign.id) == 0
    await _send_all(campaign)
    assert (await counts(campaign)).sent == 2


async def test_finishing_an_idle_one_is_done_at_once_and_its_copy_stands(database, settings, bob: Member):
    await add_people(2, city="Pune")
    campaign = await _standing(bob)
    await _send_all(campaign)
    done = await service.finish(bob, campaign.id)
    assert (done.state, (await counts(done)).sent) == (CampaignState.DONE, 2)
    assert (await service.duplicate(bob, done.id)).standing
    with pytest.raises(Conflict, match="Others finish by themselves"):
        await service.finish(bob, done.id)
