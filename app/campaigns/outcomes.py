"""Noting what became of a micro-batch: one write for the successes, one for everything else."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import DeleteOne, UpdateOne

from app.campaigns import breaker, ledger, retries
from app.campaigns.leases import Lease
from app.campaigns.unsubscribe import suppress
from app.channels.base import Message, Outcome, Result
from models.delivery import DeliveryState as State
from models.values import now


async def write_outcomes(
    lease: Lease,
    messages: Sequence[Message],
    outcomes: Sequence[Outcome],
    rows: MutableMapping[ObjectId, ledger.Row],
) -> None:
    """Write the outcomes, bring `rows` up to date, suppress addresses that do not exist, and mind the breaker."""
    moment = now()
    sent: list[str] = []
    others: list[UpdateOne | DeleteOne] = []
    refused = ""
    for message, outcome in zip(messages, outcomes, strict=True):
        customer = message.customer_id
        assert customer is not None
        if outcome.result is Result.ACCEPTED:
            sent.append(message.id)
            rows[customer]["state"] = State.SENT
            continue
        if outcome.result is Result.UNTOUCHED and rows[customer].get("fresh"):
            others.append(ledger.removal_of(message.id, lease.owner))
            del rows[customer]
            continue
        change = _change(rows[customer], outcome, moment)
        others.append(ledger.change_of(message.id, lease.owner, change))
        rows[customer].update(change)
        if outcome.result is Result.PERMANENT:
            refused = outcome.words
    await ledger.insist(lambda: ledger.mark_sent(sent, lease.owner, moment))
    await ledger.insist(lambda: ledger.write_each(others))
    for message, outcome in zip(messages, outcomes, strict=True):
        if outcome.bad_address:
            await suppress(message.recipient, "bounced", lease.campaign_id)
    if refused:
        await lease.renew(ledger.tally_of(row["state"] for row in rows.values()))
        await breaker.consider(lease.campaign_id, refused)


def _change(row: ledger.Row, outcome: Outcome, moment: datetime) -> dict[str, Any]:
    change: dict[str, Any] = {"reason": outcome.words, "updated_at": moment, "next_at": None}
    if outcome.result is Result.AMBIGUOUS:
        return change | {"state": State.UNKNOWN}
    if outcome.result is Result.PERMANENT:
        return change | {"state": State.FAILED}
    if outcome.result is Result.UNTOUCHED:
        return change | {"state": State.DEFERRED, "next_at": moment, "attempts": row["attempts"] - 1}
    due = retries.LADDER.next_try(row["attempts"], row.get("first_try_at") or moment, moment)
    if due is None:
        return change | {"state": State.FAILED, "reason": f"Given up after 48 hours. {outcome.words}"}
    return change | {"state": State.DEFERRED, "next_at": due}
