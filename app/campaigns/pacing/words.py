"""Why a campaign waits, in words for its page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.campaigns.pacing.script import moment_now
from app.settings import get_settings


def reason(limit: Mapping[str, Any], until: datetime) -> str:
    """Which limit is used up and when it goes on, in the shop's zone. True at any time until then."""
    goes_on = f"continues {_when(until)}"
    if limit["kind"] == "day":
        return f"Warm-up: {limit['limit']:,} on day {limit['day']}; {goes_on}"
    if limit["kind"] == "window":
        return f"Limit: {limit['limit']:,} {_messages(limit['limit'])} in {_length(limit['minutes'])}; {goes_on}"
    return f"Limit: {limit['rate']:g} a second; {goes_on}"


def _when(until: datetime) -> str:
    zone = get_settings().zone
    # The whole minute after, or a page would promise a time that has just passed.
    local = datetime.fromtimestamp(-(-until.timestamp() // 60) * 60, UTC).astimezone(zone)
    today = datetime.fromtimestamp(moment_now(), zone).date()
    clock = f"at {local:%H:%M}"
    return clock if local.date() == today else f"on {local:%a} {local.day} {local:%b} {clock}"


def _messages(count: int) -> str:
    return "message" if count == 1 else "messages"


def _length(minutes: int) -> str:
    for size, name in ((1440, "day"), (60, "hour")):
        if minutes % size == 0:
            return _any(minutes // size, name)
    return _any(minutes, "minute")


def _any(count: int, name: str) -> str:
    return f"any {name}" if count == 1 else f"any {count:,} {name}s"
