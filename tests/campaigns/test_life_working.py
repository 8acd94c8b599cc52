"""Series and standing campaigns carried out by real workers and their clock."""

from __future__ import annotations

from datetime import timedelta

from app.campaigns.life import service
from app.database import collection
from models import Campaign, Member
from models.campaign import CampaignState
from models.values import now
from tests.campaigns.conftest import add_people, add_segment, counts, draft, in_city, reload, until, until_state
from tests.fakes.worker import working


async def test_each_time_of_a_series_is_sent_once_by_two_that_tick(mailing, sink, bob: Member):
    await add_people(6)
    series = await draft(
        bob, [await add_segment("All")], scheduled_at=now() + timedelta(hours=1), repeat={"unit": "day"}
    )
    await service.send(bob, series.id)
    due = now() - timedelta(seconds=1)
    await Campaign.find_one({"_id": series.id}).update({"$set": {"scheduled_at": due, "repeat_from": due}})

    async def made() -> Campaign | None:
        return await Campaign.find_one({"series_id": series.id})

    async with working(mailing, threads=2) as clock:
        await clock.tick()
        one = await until(made)
        await until_state(one, CampaignState.DONE)
    assert sorted(sink.counts.values()) == [1] * 6
    assert await Campaign.find({"series_id": series.id}).count() == 1
    waiting = await reload(series)
    assert (waiting.state, waiting.scheduled_at) == (CampaignState.SCHEDULED, due + timedelta(days=1))


async def test_a_standing_campaign_runs_on_and_newcomers_get_it(mailing, sink, bob: Member):
    await add_people(4, city="Pune")
    campaign = await draft(bob, [await add_segment("Pune", in_city("Pune"))], standing=True)
    await service.send(bob, campaign.id)
    async with working(mailing, threads=2):

        async def sent(number: int) -> bool:
            return (await counts(campaign)).sent == number

        await until(lambda: sent(4))
        await add_people(3, start=10, city="Pune")
        await collection("campaigns").update_one(
            {"_id": campaign.id}, {"$set": {"looked_at": now() - timedelta(minutes=5)}}
        )
        await until(lambda: sent(7))
        assert (await reload(campaign)).state is CampaignState.RUNNING
        await service.finish(bob, campaign.id)
        await until_state(campaign, CampaignState.DONE)
    assert sorted(sink.counts.values()) == [1] * 7
    assert (await counts(campaign)).audience == 7
