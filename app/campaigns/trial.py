"""Test messages: the campaign as it would look, to a few addresses of one's own."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from beanie import PydanticObjectId
from pydantic import BaseModel, Field

from app.auth.permissions import require
from app.campaigns.composing import mail_headers, sender_domain
from app.campaigns.lookup import get_campaign
from app.campaigns.merge_tags import CUSTOMER_FIELDS
from app.campaigns.rendering import EXAMPLE_CUSTOMER, compile_message
from app.campaigns.unsubscribe import link_for
from app.channels.base import Message, Result, Unreachable
from app.channels.ways_out import channel_of
from app.database import collection
from app.inputs import Email
from app.settings import get_settings
from app.validation import checked
from models.campaign import Campaign
from models.member import Member

ADDRESSES = 10


class TrialInput(BaseModel):
    """Where a test message goes."""

    addresses: list[Email] = Field(min_length=1, max_length=ADDRESSES)


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """What became of one test message; `words` are the mail server's when it did not take it."""

    address: str
    sent: bool
    words: str = ""


async def test(member: Member, id: PydanticObjectId | str, addresses: Sequence[str]) -> list[TrialResult]:
    """Send the campaign's message to up to ten addresses, filled in for a customer of the shop, and say what happened.

    No delivery is recorded and the unsubscribe link changes nothing. Raises InvalidInput and NotFound.
    """
    require(member, "campaigns.send")
    wanted = list(dict.fromkeys(checked(TrialInput, {"addresses": list(addresses)}).addresses))
    campaign = await get_campaign(member, id)
    messages = [await _message(campaign, address) for address in wanted if address]
    channel = channel_of(campaign.channel)
    try:
        await channel.ready()
    except Unreachable as problem:
        return [TrialResult(address=one.recipient, sent=False, words=problem.detail) for one in messages]
    outcomes = await channel.send(messages)
    return [
        TrialResult(address=one.recipient, sent=outcome.result is Result.ACCEPTED, words=outcome.words)
        for one, outcome in zip(messages, outcomes, strict=True)
    ]


async def _message(campaign: Campaign, address: str) -> Message:
    sample: dict[str, Any] = await collection("customers").find_one({"email_opt_in": True}, dict(CUSTOMER_FIELDS)) or {}
    link = link_for(str(campaign.id), None)
    rendered = compile_message(campaign.subject, campaign.body).render(sample or EXAMPLE_CUSTOMER, unsubscribe_url=link)
    number = uuid.uuid4().hex
    return Message(
        id=f"test:{campaign.id}:{number}",
        campaign_id=campaign.id,
        sender=get_settings().mail_from,
        recipient=address,
        name="",
        subject=f"[Test] {rendered.subject}",
        html=rendered.html,
        text=rendered.text,
        message_id=f"<test.{campaign.id}.{number}@{sender_domain()}>",
        headers=mail_headers(str(campaign.id), link),
    )
