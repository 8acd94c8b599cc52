"""Noting what became of a micro-batch: new deliveries in one insert, those that were there in one round of updates."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId
from bson.datetime_ms import DatetimeMS
from pymongo import UpdateOne

from app.campaigns.audience.contact import Verdict
from app.campaigns.message.unsubscribe import suppress
from app.campaigns.pacing import breaker, retries
from app.campaigns.sending import ledger
from app.campaigns.sending.claims import Claim
from app.campaigns.sending.leases import Held, Lease
from app.channels.base import Message, Outcome, Result
from models.campaign_plan import Ambiguity
from models.delivery import DeliveryState as State
from models.values import now

GIVEN_UP = "Given up after 48 hours."

_SENT = State.SENT.value

_CLEARED: Mapping[str, Any] = dict.fromkeys(("reason", "message_id", "server", "next_at", "sent_at"))
"""What an outcome takes back when it says nothing of it. A new delivery has no such fields: a fifth of its size."""


async def write_outcomes(
    lease: Lease,
    campaign: Mapping[str, Any],
    claims: Sequence[Claim],
    rows: MutableMapping[ObjectId, ledger.Row],
    begun: datetime,
) -> bool:
    """Write what became of each, bring `rows` up to date, suppress addresses that do not exist, and mind the breaker.

    Who was never offered gets no line. `begun` is when the hand-over began. False when the ledger says something else
    of somebody, so that `rows` should be read again.
    """
    moment = now()
    policy = campaign.get("ambiguity") or Ambiguity.UNKNOWN
    lasting = {"campaign_id": lease.campaign_id, "chunk": lease.n, "channel": str(campaign["channel"])}
    # A fifth cheaper to encode than the moments they stand for, which nobody asks of a delivery that was taken.
    at, since = DatetimeMS(moment), DatetimeMS(begun)
    known = bool(rows)
    fresh: list[ledger.Row] = []
    changes: list[UpdateOne] = []
    for claim in claims:
        customer = claim.verdict.customer_id
        row = rows.get(customer) if known else None
        if row is None and claim.outcome is not None and claim.outcome.result is Result.ACCEPTED:
            document = _taken(claim, claim.outcome, lasting, at, since)
        else:
            line = _line(claim, row, moment, policy)
            if line is None:
                continue
            id = ledger.delivery_id(lease.campaign_id, customer)
            if row is not None:
                line = {**_CLEARED, **line, "owner": lease.owner}
                changes.append(ledger.change_of(id, line))
                row.update(line)
                continue
            document = {"_id": id, "customer_id": customer, **lasting, "first_try_at": begun, "created_at": begun}
            document |= line
            if line["state"] in ledger.OPEN:
                # Nobody asks whose a delivery was that has its end.
                document["owner"] = lease.owner
        rows[customer] = document
        fresh.append(document)
    as_thought = await _write(lease, fresh, changes)
    await _follow_up(lease, claims, rows)
    return as_thought


def _taken(
    claim: Claim, outcome: Outcome, lasting: Mapping[str, Any], at: DatetimeMS, since: DatetimeMS
) -> dict[str, Any]:
    """The delivery of who took it at the first try, as nearly all do. What indexes hold comes first, because MongoDB
    walks over whatever is before it.
    """
    verdict, message = claim.verdict, claim.message
    assert message is not None
    document = {
        "_id": message.id,
        "state": _SENT,
        "updated_at": at,
        "customer_id": verdict.customer_id,
        **lasting,
        "sent_at": at,
        "first_try_at": since,
        "created_at": since,
        "attempts": 1,
        **_whom(verdict),
    }
    _note_words(document, message, outcome)
    return document


def _whom(verdict: Verdict) -> dict[str, Any]:
    name = verdict.customer.get("name") if verdict.customer is not None else None
    return {"address": verdict.address, "domain": verdict.domain, "name": name or ""}


def _note_words(line: dict[str, Any], message: Message, outcome: Outcome) -> None:
    if message.message_id:
        line["message_id"] = message.message_id
    if outcome.server:
        line["server"] = outcome.server
    if outcome.reference:
        line["reference"] = outcome.reference


def _line(claim: Claim, row: ledger.Row | None, moment: datetime, policy: str) -> dict[str, Any] | None:
    """The fields that differ from one delivery to the next; None when nothing happened."""
    message, outcome = claim.message, claim.outcome
    tries = (row.get("attempts") or 0) if row is not None else 0
    line: dict[str, Any] = {**_whom(claim.verdict), "attempts": tries, "updated_at": moment}
    if message is None:
        return line | {"state": claim.state.value, "reason": claim.reason}
    if outcome is None or outcome.result is Result.UNTOUCHED:
        return None
    line["attempts"] = tries + 1
    _note_words(line, message, outcome)
    if outcome.result is Result.ACCEPTED:
        line["state"] = _SENT
        line["sent_at"] = moment
        return line
    first_try_at = (row.get("first_try_at") if row is not None else None) or moment
    line |= _trouble(outcome, tries + 1, first_try_at, moment, policy)
    return line


def _trouble(outcome: Outcome, tries: int, first_try_at: datetime, moment: datetime, policy: str) -> dict[str, Any]:
    """State, reason, next try and the line of history of a hand-over that did not end well."""
    happened = ledger.event(moment, _HAPPENED[outcome.result], outcome.words)
    trouble: dict[str, Any] = {"reason": outcome.words, "history": [happened]}
    if outcome.result is Result.PERMANENT:
        return trouble | {"state": State.FAILED.value}
    if outcome.result is Result.AMBIGUOUS and policy != Ambiguity.RESEND:
        return trouble | {"state": State.UNKNOWN.value}
    due = retries.LADDER.next_try(tries, first_try_at, moment)
    if due is not None:
        return trouble | {"state": State.DEFERRED.value, "next_at": due}
    end = State.UNKNOWN if outcome.result is Result.AMBIGUOUS else State.FAILED
    return {"reason": f"{GIVEN_UP} {outcome.words}", "state": end.value, "history": [happened | {"state": end.value}]}


_HAPPENED = {
    Result.TEMPORARY: State.DEFERRED,
    Result.PERMANENT: State.FAILED,
    Result.AMBIGUOUS: State.UNKNOWN,
}


async def _write(lease: Lease, fresh: Sequence[ledger.Row], changes: Sequence[UpdateOne]) -> bool:
    """Both writes, although the database may be away for a while: what the channel answered is known only here.

    False when somebody else had written a delivery already.
    """
    as_thought = True

    async def insert() -> None:
        nonlocal as_thought
        ours = await ledger.insert_new(fresh)
        as_thought = len(ours) == len(fresh)
        if not as_thought:
            # The lease was thought dead and somebody settled it meanwhile; who sent it knows better.
            await ledger.write_each(
                [ledger.sent_after_all(row, lease.owner) for row in fresh if row["_id"] not in ours]
            )

    if fresh:
        await ledger.insist(insert)
    if changes:
        await ledger.insist(lambda: ledger.write_each(changes))
    return as_thought


async def _follow_up(lease: Lease, claims: Sequence[Claim], rows: Mapping[ObjectId, ledger.Row]) -> None:
    """What trouble means beyond the delivery itself."""
    refused = ""
    for claim in claims:
        outcome = claim.outcome
        if outcome is None or outcome.result is Result.ACCEPTED:
            continue
        if outcome.bad_address and claim.verdict.address:
            await suppress(claim.verdict.address, "bounced", lease.campaign_id)
        if outcome.result is Result.PERMANENT:
            refused = outcome.words
    if refused and await lease.renew(ledger.tally_of(row["state"] for row in rows.values())) is not Held.LOST:
        await breaker.consider(lease.campaign_id, refused)
