"""Claiming customers: the row in the ledger that is written before a message is handed over."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from app.campaigns import ledger
from app.campaigns.composing import compose
from app.campaigns.contact import HELD_OUT, Verdict
from app.campaigns.leases import Lease
from app.channels.base import Message
from app.errors import InvalidInput
from models.delivery import DeliveryState as State
from models.values import now


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What is to be written of one customer: `message` when it is to be sent, else a final state and its reason."""

    customer_id: ObjectId
    address: str | None
    name: str
    state: State
    reason: str | None = None
    message: Message | None = None

    @classmethod
    def of(cls, campaign: Mapping[str, Any], verdict: Verdict, *, held_out: bool) -> Claim:
        """Fill in the message of who may be written to; one that cannot be filled in has failed."""
        customer = verdict.customer or {}
        state, reason, message = verdict.state, verdict.reason, None
        if state is None and held_out:
            state, reason = State.HELD_OUT, HELD_OUT
        if state is None:
            try:
                state, message = State.SENDING, compose(campaign, customer)
            except InvalidInput as problem:
                state, reason = State.FAILED, problem.detail
        return cls(
            customer_id=verdict.customer_id,
            address=customer.get("email"),
            name=customer.get("name") or "",
            state=state,
            reason=reason,
            message=message,
        )


async def claim(
    campaign: Mapping[str, Any], lease: Lease, claims: Sequence[Claim], rows: MutableMapping[ObjectId, ledger.Row]
) -> set[str]:
    """Write these claims and return the ids of the deliveries that are now ours. `rows` is brought up to date.

    A customer without a row gets one, `fresh` in `rows`; a deferred one is moved on. Whatever somebody else wrote
    meanwhile drops out.
    """
    moment = now()
    fresh: list[ledger.Row] = []
    again: dict[str, dict[str, Any]] = {}
    wanted: dict[str, tuple[ObjectId, dict[str, Any]]] = {}
    for item in claims:
        row = rows.get(item.customer_id)
        id = ledger.delivery_id(lease.campaign_id, item.customer_id)
        tries = (row.get("attempts") or 0 if row else 0) + (1 if item.message else 0)
        change: dict[str, Any] = {
            "state": item.state,
            "reason": item.reason,
            "address": item.address,
            "name": item.name,
            "owner": lease.owner,
            "attempts": tries,
            "message_id": item.message.message_id if item.message else None,
            "next_at": None,
            "updated_at": moment,
        }
        wanted[id] = (item.customer_id, change)
        if row is not None:
            again[id] = change
        else:
            fresh.append(_document(campaign, lease, item.customer_id, id, change, moment))
    ours = await ledger.insert_new(fresh) | await ledger.claim_deferred(again, lease.owner)
    for id in ours:
        customer, change = wanted[id]
        before = rows.get(customer) or {"_id": id, "customer_id": customer, "first_try_at": moment, "fresh": True}
        rows[customer] = {**before, **change}
    return ours


def _document(
    campaign: Mapping[str, Any], lease: Lease, customer: ObjectId, id: str, change: Mapping[str, Any], moment: Any
) -> ledger.Row:
    return {
        "_id": id,
        "campaign_id": lease.campaign_id,
        "customer_id": customer,
        "chunk": lease.n,
        "channel": campaign["channel"],
        **change,
        "first_try_at": moment,
        "created_at": moment,
        "sent_at": None,
    }
