"""Whether one may write to a customer, decided at the moment of sending."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from app.campaigns.audience.kinds import KINDS, Kind, Way, kind_of
from app.campaigns.message.merge_tags import CUSTOMER_FIELDS
from app.database import collection
from models.campaign import Channel
from models.delivery import DeliveryState as State
from models.values import fold

NO_ADDRESS = KINDS[Channel.EMAIL].no_address
NO_CONSENT = KINDS[Channel.EMAIL].no_consent
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

SUPPRESSED_NUMBER: Mapping[str, str] = {
    **SUPPRESSED,
    "bounced": "The number does not exist",
    "complained": "Complained about an earlier message",
}
"""The same for numbers."""

CONTACT_FIELDS: Mapping[str, int] = {**CUSTOMER_FIELDS, "phone": 1, "email_opt_in": 1, "sms_opt_in": 1}
"""The projection of a customer that a decision and a message need, whatever the channel."""


def contact_fields(kind: Kind) -> dict[str, int]:
    """The projection of a customer that a decision for this kind of channel needs."""
    return {"name": 1} | {field: 1 for way in kind.ways for field in (way.field, way.consent)}


# Nobody changes one; not frozen, because that makes each cost three times as much.
@dataclass(kw_only=True, slots=True)
class Verdict:
    """`state` is None for who may be written to; else the delivery's final state, and `reason` says why.

    `address` is the email address or the number in E.164 that the channel would use, also of who may not be written to;
    `domain` is that of an email address, in lower case, and empty for a number.
    """

    customer_id: ObjectId
    customer: Mapping[str, Any] | None
    address: str | None = None
    domain: str = ""
    state: State | None = None
    reason: str | None = None


async def judge(
    customer_ids: Sequence[ObjectId],
    channel: Channel | str = Channel.EMAIL,
    fields: Mapping[str, int] = CONTACT_FIELDS,
    *,
    neighbours: bool = False,
) -> list[Verdict]:
    """Read `fields` of these customers as they are now and decide on each for this channel, in the same order.

    Two queries. `fields` has the channel's `contact_fields` at least. `neighbours`: hardly anybody's id lies between
    these, which are in order; then they are found in two thirds of the time.
    """
    kind = kind_of(channel)
    ids = list(customer_ids)
    customers = await _customers(ids, fields, neighbours=neighbours)
    chosen = {id: kind.way_to(customers[id]) for id in ids if id in customers}
    asked: dict[str, list[str]] = {}
    for one in chosen.values():
        if one is not None:
            asked.setdefault(one[0].suppression, []).append(fold(one[1]))
    suppressed = await _suppressed(asked) if asked else {}
    return [_verdict(id, customers.get(id), kind, chosen.get(id), suppressed) for id in ids]


async def _customers(
    ids: Sequence[ObjectId], fields: Mapping[str, int], *, neighbours: bool
) -> dict[ObjectId, Mapping[str, Any]]:
    """Those of these customers that exist. What `neighbours` promises is a guess, which costs time when it is wrong."""
    customers: dict[ObjectId, Mapping[str, Any]] = {}

    async def read(wanted: Mapping[str, Any], most: int) -> None:
        found = collection("customers").find({"_id": wanted}, fields, batch_size=most + 1).limit(most)
        customers.update((row["_id"], row) for row in await found.to_list())

    if neighbours and ids:
        await read({"$gte": ids[0], "$lte": ids[-1]}, len(ids) * 2)
    if missing := [id for id in ids if id not in customers]:
        await read({"$in": missing}, len(missing))
    return customers


async def _suppressed(asked: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], str]:
    """The reason by channel and folded address, of those that are on the do-not-contact list."""
    wanted = [{"channel": channel, "address": {"$in": addresses}} for channel, addresses in asked.items()]
    found = collection("suppressions").find(
        wanted[0] if len(wanted) == 1 else {"$or": wanted}, {"channel": 1, "address": 1, "reason": 1}
    )
    return {(row["channel"], row["address"]): row["reason"] for row in await found.to_list()}


def held_out(campaign_id: ObjectId, customer_id: ObjectId, percent: float) -> bool:
    """Whether this customer is in the holdout: the same answer each time, for about `percent` of all."""
    if percent <= 0:
        return False
    digest = hashlib.blake2b(f"{campaign_id}:{customer_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 < percent / 100


def suppressed_words(reason: str, channel: str) -> str:
    """Why nobody may write to an address that is on the do-not-contact list of this channel."""
    return (SUPPRESSED if channel == "email" else SUPPRESSED_NUMBER).get(reason, reason)


def domain_of(address: str) -> str:
    """The domain of an email address in lower case; empty for a number."""
    return address.rpartition("@")[2].lower() if "@" in address else ""


def _verdict(
    id: ObjectId,
    customer: Mapping[str, Any] | None,
    kind: Kind,
    chosen: tuple[Way, str] | None,
    suppressed: Mapping[tuple[str, str], str],
) -> Verdict:
    if customer is None:
        return Verdict(customer_id=id, customer=None, state=State.SKIPPED, reason=DELETED)
    if chosen is None:
        return Verdict(customer_id=id, customer=customer, state=State.SKIPPED, reason=kind.no_address)
    way, address = chosen
    state, reason = None, None
    if suppressed and (why := suppressed.get((way.suppression, fold(address)))) is not None:
        state, reason = State.SUPPRESSED, suppressed_words(why, way.suppression)
    elif not customer.get(way.consent):
        state, reason = State.SKIPPED, kind.no_consent
    return Verdict(
        customer_id=id, customer=customer, address=address, domain=domain_of(address), state=state, reason=reason
    )
