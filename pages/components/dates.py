"""Times: relative on the page, absolute in the member's zone on hover."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from nicegui.elements.mixins.text_element import TextElement

from app.settings import get_settings
from models.member import Member
from models.values import now as present
from pages.components.text import text


def zone_of(member: Member) -> ZoneInfo:
    """The member's time zone, else the shop's."""
    return ZoneInfo(member.timezone) if member.timezone else get_settings().zone


def ago(moment: datetime | None, locale: str = "en_US", *, now: datetime | None = None) -> str:
    """`3 hours ago`, `in 2 days`, `just now`; no time is "never"."""
    if moment is None:
        return "never"
    past = moment - (now or present())
    if abs(past.total_seconds()) < 45:
        return "just now"
    return str(format_timedelta(past, add_direction=True, locale=locale, threshold=0.95))


def moment(moment: datetime | None, zone: ZoneInfo, locale: str = "en_US") -> str:
    """`Mar 1, 2026, 9:41 AM (Asia/Kolkata)`: absolute, in the zone, saying which."""
    if moment is None:
        return "never"
    return f"{format_datetime(moment, 'medium', tzinfo=zone, locale=locale)} ({zone.key})"


def day(value: date | datetime | None, locale: str = "en_US", *, zone: ZoneInfo | None = None) -> str:
    """`Mar 1, 2026`; of a moment the day in `zone`; nothing is a dash."""
    if value is None:
        return "–"
    if isinstance(value, datetime) and zone is not None:
        value = value.astimezone(zone)
    return str(format_date(value, "medium", locale=locale))


def clock(moment: datetime, zone: ZoneInfo, locale: str = "en_US") -> str:
    """`9:41:28 AM` in the zone."""
    return str(format_time(moment, "medium", tzinfo=zone, locale=locale))


def ago_label(when: datetime | None, member: Member, css: str = "muted") -> TextElement:
    """A relative time that tells the absolute one on hover."""
    label = text(ago(when, member.locale), css, tag="span")
    if when is not None:
        label.props["title"] = moment(when, zone_of(member), member.locale)
    return label
