"""Times and repetitions read back to who chose them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from models.campaign_plan import Repeat


def repeat_words(repeat: Repeat, start: datetime, zone: ZoneInfo, locale: str = "en_US") -> str:
    """ "Every 2 weeks on Monday at 9:00 AM (Asia/Kolkata), until Jan 5, 2027", counted from `start`."""
    local = start.astimezone(zone)
    often = f"Every {repeat.unit}" if repeat.every == 1 else f"Every {repeat.every} {repeat.unit}s"
    on = ""
    if repeat.unit == "week":
        on = f" on {format_date(local, 'EEEE', locale=locale)}"
    elif repeat.unit == "month":
        on = f" on the {ordinal(local.day)}" + (" or the month's last day" if local.day > 28 else "")
    words = f"{often}{on} at {format_time(local, 'short', locale=locale)} ({zone.key})"
    if repeat.until is None:
        return words
    return f"{words}, until {format_date(repeat.until.astimezone(zone), 'medium', locale=locale)}"


def time_words(at: datetime, zone: ZoneInfo, locale: str = "en_US") -> str:
    """ "Mon, Nov 23, 2026, 9:00 AM": a chosen time, to the minute, in this zone."""
    local = at.astimezone(zone)
    weekday = format_date(local, "EEE", locale=locale)
    day, time = format_date(local, "medium", locale=locale), format_time(local, "short", locale=locale)
    return f"{weekday}, {day}, {time}"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
