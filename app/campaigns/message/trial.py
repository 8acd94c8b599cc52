"""Test messages: the campaign as it would look, to a few addresses or numbers of one's own."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beanie import PydanticObjectId

from app.audit import note
from app.auth.authorize import authorize
from app.campaigns.audience.contact import CONTACT_FIELDS
from app.campaigns.audience.kinds import Kind, kind_of
from app.campaigns.life.lookup import get_campaign
from app.campaigns.message.composing import mail_headers, sender_domain, told_of
from app.campaigns.message.rendering import EXAMPLE_CUSTOMER, Rendered, compile_message
from app.campaigns.message.unsubscribe import link_for
from app.channels.base import Message, Result, Unreachable
from app.channels.ways_out import channel_for, check_available
from app.database import collection
from app.errors import FieldError, InvalidInput
from app.inputs import e164, email_address
from app.settings import get_settings
from app.validation import invalid_input
from models.campaign import Campaign, Channel
from models.member import Member

ADDRESSES = 10
SHOWN = 60
"""Characters of a wrong address that the refusal repeats."""


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """What became of one test message; `words` are the other side's when it did not take it."""

    address: str
    sent: bool
    words: str = ""


async def test(member: Member, id: PydanticObjectId | str, addresses: Sequence[str]) -> list[TrialResult]:
    """Send the campaign's message to up to ten addresses, filled in for a customer of the shop, and say what happened.

    Numbers for a text message, either for a webhook. No delivery is recorded and the unsubscribe link changes nothing.
    Raises InvalidInput naming every wrong address, a channel that is not set up, or what cannot be filled in, and
    NotFound.
    """
    await authorize(member, "campaigns.send")
    campaign = await get_campaign(member, id)
    kind = kind_of(campaign.channel)
    wanted = checked_addresses(kind, addresses)
    check_available(kind.channel)
    if not campaign.body.strip():
        raise InvalidInput.of("body", "write a message before you test it")
    sample = await _sample(kind)
    link = link_for(str(campaign.id), None)
    compiled = compile_message(
        campaign.subject, campaign.body, channel=kind.channel, preview_text=campaign.preview_text
    )
    compiled.check(sample)
    rendered = compiled.render(sample, unsubscribe_url=link)
    if not kind.html and not rendered.text:
        raise InvalidInput.of("body", "is empty when filled in")
    messages = [_message(campaign, kind, sample, rendered, link, address) for address in wanted]
    # Without the campaign's id: a test must not count towards its simulated outage.
    channel = channel_for({"channel": campaign.channel, "simulation": _simulation(campaign)})
    try:
        await channel.ready()
    except Unreachable as problem:
        return [TrialResult(address=one.recipient, sent=False, words=problem.detail) for one in messages]
    outcomes = await channel.send(messages)
    await note(member, "campaign.test", id=campaign.id, name=campaign.name, after={"messages": len(messages)})
    return [
        TrialResult(address=one.recipient, sent=outcome.result is Result.ACCEPTED, words=outcome.words)
        for one, outcome in zip(messages, outcomes, strict=True)
    ]


def checked_addresses(kind: Kind, addresses: Sequence[str]) -> list[str]:
    """Each address once, as the channel takes it. Raises InvalidInput naming every wrong one by its place."""
    if not addresses:
        raise InvalidInput.of("addresses", "name at least one")
    if len(addresses) > ADDRESSES:
        raise InvalidInput.of("addresses", f"should have {ADDRESSES} entries at most")
    found: dict[str, None] = {}
    wrong: list[FieldError] = []
    for place, address in enumerate(addresses):
        try:
            found[_address(kind, str(address).strip())] = None
        except ValueError as problem:
            wrong.append(FieldError(f"addresses[{place}]", f"{str(address)[:SHOWN]!r} {problem}"))
    if wrong:
        raise invalid_input(wrong)
    return list(found)


def _address(kind: Kind, text: str) -> str:
    fields = {way.field for way in kind.ways}
    if "phone" in fields and ("@" not in text or "email" not in fields):
        return e164(text, None)
    checked = email_address(text[:255])
    if not checked:
        raise ValueError("should be an email address such as ann@example.com")
    return str(checked)


async def _sample(kind: Kind) -> Mapping[str, Any]:
    """A customer who could get the message, else an example."""
    agreed = {"$or": [{**way.present(), way.consent: True} for way in kind.ways]}
    return await collection("customers").find_one(agreed, dict(CONTACT_FIELDS)) or EXAMPLE_CUSTOMER


def _simulation(campaign: Campaign) -> dict[str, Any] | None:
    return campaign.simulation.model_dump() if campaign.simulation else None


def _message(
    campaign: Campaign, kind: Kind, sample: Mapping[str, Any], rendered: Rendered, link: str, address: str
) -> Message:
    number = uuid.uuid4().hex
    about = {"id": str(campaign.id), "name": campaign.name}
    return Message(
        id=f"test:{campaign.id}:{number}",
        campaign_id=campaign.id,
        sender=get_settings().mail_from,
        recipient=address,
        name="",
        subject=f"[Test] {rendered.subject}" if kind.subject else "",
        html=rendered.html,
        text=rendered.text,
        message_id=f"<test.{campaign.id}.{number}@{sender_domain()}>" if kind.html else "",
        headers=mail_headers(str(campaign.id), link) if kind.html else {},
        data={"test": True, "campaign": about, "customer": told_of(sample)} if kind.channel is Channel.WEBHOOK else {},
    )
