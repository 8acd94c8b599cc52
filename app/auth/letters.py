"""Mail to members: invitations and links to a new password. Never through the outbox, which others can read."""

from __future__ import annotations

import asyncio
import uuid
from html import escape

import structlog

from app.channels.addresses import sender_parts
from app.channels.base import Message, Result, Unreachable
from app.channels.ways_out import channel_of
from app.errors import CohortError
from app.settings import get_settings
from models.campaign import Channel

SECONDS = 20
log = structlog.get_logger(__name__)


def can_send() -> bool:
    """Whether a mail server is set."""
    return bool(get_settings().smtp_url)


async def send_letter(to: str, name: str, *, subject: str, words: str, action: str, link: str) -> bool:
    """One mail with one link to one member; False when there is no mail server or it did not take the mail."""
    if not can_send():
        return False
    sender = get_settings().mail_from
    domain = sender_parts(sender)[1].rpartition("@")[2]
    letter = Message(
        id=f"letter:{uuid.uuid4().hex}",
        sender=sender,
        recipient=to,
        name=name,
        subject=subject,
        html=f'<p>{escape(words)}</p><p><a href="{escape(link)}">{escape(action)}</a></p>',
        text=f"{words}\n\n{action}: {link}\n",
        message_id=f"<letter.{uuid.uuid4().hex}@{domain}>",
        headers={"Auto-Submitted": "auto-generated"},
    )
    try:
        async with asyncio.timeout(SECONDS):
            channel = channel_of(Channel.EMAIL)
            await channel.ready()
            (outcome,) = await channel.send([letter])
    except (Unreachable, CohortError, TimeoutError) as problem:
        log.warning("letter not sent", problem=str(problem)[:300])
        return False
    if outcome.result is not Result.ACCEPTED:
        log.warning("letter refused", words=outcome.words)
    return outcome.result is Result.ACCEPTED
