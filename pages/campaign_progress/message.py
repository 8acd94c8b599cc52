"""The campaign's message, looked at from its page."""

from __future__ import annotations

from app.campaigns.preview import preview_message
from models import Campaign, Member
from pages.components import Sheet, text
from pages.components.message_view import MessageView
from pages.components.text import box


async def message_sheet(member: Member, campaign: Campaign) -> None:
    """Open the message, filled in for an example person."""
    rendered = await preview_message(member, campaign.subject, campaign.body)
    with Sheet(campaign.name, "As an example person gets it", wide=True) as sheet:
        with box("stack gap-1"):
            text("Subject", "muted t12")
            text(rendered.subject, "medium break-words")
        MessageView(rendered.html, title=f"Message: {campaign.name}", height="calc(100vh - 220px)")
    sheet.open()
