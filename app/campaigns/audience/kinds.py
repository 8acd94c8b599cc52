"""What a campaign of each channel needs: the one table that forms, checks, the audience and the sender go by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.campaigns.message.sms_parts import SmsParts, sms_parts
from models.campaign import Channel

__all__ = ["KINDS", "Kind", "SmsParts", "Way", "kind_of", "number_ok", "sms_parts"]

E164 = r"^\+[1-9][0-9]{6,14}$"
"""A number as vendors take it (ITU-T E.164: at most 15 digits)."""

MOST_SMS_PARTS = 10
"""A text message may be concatenated from this many at most; each is billed."""

_NUMBER = re.compile(E164, re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How a person is reached: the customer's `field`, the `consent` it takes, and whose do-not-contact list counts."""

    field: Literal["email", "phone"]
    consent: Literal["email_opt_in", "sms_opt_in"]
    suppression: Literal["email", "sms"]

    def address_in(self, customer: Mapping[str, Any]) -> str | None:
        """The address or number, or None when the customer has none that can be used."""
        value = customer.get(self.field)
        if not isinstance(value, str) or not value:
            return None
        return value if self.field == "email" or number_ok(value) else None

    def present(self) -> dict[str, Any]:
        """The filter on `customers` for who has such an address."""
        return {"email": {"$nin": [None, ""]}} if self.field == "email" else {"phone": {"$regex": E164}}


BY_EMAIL = Way(field="email", consent="email_opt_in", suppression="email")
BY_PHONE = Way(field="phone", consent="sms_opt_in", suppression="sms")


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """What a campaign of this channel needs. `ways` are in order of preference: the first that the customer agreed to.

    `subject`: it may have one; `subject_needed`: it must. `html`: the body is HTML (or plain text made into it), else
    plain text as it is. `preview`: it may have a preview line. `unsubscribe_link`: one is added when the body has none.
    `parts`: the most text messages one may take, None where that is no measure.
    """

    channel: Channel
    label: str
    ways: tuple[Way, ...]
    subject: bool
    subject_needed: bool
    html: bool
    preview: bool
    unsubscribe_link: bool
    parts: int | None
    no_address: str
    no_consent: str

    def way_to(self, customer: Mapping[str, Any]) -> tuple[Way, str] | None:
        """How this customer is reached, and the address: the first way agreed to, else the first there is."""
        if len(self.ways) == 1:
            only = self.ways[0]
            address = only.address_in(customer)
            return (only, address) if address is not None else None
        there = [(way, address) for way in self.ways if (address := way.address_in(customer))]
        return next((found for found in there if customer.get(found[0].consent)), there[0] if there else None)


def _mail(channel: Channel, label: str) -> Kind:
    return Kind(
        channel=channel,
        label=label,
        ways=(BY_EMAIL,),
        subject=True,
        subject_needed=True,
        html=True,
        preview=True,
        unsubscribe_link=True,
        parts=None,
        no_address="No email address",
        no_consent="Has not agreed to receive email",
    )


KINDS: Mapping[Channel, Kind] = {
    Channel.EMAIL: _mail(Channel.EMAIL, "Email"),
    Channel.SMS: Kind(
        channel=Channel.SMS,
        label="Text message",
        ways=(BY_PHONE,),
        subject=False,
        subject_needed=False,
        html=False,
        preview=False,
        unsubscribe_link=False,
        parts=MOST_SMS_PARTS,
        no_address="No phone number",
        no_consent="Has not agreed to receive text messages",
    ),
    Channel.WEBHOOK: Kind(
        channel=Channel.WEBHOOK,
        label="Webhook",
        ways=(BY_EMAIL, BY_PHONE),
        subject=True,
        subject_needed=False,
        html=False,
        preview=False,
        unsubscribe_link=False,
        parts=None,
        no_address="No email address and no phone number",
        no_consent="Has agreed to receive neither email nor text messages",
    ),
    Channel.OUTBOX: _mail(Channel.OUTBOX, "Built-in outbox"),
    Channel.SIMULATOR: _mail(Channel.SIMULATOR, "Simulator"),
}
"""Every channel's needs. The outbox and the simulator stand in for mail, so they need what mail needs."""


def kind_of(channel: Channel | str) -> Kind:
    """The needs of this channel. Raises ValueError for a name that is none."""
    return KINDS[Channel(channel)]


def number_ok(number: str) -> bool:
    """Whether this is a number in E.164 form, such as +49301234567."""
    return _NUMBER.fullmatch(number) is not None
