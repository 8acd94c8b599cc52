"""The deliveries of a chunk: the only record of what happened. Raw documents, because this is the inner loop."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo import DeleteOne, UpdateOne
from pymongo.errors import BulkWriteError, ConnectionFailure

from app.channels.acceptances import accepted_at
from app.database import collection
from models.delivery import DeliveryState as State
from models.values import now

Row = dict[str, Any]

DUPLICATE_KEY = 11000
INSIST_SECONDS = 120.0

TALLIED: Mapping[str, str] = {
    State.SENT: "sent",
    State.DELIVERED: "sent",
    State.BOUNCED: "sent",
    State.COMPLAINED: "sent",
    State.FAILED: "failed",
    State.SKIPPED: "skipped",
    State.SUPPRESSED: "skipped",
    State.CANCELLED: "skipped",
    State.HELD_OUT: "held_out",
    State.UNKNOWN: "unknown",
}
"""The count each state belongs to. What is missing here, or has no row yet, is pending."""

LOST_WORDS = "The process that was sending stopped before it could note the answer; it may or may not have arrived."


def delivery_id(campaign_id: ObjectId, customer_id: ObjectId) -> str:
    """The key that makes a delivery unique."""
    return f"{campaign_id}:{customer_id}"


async def read_rows(campaign_id: ObjectId, customer_ids: Sequence[ObjectId]) -> dict[ObjectId, Row]:
    """What the ledger holds of these customers in this campaign, by customer. 500 keys take about 2 ms."""
    keys = [delivery_id(campaign_id, customer) for customer in customer_ids]
    fields = {"customer_id": 1, "state": 1, "next_at": 1, "attempts": 1, "first_try_at": 1}
    return {row["customer_id"]: row async for row in collection("deliveries").find({"_id": {"$in": keys}}, fields)}


def tally_of(states: Iterable[str]) -> Counter[str]:
    """How many are in each outcome."""
    return Counter(TALLIED[state] for state in states if state in TALLIED)


async def settle_lost(rows: Iterable[Row], folder: Path) -> None:
    """What was being handed over when its sender died: sent where the journal in `folder` says so, else `unknown`,
    because only the receiving side knows.
    """
    sending = {row["_id"]: row for row in rows if row["state"] == State.SENDING}
    if not sending:
        return
    taken = await asyncio.to_thread(accepted_at, folder, sending.keys())
    await write_each([_sent_after_all(id, moment) for id, moment in taken.items()])
    for id in taken:
        sending[id]["state"] = State.SENT
    await _mark_unknown([row for id, row in sending.items() if id not in taken])


def _sent_after_all(id: str, moment: datetime) -> UpdateOne:
    change = {"state": State.SENT, "sent_at": moment, "updated_at": now(), "reason": None, "next_at": None}
    return UpdateOne({"_id": id, "state": {"$in": [State.SENDING, State.UNKNOWN]}}, {"$set": change})


async def _mark_unknown(lost: Sequence[Row]) -> None:
    if not lost:
        return
    await collection("deliveries").update_many(
        {"_id": {"$in": [row["_id"] for row in lost]}, "state": State.SENDING},
        {"$set": {"state": State.UNKNOWN, "reason": LOST_WORDS, "updated_at": now()}},
    )
    for row in lost:
        row["state"] = State.UNKNOWN


async def make_due(rows: Iterable[Row], state: str) -> None:
    """Deliveries in this state become deferred and due now, with a fresh ladder of retries."""
    again = [row for row in rows if row["state"] == state]
    if not again:
        return
    moment = now()
    fresh = {"state": State.DEFERRED, "next_at": moment, "attempts": 0, "first_try_at": moment}
    await collection("deliveries").update_many(
        {"_id": {"$in": [row["_id"] for row in again]}, "state": state},
        {"$set": {**fresh, "updated_at": moment}},
    )
    for row in again:
        row.update(fresh)


async def cancel_deferred(rows: Iterable[Row]) -> None:
    """Whoever waits for another try in a cancelled campaign gets none."""
    waiting = [row for row in rows if row["state"] == State.DEFERRED]
    if not waiting:
        return
    await collection("deliveries").update_many(
        {"_id": {"$in": [row["_id"] for row in waiting]}, "state": State.DEFERRED},
        {"$set": {"state": State.CANCELLED, "reason": "The campaign was cancelled.", "updated_at": now()}},
    )
    for row in waiting:
        row["state"] = State.CANCELLED


async def insert_new(documents: Sequence[Row]) -> set[str]:
    """Insert and return the ids that are ours; one that is there already belongs to an earlier try and drops out."""
    if not documents:
        return set()
    ids = {document["_id"] for document in documents}
    try:
        await collection("deliveries").insert_many(documents, ordered=False)
    except BulkWriteError as problem:
        errors = (problem.details or {}).get("writeErrors", [])
        if any(error["code"] != DUPLICATE_KEY for error in errors) or problem.details.get("writeConcernErrors"):
            raise
        return ids - {documents[error["index"]]["_id"] for error in errors}
    return ids


async def mark_sent(ids: Sequence[str], owner: str, moment: datetime) -> None:
    """One write for all that were accepted.

    `unknown` too: if this lease was thought dead meanwhile, its holder still knows better.
    """
    if ids:
        await collection("deliveries").update_many(
            {"_id": {"$in": list(ids)}, "owner": owner, "state": {"$in": [State.SENDING, State.UNKNOWN]}},
            {"$set": {"state": State.SENT, "sent_at": moment, "updated_at": moment, "reason": None, "next_at": None}},
        )


def change_of(id: str, owner: str, change: Mapping[str, Any]) -> UpdateOne:
    """An update of one delivery that this lease is handing over."""
    return UpdateOne({"_id": id, "owner": owner, "state": State.SENDING}, {"$set": dict(change)})


def removal_of(id: str, owner: str) -> DeleteOne:
    """Take back a delivery that was never offered to anybody."""
    return DeleteOne({"_id": id, "owner": owner, "state": State.SENDING})


async def write_each(changes: Sequence[UpdateOne | DeleteOne]) -> None:
    """The exceptions of a micro-batch, in one round trip."""
    if changes:
        await collection("deliveries").bulk_write(list(changes), ordered=False)


async def insist(write: Callable[[], Awaitable[None]]) -> None:
    """Write although the database is away for a while: what the channel answered is known only here.

    `write` may run several times. Raises the last error after two minutes.
    """
    deadline = time.monotonic() + INSIST_SECONDS
    while True:
        try:
            return await write()
        except ConnectionFailure:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.5)


async def claim_deferred(changes: Mapping[str, Mapping[str, Any]], owner: str) -> set[str]:
    """Move deferred deliveries to what `changes` says, each naming `owner`; return those that were still deferred."""
    if not changes:
        return set()
    updates = [
        UpdateOne({"_id": id, "state": State.DEFERRED}, {"$set": dict(change)}) for id, change in changes.items()
    ]
    result = await collection("deliveries").bulk_write(updates, ordered=False)
    if result.matched_count == len(changes):
        return set(changes)
    mine = collection("deliveries").find({"_id": {"$in": list(changes)}, "owner": owner}, {"_id": 1})
    return {row["_id"] async for row in mine}
