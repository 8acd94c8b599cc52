"""One campaign's messages: what all of them share is prepared once, each is filled in for its customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from bson import Decimal128, ObjectId

from app.campaigns.audience.contact import CONTACT_FIELDS, contact_fields
from app.campaigns.audience.kinds import kind_of
from app.campaigns.message.merge_tags import CUSTOMER_FIELDS
from app.campaigns.message.rendering import compile_message
from app.campaigns.message.unsubscribe import links_of
from app.channels.addresses import sender_parts
from app.channels.base import Message
from app.errors import InvalidInput
from app.settings import get_settings
from models.campaign import Channel


class Composer:
    """Makes the messages of one raw campaign as it is now, under the settings of now; some 10 us each."""

    def __init__(self, campaign: Mapping[str, Any]) -> None:
        self.settings = get_settings()
        self._id: ObjectId = campaign["_id"]
        self._kind = kind_of(campaign.get("channel") or Channel.EMAIL)
        self._compiled = compile_message(
            campaign["subject"],
            campaign["body"],
            channel=self._kind.channel,
            preview_text=campaign.get("preview_text") or "",
        )
        self._link = links_of(self._id)
        self._sender = self.settings.mail_from
        self._prefix = f"{self._id}:"
        self._number = number_of(self._id)
        self._headers = lasting_headers(self._id)
        self._tells = self._kind.channel is Channel.WEBHOOK
        self._about = {"id": str(self._id), "name": campaign.get("name") or ""}
        needed = {name: 1 for name in CUSTOMER_FIELDS if any(_is_in(name, path) for path in self._compiled.uses)}
        self.fields: Mapping[str, int] = CONTACT_FIELDS if self._tells else contact_fields(self._kind) | needed
        """The projection of a customer that the decision on them and their message need."""

    def message(self, customer: Mapping[str, Any], address: str | None = None) -> Message:
        """The message to this raw customer, at the `address` that `contact.judge` chose. Raises InvalidInput naming the
        field.
        """
        id: ObjectId = customer["_id"]
        link = self._link(id)
        subject, html_body, text = self._compiled.fill(customer, link)
        html = self._kind.html
        if not html and not text:
            raise InvalidInput.of("body", "is empty when filled in for this customer")
        if address is None:
            found = self._kind.way_to(customer)
            address = found[1] if found else ""
        hexed = str(id)
        return Message(
            id=self._prefix + hexed,
            campaign_id=self._id,
            customer_id=id,
            sender=self._sender,
            recipient=address,
            name=customer.get("name") or "",
            subject=subject,
            html=html_body,
            text=text,
            message_id=self._number(hexed) if html else "",
            headers={"List-Unsubscribe": f"<{link}>", **self._headers} if html else {},
            data={"campaign": self._about, "customer": told_of(customer)} if self._tells else {},
        )


def _is_in(field: str, path: str) -> bool:
    return path == f"customer.{field}" or path.startswith(f"customer.{field}.")


def composer_for(campaign: Mapping[str, Any]) -> Composer:
    """The composer of this raw campaign, kept per process until the campaign or the settings change.

    Raises InvalidInput when the message cannot be read any more.
    """
    return _composer(_Key(campaign))


def compose(campaign: Mapping[str, Any], customer: Mapping[str, Any]) -> Message:
    """The message of this raw campaign to this raw customer, who has an address. Raises InvalidInput."""
    return composer_for(campaign).message(customer)


class _Key:
    """What a composer is made from: two campaigns with equal keys have the same messages."""

    __slots__ = ("campaign", "parts")

    def __init__(self, campaign: Mapping[str, Any]) -> None:
        self.campaign = campaign
        self.parts = (
            campaign["_id"],
            campaign.get("version"),
            campaign.get("channel"),
            campaign.get("name"),
            campaign["subject"],
            campaign["body"],
            campaign.get("preview_text"),
            id(get_settings()),
        )

    def __hash__(self) -> int:
        return hash((self.parts[0], self.parts[1]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.parts == other.parts


@lru_cache(maxsize=32)
def _composer(key: _Key) -> Composer:
    # The composer holds on to its settings, so their id stays theirs for as long as the entry lives.
    return Composer(key.campaign)


def told_of(customer: Mapping[str, Any]) -> dict[str, Any]:
    """What a webhook is told of a customer: the fields that merge tags may use, as JSON has them."""
    return {"id": str(customer.get("_id") or ""), **{key: _plain(customer.get(key)) for key in CUSTOMER_FIELDS}}


def _plain(value: object) -> object:
    """As JSON: amounts as text, which keeps them exact, and moments in ISO 8601."""
    if isinstance(value, Decimal128 | Decimal | ObjectId):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def number_of(campaign_id: ObjectId) -> Callable[[ObjectId | str], str]:
    """What makes Message-IDs: the same for every try, so that a mail program shows a doubled message once (RFC 5322
    section 3.6.4).
    """
    begin, end = f"<delivery.{campaign_id}.", f"@{sender_domain()}>"
    return lambda customer_id: f"{begin}{customer_id}{end}"


def mail_headers(campaign_id: ObjectId | str, link: str) -> dict[str, str]:
    """List-Unsubscribe with one click (RFC 2369, RFC 8058) and Feedback-ID (Gmail's sender guidelines)."""
    return {"List-Unsubscribe": f"<{link}>", **lasting_headers(campaign_id)}


def lasting_headers(campaign_id: ObjectId | str) -> dict[str, str]:
    """Those of `mail_headers` that all messages of a campaign share."""
    return {
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Feedback-ID": f"{campaign_id}:campaign:cohort:{sender_domain()}",
    }


def sender_domain() -> str:
    """The domain mail comes from."""
    return sender_parts(get_settings().mail_from)[1].rpartition("@")[2] or "localhost"
