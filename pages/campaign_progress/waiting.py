"""A campaign that has not begun: when it goes out, and what it says."""

from __future__ import annotations

from app.campaigns.audience.kinds import kind_of
from app.campaigns.message.preview import preview_message
from models import Campaign, Member
from models.campaign import CampaignState
from pages.campaign_progress.plan_words import next_words
from pages.components import card, icon, text
from pages.components.message_view import message_card
from pages.components.text import box
from pages.components.text_message import text_message_card


async def draw_waiting(member: Member, campaign: Campaign) -> None:
    """A banner with the time, unless a second person has to decide first, and the message for an example person."""
    if campaign.approval is None or not campaign.approval.waits:
        with card(css="p-0"), box("banner info"):
            icon("clock")
            text(_stands(campaign, member))
    rendered = await preview_message(
        member,
        campaign.subject,
        campaign.body,
        channel=campaign.channel,
        preview_text=campaign.preview_text,
    )
    if kind_of(campaign.channel).html:
        message_card(rendered.subject, rendered.html, rendered.text)
    else:
        text_message_card(rendered.text)


def _stands(campaign: Campaign, member: Member) -> str:
    if campaign.state is CampaignState.SCHEDULED:
        return next_words(campaign, member) or "It goes out soon."
    if campaign.repeat is not None and campaign.state is CampaignState.PAUSED:
        return f"{campaign.pause_reason or 'Paused'}. It goes out no more until it is resumed."
    if campaign.repeat is not None and campaign.state is not CampaignState.DRAFT:
        return "It has ended and goes out no more."
    return "This is a draft. Nobody has got it yet."
