"""When a campaign started and ended, by whom, and how long it took, in one line."""

from __future__ import annotations

from models import Campaign, Member
from pages.components import clock, day, zone_of


async def times_of(campaign: Campaign, member: Member) -> str:
    """The line in the member's zone; empty before it started."""
    begun, ended = campaign.started_at, campaign.finished_at
    if begun is None:
        return ""
    zone, locale = zone_of(member), member.locale
    by = await Member.get(campaign.launched_by) if campaign.launched_by else None
    words = f"Started on {day(begun, locale, zone=zone)} at {clock(begun, zone, locale)} ({zone.key})"
    words += f" by {by.name or by.email}" if by else ""
    if ended:
        same_day = begun.astimezone(zone).date() == ended.astimezone(zone).date()
        on = "" if same_day else f"on {day(ended, locale, zone=zone)} "
        words += f", ended {on}at {clock(ended, zone, locale)}, took {took((ended - begun).total_seconds())}"
    return words


def took(seconds: float) -> str:
    """`2 h 5 min`, `3 min 20 s`, `4 s`."""
    whole = max(1, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"
