"""Leaving: a signed link without an end, that needs no sign-in and does no harm when opened twice."""

from __future__ import annotations

from dataclasses import dataclass

from bson import ObjectId
from bson.errors import InvalidId
from pymongo.errors import DuplicateKeyError

from app.auth.tokens import read_link, sign_link
from app.campaigns.ledger import delivery_id
from app.database import collection
from app.errors import InvalidInput, NotFound
from app.settings import get_settings
from models.values import fold, now

PURPOSE = "unsubscribe"
TRIAL = "trial"
"""Stands for the customer in a test message, whose link changes nothing."""


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """Whom a link is about. `address` is None in a test message; `already` says that they left before."""

    address: str | None
    already: bool


def link_for(campaign: ObjectId | str, customer: ObjectId | str | None) -> str:
    """The unsubscribe address of one customer for one campaign; customer None makes one for a test message."""
    token = sign_link(PURPOSE, {"c": str(campaign), "p": str(customer) if customer else TRIAL}, None)
    return f"{get_settings().base_url}/u/{token}"


async def read_unsubscribe(token: str) -> Leaving:
    """Whom this link is about, changing nothing. Raises NotFound for a link that is not ours."""
    campaign_id, customer_id = _ids(token)
    if customer_id is None:
        return Leaving(address=None, already=False)
    address = await _address(campaign_id, customer_id)
    if address is None:
        raise NotFound("This link belongs to nobody we know any more.")
    found = await collection("suppressions").find_one({"channel": "email", "address": fold(address)}, {"_id": 1})
    return Leaving(address=address, already=found is not None)


async def unsubscribe(token: str) -> Leaving:
    """No mail to this address from now on: a suppression and no consent. Doing it again changes nothing.

    Raises NotFound for a link that is not ours.
    """
    campaign_id, customer_id = _ids(token)
    leaving = await read_unsubscribe(token)
    if leaving.address is None or customer_id is None:
        return leaving
    await suppress(leaving.address, "unsubscribed", campaign_id)
    await collection("customers").update_one(
        {"_id": customer_id, "email_opt_in": True}, {"$set": {"email_opt_in": False, "updated_at": now()}}
    )
    return leaving


async def suppress(address: str, reason: str, campaign_id: ObjectId | None) -> None:
    """Never write to this address again. Who is suppressed already stays so, for the first reason."""
    try:
        await collection("suppressions").update_one(
            {"channel": "email", "address": fold(address)},
            {"$setOnInsert": {"reason": reason, "campaign_id": campaign_id, "created_at": now()}},
            upsert=True,
        )
    except DuplicateKeyError:
        return


async def _address(campaign_id: ObjectId, customer_id: ObjectId) -> str | None:
    """The address the message went to, which may not be the customer's present one."""
    row = await collection("deliveries").find_one({"_id": delivery_id(campaign_id, customer_id)}, {"address": 1})
    if row and row.get("address"):
        return str(row["address"])
    customer = await collection("customers").find_one({"_id": customer_id}, {"email": 1})
    return str(customer["email"]) if customer and customer.get("email") else None


def _ids(token: str) -> tuple[ObjectId, ObjectId | None]:
    try:
        payload = read_link(PURPOSE, token)
        campaign, customer = str(payload["c"]), str(payload["p"])
        if customer == TRIAL:
            return (ObjectId(campaign) if ObjectId.is_valid(campaign) else ObjectId()), None
        return ObjectId(campaign), ObjectId(customer)
    except (InvalidInput, InvalidId, KeyError, ValueError, TypeError) as problem:
        raise NotFound("This link is not complete; copy it whole from the message.") from problem
