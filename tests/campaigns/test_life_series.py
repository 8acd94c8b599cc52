"""Campaigns that repeat: one campaign each time, exactly once, and what pausing and ending them means."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.campaigns.life import service
from app.campaigns.life.series import due_series
from app.errors import Conflict, InvalidInput
from app.settings import Settings, use_settings
from models import Campaign, Member
from models.campaign import CampaignState
from models.values import now
from tests.campaigns.conftest import add_people, add_segment, draft, reload

ZONE = ZoneInfo("Asia/Kolkata")


async def _series(member: Member, *, starts_in: timedelta = timedelta(hours=1), **fields: object) -> Campaign:
    await add_people(3)
    fields = {"repeat": {"every": 1, "unit": "week"}, **fields}
    campaign = await draft(member, [await add_segment("All")], scheduled_at=now() + starts_in, **fields)
    return await service.send(member, campaign.id)


async def _made(series: Campaign) -> list[Campaign]:
    return await Campaign.find({"series_id": series.id}).sort("occurrence_at").to_list()


async def test_each_time_makes_one_campaign_and_moves_on(database, settings, bob: Member):
    series = await _series(bob, throttle_per_second=7, preview_text="Soon")
    first = series.scheduled_at
    assert series.state is CampaignState.SCHEDULED
    assert first is not None
    await due_series(first - timedelta(seconds=1))
    assert await _made(series) == []
    await due_series(first)
    (made,) = await _made(series)
    assert made.name == f"Spring, {first.astimezone(ZONE):%-d %b %Y}"
    assert (made.state, made.occurrence_at, made.repeat) == (CampaignState.PREPARING, first, None)
    assert (made.throttle_per_second, made.preview_text, made.body) == (7, "Soon", series.body)
    assert (made.segment_ids, made.launched_by) == (series.segment_ids, bob.id)
    after = await reload(series)
    assert (after.state, after.scheduled_at) == (CampaignState.SCHEDULED, first + timedelta(days=7))
    await due_series(first + timedelta(days=7))
    assert [one.occurrence_at for one in await _made(series)] == [first, first + timedelta(days=7)]


async def test_many_that_look_at_once_make_one(database, settings, bob: Member):
    series = await _series(bob)
    assert series.scheduled_at is not None
    await asyncio.gather(*(due_series(series.scheduled_at) for _ in range(8)))
    assert len(await _made(series)) == 1
    assert (await reload(series)).scheduled_at == series.scheduled_at + timedelta(days=7)


async def test_a_long_downtime_is_one_campaign(database, settings, bob: Member):
    series = await _series(bob)
    assert series.scheduled_at is not None
    await due_series(series.scheduled_at + timedelta(days=30))
    (made,) = await _made(series)
    assert made.occurrence_at == series.scheduled_at + timedelta(days=28)
    assert (await reload(series)).scheduled_at == series.scheduled_at + timedelta(days=35)


async def test_the_local_time_stays_when_the_clocks_change(database, settings: Settings, bob: Member):
    use_settings(settings.model_copy(update={"timezone": "Europe/Berlin"}))
    zone = ZoneInfo("Europe/Berlin")
    series = await _series(bob)
    # As if it had been sent before the spring of 2027: 02:30 does not exist on 28 March.
    start = datetime(2027, 3, 27, 2, 30, tzinfo=zone)
    await Campaign.find_one({"_id": series.id}).update(
        {"$set": {"scheduled_at": start, "repeat_from": start, "repeat": {"every": 1, "unit": "day", "until": None}}}
    )
    for _ in range(3):
        await due_series((await reload(series)).scheduled_at)
    locally = [f"{one.occurrence_at.astimezone(zone):%d %H:%M}" for one in await _made(series)]
    assert locally == ["27 02:30", "28 03:30", "29 02:30"]


async def test_until_ends_it(database, settings, bob: Member):
    until = now() + timedelta(days=8)
    series = await _series(bob, repeat={"every": 1, "unit": "week", "until": until})
    assert series.scheduled_at is not None
    await due_series(series.scheduled_at)
    await due_series(series.scheduled_at + timedelta(days=7))
    ended = await reload(series)
    assert (ended.state, ended.scheduled_at, len(await _made(series))) == (CampaignState.DONE, None, 2)
    assert ended.finished_at is not None
    await due_series(series.scheduled_at + timedelta(days=14))
    assert len(await _made(series)) == 2


async def test_a_series_set_back_in_time_makes_no_second_campaign_of_a_day(database, settings, bob: Member):
    series = await _series(bob)
    await due_series(series.scheduled_at)
    await Campaign.find_one({"_id": series.id}).update({"$set": {"scheduled_at": series.scheduled_at}})
    await due_series(series.scheduled_at)
    assert len(await _made(series)) == 1
    assert (await reload(series)).scheduled_at == series.scheduled_at + timedelta(days=7)


async def test_pausing_stops_the_times_and_leaves_what_is_under_way_alone(database, settings, bob: Member):
    series = await _series(bob)
    await due_series(series.scheduled_at)
    assert (await service.pause(bob, series.id)).state is CampaignState.PAUSED
    await due_series(series.scheduled_at + timedelta(days=7))
    (made,) = await _made(series)
    assert made.state is CampaignState.PREPARING
    changed = await service.update_campaign(bob, series.id, {"subject": "Another"})
    assert (changed.state, changed.subject) == (CampaignState.PAUSED, "Another")
    resumed = await service.resume(bob, series.id)
    assert (resumed.state, resumed.pause_reason) == (CampaignState.SCHEDULED, None)
    assert resumed.scheduled_at is not None
    assert resumed.scheduled_at > now()
    await service.cancel(bob, series.id)
    await due_series(series.scheduled_at + timedelta(days=70))
    assert len(await _made(series)) == 1


async def test_a_paused_series_whose_end_went_by_cannot_be_resumed_but_finished(database, settings, bob: Member):
    series = await _series(bob, repeat={"unit": "day", "until": now() + timedelta(hours=2)})
    await service.pause(bob, series.id)
    past = now() - timedelta(days=3)
    await Campaign.find_one({"_id": series.id}).update(
        {"$set": {"repeat_from": past, "scheduled_at": past, "repeat.until": past + timedelta(days=1)}}
    )
    with pytest.raises(Conflict, match="went by while it was paused"):
        await service.resume(bob, series.id)
    done = await service.finish(bob, series.id)
    assert (done.state, done.scheduled_at) == (CampaignState.DONE, None)


async def test_a_duplicate_begins_at_the_next_time_and_one_of_an_ended_series_is_plain(database, settings, bob: Member):
    series = await _series(bob)
    copy = await service.duplicate(bob, series.id)
    assert (copy.state, copy.scheduled_at, copy.repeat) == (
        CampaignState.DRAFT,
        series.scheduled_at,
        series.repeat,
    )
    await service.finish(bob, series.id)
    past = now() - timedelta(days=3)
    await Campaign.find_one({"_id": series.id}).update(
        {"$set": {"repeat_from": past, "repeat.until": past + timedelta(days=1)}}
    )
    plain = await service.duplicate(bob, series.id)
    assert (plain.repeat, plain.scheduled_at) == (None, None)


async def test_changing_the_time_changes_what_it_counts_from_and_saving_it_again_does_not(
    database, settings, bob: Member
):
    series = await _series(bob)
    await due_series(series.scheduled_at)
    waiting = await reload(series)
    same = await service.update_campaign(
        bob, series.id, {"scheduled_at": waiting.scheduled_at, "repeat": {"every": 1, "unit": "week"}}
    )
    assert same.repeat_from == series.scheduled_at
    later = now() + timedelta(days=2)
    moved = await service.update_campaign(bob, series.id, {"scheduled_at": later})
    assert (moved.repeat_from, moved.scheduled_at) == (later, later)
    plain = await service.update_campaign(bob, series.id, {"repeat": None})
    assert (plain.repeat_from, plain.state) == (None, CampaignState.SCHEDULED)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"repeat": {"unit": "week"}}, "scheduled_at"),
        ({"repeat": {"unit": "year"}, "scheduled_at": "2030-01-01"}, "repeat.unit"),
        ({"repeat": {"every": 0}, "scheduled_at": "2030-01-01"}, "repeat.every"),
        ({"repeat": {"until": "2029-01-01"}, "scheduled_at": "2030-01-01"}, "repeat.until"),
        ({"repeat": {"weekday": 1}, "scheduled_at": "2030-01-01"}, "repeat.weekday"),
        ({"repeat": {}, "scheduled_at": "2030-01-01", "standing": True}, "standing"),
        ({"window_messages": 5}, "window_minutes"),
        ({"window_minutes": 5}, "window_messages"),
        ({"window_messages": 0, "window_minutes": 5}, "window_messages"),
        ({"warm_up": {"first_day": 0}}, "warm_up.first_day"),
        ({"warm_up": {"growth": 0.5}}, "warm_up.growth"),
        ({"simulation": {"failed": 0.5}}, "simulation"),
        ({"ambiguity": "maybe"}, "ambiguity"),
        ({"preview_text": "x" * 201}, "preview_text"),
        ({"standing": "perhaps"}, "standing"),
        ({"archived_at": "2026-01-01"}, "archived_at"),
    ],
)
async def test_a_plan_that_does_not_fit_is_refused_by_name(database, settings, bob: Member, change: dict, field: str):
    with pytest.raises(InvalidInput) as caught:
        await service.create_campaign(bob, {"name": "x", "subject": "y", "body": "z", **change})
    assert [error.field for error in caught.value.errors] == [field]
    assert len(caught.value.errors[0].message) > 10
    assert await Campaign.count() == 0
