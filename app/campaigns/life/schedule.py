"""When a repeated campaign is due: the same local time of day in the shop's zone, whatever the clocks do.

A local time that daylight saving skips is read with the offset from before the gap, so 02:30 becomes 03:30; one that
comes twice is the first of the two (RFC 5545, section 3.3.5). Months keep the day of the first time or take their last.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice
from zoneinfo import ZoneInfo

from models.campaign_plan import Repeat

_DAYS = {"day": 1, "week": 7}


def local_moment(local: datetime, zone: ZoneInfo) -> datetime:
    """The UTC moment of a naive local time, gaps and folds decided as above."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def first_after(start: datetime, repeat: Repeat, zone: ZoneInfo, moment: datetime) -> datetime | None:
    """The first time after `moment` of a repetition that begins at `start`; None when `until` has ended it."""
    return next(times_after(start, repeat, zone, moment), None)


def latest_due(start: datetime, repeat: Repeat, zone: ZoneInfo, due: datetime, moment: datetime) -> datetime:
    """The last time at or before `moment`, at least `due`: after a long downtime one run stands for all it missed."""
    latest = due
    for at in times_after(start, repeat, zone, due):
        if at > moment:
            break
        latest = at
    return latest


def upcoming(start: datetime, repeat: Repeat, zone: ZoneInfo, moment: datetime, number: int) -> list[datetime]:
    """The next times after `moment`, at most `number`."""
    return list(islice(times_after(start, repeat, zone, moment), number))


def times_after(start: datetime, repeat: Repeat, zone: ZoneInfo, moment: datetime) -> Iterator[datetime]:
    """Every time after `moment`, in order, until `until`. The first is found without counting from the start."""
    local = start.astimezone(zone).replace(tzinfo=None)
    today = moment.astimezone(zone).date()
    for step in count(max(0, _steps(local.date(), today, repeat) - 1)):
        try:
            at = start if step == 0 else local_moment(_nth(local, repeat, step), zone)
        except (OverflowError, ValueError):  # past the year 9999
            return
        if repeat.until is not None and at > repeat.until:
            return
        if at > moment:
            yield at


def _steps(first: date, day: date, repeat: Repeat) -> int:
    """How many whole steps lie between two days, at most one too many."""
    if repeat.unit == "month":
        return ((day.year - first.year) * 12 + day.month - first.month) // repeat.every
    return (day - first).days // (_DAYS[repeat.unit] * repeat.every)


def _nth(local: datetime, repeat: Repeat, step: int) -> datetime:
    if repeat.unit != "month":
        return local + timedelta(days=_DAYS[repeat.unit] * repeat.every * step)
    year, month = divmod(local.month - 1 + repeat.every * step, 12)
    year, month = local.year + year, month + 1
    return local.replace(year=year, month=month, day=min(local.day, calendar.monthrange(year, month)[1]))
