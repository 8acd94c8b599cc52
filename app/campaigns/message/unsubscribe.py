"""Leaving: a signed link without an end, that needs no sign-in and does no harm when opened twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bson import ObjectId
from bson.errors import InvalidId
from pymongo.errors import DuplicateKeyError

from app.auth.tokens import read_link, read_short_link, short_links
from app.campaigns.audience.contact import CONTACT_FIELDS
from app.campaigns.audience.kinds import kind_of
from app.campaigns.sending.ledger import delivery_id
from app.database import collection
from app.errors import InvalidInput, NotFound
from app.settings import get_settings
from models.campaign import Channel
from models.values import fold, now

PURPOSE = "unsubscribe"
TRIAL = "trial"
"""Stands for the customer in a test message of former times, whose link changes nothing."""

_NOBODY = bytes(12)
"""Stands for the customer in a test message."""


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """Whom a link is about: an email address or a number, None in a test message; `already`: they left before."""

    address: str | None
    already: bool


def link_for(campaign: ObjectId | str, customer: ObjectId | str | None) -> str:
    """The unsubscribe address of one customer for one campaign; customer None makes one for a test message."""
    return links_of(campaign)(ObjectId(customer) if customer else None)


def links_of(campaign: ObjectId | str) -> Callable[[ObjectId | None], str]:
    """What makes the unsubscribe addresses of one campaign: a customer's, or None's for a test message."""
    sign = short_links(PURPOSE)
    begin = f"{get_settings().base_url}/u/"
    mine = ObjectId(campaign).binary if ObjectId.is_valid(campaign) else _NOBODY

    def link(customer: ObjectId | None) -> str:
        return begin + sign(mine + (customer.binary if customer is not None else _NOBODY))

    return link


async def read_unsubscribe(token: str) -> Leaving:
    """Whom this link is about, changing nothing. Raises NotFound for a link that is not ours."""
    campaign_id, customer_id = _ids(token)
    if customer_id is None:
        return Leaving(address=None, already=False)
    address = await _address(campaign_id, customer_id)
    if address is None:
        raise NotFound("This link belongs to nobody we know any more.")
    known = {"channel": channel_of_address(address), "address": fold(address)}
    found = await collection("suppressions").find_one(known, {"_id": 1})
    return Leaving(address=address, already=found is not None)


async def unsubscribe(token: str) -> Leaving:
    """No message to this address from now on: a suppression and no consent. Doing it again changes nothing.

    Raises NotFound for a link that is not ours.
    """
    campaign_id, customer_id = _ids(token)
    leaving = await read_unsubscribe(token)
    if leaving.address is None or customer_id is None:
        return leaving
    await suppress(leaving.address, "unsubscribed", campaign_id)
    consent = "email_opt_in" if channel_of_address(leaving.address) == "email" else "sms_opt_in"
    await collection("customers").update_one(
        {"_id": customer_id, consent: True}, {"$set": {consent: False, "updated_at": now()}}
    )
    return leaving


def channel_of_address(address: str) -> Literal["email", "sms"]:
    """Which do-not-contact list an address belongs to: `sms` for a number, `email` for the rest."""
    return "email" if "@" in address else "sms"


async def suppress(address: str, reason: str, campaign_id: ObjectId | None) -> None:
    """Never write to this address or number again. Who is suppressed already stays so, for the first reason."""
    try:
        await collection("suppressions").update_one(
            {"channel": channel_of_address(address), "address": fold(address)},
            {"$setOnInsert": {"reason": reason, "campaign_id": campaign_id, "created_at": now()}},
            upsert=True,
        )
    except DuplicateKeyError:
        return


async def _address(campaign_id: ObjectId, customer_id: ObjectId) -> str | None:
    """The address or number the message went to, which may not be the customer's present one."""
    row = await collection("deliveries").find_one({"_id": delivery_id(campaign_id, customer_id)}, {"address": 1})
    if row and row.get("address"):
        return str(row["address"])
    campaign = await collection("campaigns").find_one({"_id": campaign_id}, {"channel": 1}) or {}
    customer = await collection("customers").find_one({"_id": customer_id}, dict(CONTACT_FIELDS))
    found = kind_of(campaign.get("channel", Channel.EMAIL)).way_to(customer) if customer else None
    return found[1] if found else None


def _ids(token: str) -> tuple[ObjectId, ObjectId | None]:
    """Campaign and customer of a link; the customer is None in a test message."""
    try:
        if "." in token:
            return _former_ids(token)
        both = read_short_link(PURPOSE, token)
        campaign, customer = both[:12], both[12:]
        return ObjectId(campaign), None if customer == _NOBODY else ObjectId(customer)
    except (InvalidInput, InvalidId, KeyError, ValueError, TypeError) as problem:
        raise NotFound("This link is not complete; copy it whole from the message.") from problem


def _former_ids(token: str) -> tuple[ObjectId, ObjectId | None]:
    """Links were JWTs once, and a mail may be opened years after it was sent."""
    payload = read_link(PURPOSE, token)
    campaign, customer = str(payload["c"]), str(payload["p"])
    if customer == TRIAL:
        return (ObjectId(campaign) if ObjectId.is_valid(campaign) else ObjectId()), None
    return ObjectId(campaign), ObjectId(customer)
