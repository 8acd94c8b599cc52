"""How a campaign goes about it, in words: its limits, its repetition, whom it goes to later."""

from __future__ import annotations

from datetime import datetime

from app.campaigns.life.schedule_words import repeat_words
from app.settings import get_settings
from models import Campaign, Member
from models.campaign import CampaignState, Channel
from models.campaign_plan import Ambiguity
from pages.components import ago, moment, number, plural, zone_of


def plan_words(campaign: Campaign, member: Member) -> list[str]:
    """Short sentences, one for each thing that is not as usual; none for a campaign that just goes out."""
    said = [*_who_else(campaign, member), *_limits(campaign, member)]
    if campaign.holdout_percent:
        said.append(f"{number(campaign.holdout_percent, member.locale)} % are held out, to measure what it changes")
    if campaign.ambiguity is Ambiguity.RESEND:
        said.append("What may not have arrived is sent again, so somebody may get it twice")
    if campaign.channel is Channel.SIMULATOR:
        said.append("The simulator pretends to send; nothing leaves this server")
    return said


def next_words(campaign: Campaign, member: Member) -> str:
    """When it goes out next, for one that is scheduled or a series."""
    at = campaign.scheduled_at
    if at is None:
        return ""
    locale = member.locale
    when = f"{ago(at, locale)}, on {moment(at, zone_of(member), locale)}"
    if campaign.repeat is not None:
        return f"It goes out next {when}, to whoever is in the segments then."
    return f"It goes out {when}, to whoever is in the segments then."


def _who_else(campaign: Campaign, member: Member) -> list[str]:
    locale = member.locale
    if campaign.repeat is not None:
        start: datetime | None = campaign.repeat_from or campaign.scheduled_at
        if start is not None:
            return [repeat_words(campaign.repeat, start, get_settings().zone, locale)]
    if campaign.standing and campaign.state not in (CampaignState.DONE, CampaignState.CANCELLED):
        looked = f", last looked {ago(campaign.looked_at, locale)}" if campaign.looked_at else ""
        return [f"Everybody who enters its segments later gets it too, once{looked}"]
    return []


def _limits(campaign: Campaign, member: Member) -> list[str]:
    locale = member.locale
    said = []
    if campaign.throttle_per_second:
        said.append(f"At most {number(campaign.throttle_per_second, locale)} a second")
    if campaign.window_messages and campaign.window_minutes:
        minutes = plural(campaign.window_minutes, "minute", locale=locale)
        said.append(f"At most {number(campaign.window_messages, locale)} in any {minutes}")
    if campaign.warm_up is not None:
        first, growth = number(campaign.warm_up.first_day, locale), number(campaign.warm_up.growth, locale)
        said.append(f"Warm-up: {first} on the first day, {growth} times as many on each day after")
    return said
