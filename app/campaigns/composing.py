"""One campaign's message for one customer: filled in, with the headers every mail of ours carries."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from bson import ObjectId

from app.campaigns.ledger import delivery_id
from app.campaigns.rendering import Compiled, compile_message
from app.campaigns.unsubscribe import link_for
from app.channels.addresses import sender_parts
from app.channels.base import Message
from app.settings import get_settings


@lru_cache(maxsize=32)
def compiled(subject: str, body: str) -> Compiled:
    """`compile_message`, once per message and process."""
    return compile_message(subject, body)


def compose(campaign: Mapping[str, Any], customer: Mapping[str, Any]) -> Message:
    """The message of this raw campaign to this raw customer, who has an address. Raises InvalidInput."""
    link = link_for(campaign["_id"], customer["_id"])
    rendered = compiled(campaign["subject"], campaign["body"]).render(customer, unsubscribe_url=link)
    return Message(
        id=delivery_id(campaign["_id"], customer["_id"]),
        campaign_id=campaign["_id"],
        customer_id=customer["_id"],
        sender=get_settings().mail_from,
        recipient=customer["email"],
        name=customer.get("name") or "",
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        message_id=message_id(campaign["_id"], customer["_id"]),
        headers=mail_headers(campaign["_id"], link),
    )


def message_id(campaign_id: ObjectId, customer_id: ObjectId) -> str:
    """The same for every try, so that a mail program shows a doubled message once (RFC 5322 section 3.6.4)."""
    return f"<delivery.{campaign_id}.{customer_id}@{sender_domain()}>"


def mail_headers(campaign_id: ObjectId | str, link: str) -> dict[str, str]:
    """List-Unsubscribe with one click (RFC 2369, RFC 8058) and Feedback-ID (Gmail's sender guidelines)."""
    return {
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Feedback-ID": f"{campaign_id}:campaign:cohort:{sender_domain()}",
    }


def sender_domain() -> str:
    """The domain mail comes from."""
    return sender_parts(get_settings().mail_from)[1].rpartition("@")[2] or "localhost"
