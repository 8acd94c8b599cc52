"""A campaign from launch to done, over the real queue, database and SMTP."""

from __future__ import annotations

from app.campaigns.life import service
from app.campaigns.record.progress import tail
from app.database import collection
from models import Campaign, Member, Suppression
from models.campaign import CampaignState
from tests.campaigns.conftest import (
    add_people,
    add_segment,
    counts,
    draft,
    in_city,
    states_of,
    until_state,
)
from tests.fakes.worker import working


async def test_everybody_gets_exactly_one_message_and_the_counts_add_up_at_every_moment(mailing, sink, bob: Member):
    await add_people(1300)
    campaign = await service.send(bob, (await draft(bob, [await add_segment("All")])).id)
    assert campaign.state is CampaignState.PREPARING
    async with working(mailing):
        done = await until_state(campaign, CampaignState.DONE)
    found = await counts(campaign)
    assert (found.audience, found.sent, found.pending, found.failed) == (1300, 1300, 0, 0)
    assert set(sink.counts.values()) == {1}
    assert len(sink.counts) == 1300
    assert len({mail.message_id for mail in sink.received}) == 1300
    assert done.started_at is not None
    assert done.finished_at is not None
    assert len(await tail(str(campaign.id))) == 20


async def test_overlapping_segments_count_once_and_excluded_ones_not_at_all(mailing, sink, bob: Member):
    await add_people(400)
    west = await add_segment("India", in_city("Pune", "Mumbai"))
    north = await add_segment("Pune and Berlin", in_city("Pune", "Berlin"))
    without = await add_segment("Berlin", in_city("Berlin"))
    made = await draft(bob, [west, north], exclude_segment_ids=[without])
    assert (await service.estimate(bob, [west, north], [without], "email")).audience == 200
    campaign = await service.send(bob, made.id)
    async with working(mailing):
        await until_state(campaign, CampaignState.DONE)
    assert (await counts(campaign)).sent == 200
    assert {int(address[1:].partition("@")[0]) % 4 for address in sink.counts} == {0, 1}
    assert set(sink.counts.values()) == {1}


async def test_who_may_not_be_contacted_is_skipped_with_the_reason_and_some_are_held_out(mailing, sink, bob: Member):
    await add_people(300)
    await add_people(10, start=1000, email_opt_in=False)
    await add_people(5, start=2000, email=None)
    await Suppression(channel="email", address="p7@example.com", reason="unsubscribed").insert()
    everybody = await add_segment("All")
    made = await draft(bob, [everybody], holdout_percent=20)
    reach = await service.estimate(bob, [everybody], [], "email")
    assert (reach.audience, reach.reachable) == (315, 299)
    assert reach.skipped == {"Has not agreed to receive email": 10, "No email address": 5, "Unsubscribed": 1}
    campaign = await service.send(bob, made.id)
    async with working(mailing):
        await until_state(campaign, CampaignState.DONE)
    found = await counts(campaign)
    assert (found.audience, found.skipped) == (315, 16)
    assert 25 < found.held_out < 100
    assert found.sent == 299 - found.held_out == len(sink.counts)
    assert "p7@example.com" not in sink.counts
    states = await states_of(campaign)
    assert (states["skipped"], states["suppressed"], states["held_out"]) == (15, 1, found.held_out)
    reasons = await collection("deliveries").distinct("reason", {"state": {"$in": ["skipped", "suppressed"]}})
    assert sorted(reasons) == sorted(reach.skipped)


async def test_without_a_mail_server_email_goes_to_the_outbox(settings, database, bob: Member):
    await add_people(60)
    campaign = await service.send(bob, (await draft(bob, [await add_segment("All")])).id)
    async with working(settings):
        await until_state(campaign, CampaignState.DONE)
    assert (await counts(campaign)).sent == 60
    assert await collection("outbox").count_documents({}) == 60


async def test_a_scheduled_campaign_starts_at_its_time(mailing, sink, bob: Member):
    from datetime import timedelta

    from models.values import now

    await add_people(20)
    everybody = await add_segment("All")
    due = now() + timedelta(seconds=4)
    made = await draft(bob, [everybody], scheduled_at=due)
    campaign = await service.send(bob, made.id)
    assert campaign.state is CampaignState.SCHEDULED
    async with working(mailing):
        done = await until_state(campaign, CampaignState.DONE)
    assert isinstance(done, Campaign)
    assert done.started_at is not None
    assert done.started_at >= due
    assert sink.counts.total() == 20
