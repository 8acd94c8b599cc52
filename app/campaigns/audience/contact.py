"""Whether one may write to a customer, decided at the moment of sending."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from app.campaigns.audience.kinds import KINDS, Kind, kind_of
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
    customers = await _customers(customer_ids, fields, neighbours=neighbours)
    verdicts: list[Verdict] = []
    asked: dict[str, list[str]] = {}
    for id in customer_ids:
        customer = customers.get(id)
        if customer is None:
            verdicts.append(Verdict(customer_id=id, customer=None, state=State.SKIPPED, reason=DELETED))
            continue
        chosen = kind.way_to(customer)
        if chosen is None:
            verdicts.append(Verdict(customer_id=id, customer=customer, state=State.SKIPPED, reason=kind.no_address))
            continue
        way, address = chosen
        verdict = Verdict(customer_id=id, customer=customer, address=address, domain=domain_of(address))
        if not customer.get(way.consent):
            verdict.state, verdict.reason = State.SKIPPED, kind.no_consent
        verdicts.append(verdict)
        asked.setdefault(way.suppression, []).append(fold(address))
    suppressed = await _suppressed(asked) if asked else {}
    if suppressed:
        for verdict in verdicts:
            _heed(verdict, kind, suppressed)
    return verdicts


def _heed(verdict: Verdict, kind: Kind, suppressed: Mapping[tuple[str, str], str]) -> None:
    """Nobody may write to who is on the do-not-contact list, whatever else is true of them."""
    chosen = kind.way_to(verdict.customer) if verdict.customer is not None else None
    if chosen is not None and (why := suppressed.get((chosen[0].suppression, fold(chosen[1])))) is not None:
        verdict.state, verdict.reason = State.SUPPRESSED, suppressed_words(why, chosen[0].suppression)


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
