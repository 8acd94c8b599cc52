"""Whether one may write to a customer, decided at the moment of sending."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from app.campaigns.merge_tags import CUSTOMER_FIELDS
from app.database import collection
from models.delivery import DeliveryState as State
from models.values import fold

NO_ADDRESS = "No email address"
NO_CONSENT = "Has not agreed to receive email"
DELETED = "Deleted before the message was sent"
HELD_OUT = "Held out to measure what the campaign changes"
SUPPRESSED: Mapping[str, str] = {
    "unsubscribed": "Unsubscribed",
    "bounced": "The address does not exist",
    "complained": "Reported an earlier message as spam",
    "manual": "On the do-not-contact list",
    "erased": "Asked to be forgotten",
}
"""The words for each reason of a suppression."""

_FIELDS = {**CUSTOMER_FIELDS, "email_opt_in": 1}


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """`state` is None for who may be written to; else the delivery's final state, and `reason` says why."""

    customer_id: ObjectId
    customer: Mapping[str, Any] | None
    state: State | None = None
    reason: str | None = None


async def judge(customer_ids: Sequence[ObjectId]) -> list[Verdict]:
    """Read these customers as they are now and decide on each, in the same order. Two queries."""
    ids = list(customer_ids)
    customers = {row["_id"]: row async for row in collection("customers").find({"_id": {"$in": ids}}, _FIELDS)}
    addresses = [fold(row["email"]) for row in customers.values() if row.get("email")]
    suppressions = collection("suppressions").find(
        {"channel": "email", "address": {"$in": addresses}}, {"address": 1, "reason": 1}
    )
    suppressed = {row["address"]: row["reason"] async for row in suppressions}
    return [_verdict(id, customers.get(id), suppressed) for id in ids]


def held_out(campaign_id: ObjectId, customer_id: ObjectId, percent: float) -> bool:
    """Whether this customer is in the holdout: the same answer each time, for about `percent` of all."""
    if percent <= 0:
        return False
    digest = hashlib.blake2b(f"{campaign_id}:{customer_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 < percent / 100


def _verdict(id: ObjectId, customer: Mapping[str, Any] | None, suppressed: Mapping[str, str]) -> Verdict:
    if customer is None:
        return Verdict(customer_id=id, customer=None, state=State.SKIPPED, reason=DELETED)
    email = customer.get("email")
    if not email:
        return Verdict(customer_id=id, customer=customer, state=State.SKIPPED, reason=NO_ADDRESS)
    why = suppressed.get(fold(email))
    if why is not None:
        return Verdict(customer_id=id, customer=customer, state=State.SUPPRESSED, reason=SUPPRESSED.get(why, why))
    if not customer.get("email_opt_in"):
        return Verdict(customer_id=id, customer=customer, state=State.SKIPPED, reason=NO_CONSENT)
    return Verdict(customer_id=id, customer=customer)
