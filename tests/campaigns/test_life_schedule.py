"""Times of a repetition: the same local time of day over daylight saving, months, ends, long downtimes."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.campaigns.life.fields import CampaignInput
from app.campaigns.life.schedule import first_after, latest_due, local_moment, upcoming
from app.settings import Settings, use_settings
from models.campaign_plan import Repeat

BERLIN = ZoneInfo("Europe/Berlin")


def _local(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return local_moment(datetime.fromisoformat(text), zone)


def _times(start: str, repeat: Repeat, number: int, zone: ZoneInfo = BERLIN) -> list[str]:
    begun = _local(start, zone)
    found = upcoming(begun, repeat, zone, begun, number)
    return [f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in found]


def test_a_skipped_local_time_is_later_and_a_repeated_one_is_the_first():
    assert local_moment(datetime(2026, 3, 29, 2, 30), BERLIN) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 there
    assert local_moment(datetime(2026, 10, 25, 2, 30), BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert local_moment(datetime(2026, 10, 25, 2, 30, fold=1), BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-03-29T02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("2026-10-25T02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T02:30+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("2026-07-01T09:00", datetime(2026, 7, 1, 7, 0, tzinfo=UTC)),
        ("2026-07-01T09:00Z", datetime(2026, 7, 1, 9, 0, tzinfo=UTC)),
    ],
)
def test_scheduled_at_without_a_zone_is_the_shops(settings: Settings, given: str, moment: datetime):
    use_settings(settings.model_copy(update={"timezone": "Europe/Berlin"}))
    read = CampaignInput(name="x", subject="y", body="z", scheduled_at=given, repeat={"until": given})
    assert read.scheduled_at == moment
    assert read.repeat is not None
    assert read.repeat.until == moment


def test_the_time_of_day_stays_over_both_changes_of_the_clocks():
    daily = Repeat(unit="day")
    assert _times("2026-03-27T09:00", daily, 3) == ["2026-03-28 09:00", "2026-03-29 09:00", "2026-03-30 09:00"]
    assert _times("2026-10-24T09:00", daily, 2) == ["2026-10-25 09:00", "2026-10-26 09:00"]
    # The day whose 02:30 does not exist is the only one that differs.
    assert _times("2026-03-28T02:30", daily, 2) == ["2026-03-29 03:30", "2026-03-30 02:30"]
    # The hour that comes twice is used once.
    assert _times("2026-10-24T02:30", daily, 2) == ["2026-10-25 02:30", "2026-10-26 02:30"]


def test_weeks_keep_their_day_and_months_theirs_or_take_the_last():
    assert _times("2026-11-23T09:00", Repeat(every=2, unit="week"), 2) == ["2026-12-07 09:00", "2026-12-21 09:00"]
    monthly = _times("2026-12-31T09:00", Repeat(unit="month"), 4)
    assert monthly == ["2027-01-31 09:00", "2027-02-28 09:00", "2027-03-31 09:00", "2027-04-30 09:00"]
    assert _times("2027-11-30T09:00", Repeat(every=3, unit="month"), 2) == ["2028-02-29 09:00", "2028-05-30 09:00"]


def test_until_ends_it_and_is_included():
    until = _local("2026-11-25T09:00")
    assert _times("2026-11-23T09:00", Repeat(unit="day", until=until), 5) == ["2026-11-24 09:00", "2026-11-25 09:00"]
    assert first_after(_local("2026-11-23T09:00"), Repeat(unit="day", until=until), BERLIN, until) is None


@pytest.mark.parametrize("unit", ["day", "week", "month"])
@pytest.mark.parametrize("every", [1, 2, 7])
def test_far_ahead_is_found_as_if_counted_one_by_one(unit, every: int):
    repeat, start = Repeat(every=every, unit=unit), _local("2025-01-31T02:30")
    counted = upcoming(start, repeat, BERLIN, start, 200)
    for place in (0, 1, 50, 198):
        assert first_after(start, repeat, BERLIN, counted[place]) == counted[place + 1]
    assert counted == sorted(set(counted))


def test_after_a_long_downtime_the_latest_missed_time_stands_for_all():
    start, repeat = _local("2026-11-01T09:00"), Repeat(unit="day")
    moment = _local("2026-11-20T12:00")
    assert latest_due(start, repeat, BERLIN, start, moment) == _local("2026-11-20T09:00")
    assert latest_due(start, repeat, BERLIN, start, start) == start
    ended = Repeat(unit="day", until=_local("2026-11-05T09:00"))
    assert latest_due(start, ended, BERLIN, start, moment) == _local("2026-11-05T09:00")


def test_the_end_of_the_calendar_ends_it():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert first_after(start, Repeat(every=365, unit="month"), BERLIN, datetime(9996, 1, 1, tzinfo=UTC)) is None
