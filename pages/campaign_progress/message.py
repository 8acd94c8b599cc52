"""The campaign's message, looked at from its page."""

from __future__ import annotations

from app.campaigns.audience.kinds import kind_of
from app.campaigns.message.preview import preview_message
from models import Campaign, Member
from pages.components import Sheet, text
from pages.components.message_view import MessageView
from pages.components.text import box
from pages.components.text_message import text_message_card


async def message_sheet(member: Member, campaign: Campaign) -> None:
    """Open the message, filled in for an example person."""
    rendered = await preview_message(
        member, campaign.subject, campaign.body, channel=campaign.channel, preview_text=campaign.preview_text
    )
    with Sheet(campaign.name, "As an example person gets it", wide=True) as sheet:
        if not kind_of(campaign.channel).html:
            text_message_card(rendered.text)
        else:
            with box("stack gap-1"):
                text("Subject", "muted t12")
                text(rendered.subject, "medium break-words")
            MessageView(rendered.html, title=f"Message: {campaign.name}", height="calc(100vh - 220px)")
    sheet.open()
