"""The deliveries of a chunk: the only record of what happened. Raw documents, because this is the inner loop."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument, UpdateOne
from pymongo.errors import AutoReconnect, BulkWriteError, ConnectionFailure

from app.database import collection, database
from models.chunk import ChunkState, Tally
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


def delivery_id(campaign_id: ObjectId, customer_id: ObjectId) -> str:
    """The key that makes a delivery unique."""
    return f"{campaign_id}:{customer_id}"


async def read_rows(campaign_id: ObjectId, customer_ids: Sequence[ObjectId]) -> dict[ObjectId, Row]:
    """What the ledger holds of these customers in this campaign, by customer. 500 keys take about 2 ms."""
    keys = [delivery_id(campaign_id, customer) for customer in customer_ids]
    fields = {"customer_id": 1, "state": 1, "next_at": 1, "attempts": 1, "first_try_at": 1, "owner": 1, "updated_at": 1}
    found = collection("deliveries").find({"_id": {"$in": keys}}, fields, batch_size=len(keys) + 1)
    return {row["customer_id"]: row for row in await found.to_list()}


def tally_of(states: Iterable[str]) -> Counter[str]:
    """How many are in each outcome."""
    return Counter(TALLIED[state] for state in states if state in TALLIED)


async def move_tally(campaign_id: ObjectId, chunk_n: int, before_state: str, after_state: str) -> None:
    """Bring a chunk's tally up to date after a delivery was changed without a lease: by a receipt or by hand.

    Call it when the delivery is written. The tally is derived from the ledger again, by who holds the chunk if it is
    leased and else here; so it may be called any number of times, for several deliveries at once, and at the same time.
    """
    if TALLIED.get(before_state) != TALLIED.get(after_state):
        await derive_tally(campaign_id, chunk_n)


async def derive_tally(campaign_id: ObjectId, chunk_n: int) -> None:
    """Write a chunk's tally anew from its deliveries, or make who holds it do so."""
    chunk = await collection("chunks").find_one_and_update(
        {"_id": f"{campaign_id}:{chunk_n}"},
        {"$inc": {"moved": 1}},
        {"customer_ids": 1, "moved": 1, "state": 1},
        return_document=ReturnDocument.AFTER,
    )
    # A holder finds `moved` changed before it writes its tally; whoever leases a chunk counts it first.
    if chunk is None or chunk["state"] == ChunkState.LEASED:
        return
    rows = await read_rows(campaign_id, chunk["customer_ids"])
    tally = Tally(**tally_of(row["state"] for row in rows.values()))
    # Who moved it after us counts after us.
    unchanged = {"_id": chunk["_id"], "moved": chunk["moved"], "state": {"$ne": ChunkState.LEASED.value}}
    await collection("chunks").update_one(unchanged, {"$set": {"tally": tally.model_dump()}})


async def make_due(rows: Iterable[Row], state: str) -> None:
    """Deliveries in this state become deferred and due now, with a fresh ladder of retries."""
    again = [row for row in rows if row["state"] == state]
    if not again:
        return
    moment = now()
    fresh = {"state": State.DEFERRED, "next_at": moment, "attempts": 0, "first_try_at": moment}
    await collection("deliveries").update_many(
        {"_id": {"$in": [row["_id"] for row in again]}, "state": state},
        {
            "$set": {**fresh, "updated_at": moment},
            "$push": {"history": event(moment, State.DEFERRED, "Chosen to be tried again.")},
        },
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
    """Insert and return the ids that are ours; one that is there already belongs to an earlier try and drops out.

    Running it again does nothing more; ConnectionFailure says that it should be. As one command, because `insert_many`
    looks at each document once more and has the server remember the write in case it is repeated: a fifth of what it
    costs here, a tenth of what it costs there.
    """
    if not documents:
        return set()
    ids = {document["_id"] for document in documents}
    command = {"insert": "deliveries", "documents": documents, "ordered": False, "writeConcern": {"w": "majority"}}
    answer = await database().command(command)
    if (doubt := answer.get("writeConcernError")) is not None:
        # The server ends or gives way to another, and nobody knows yet whether it will have been written.
        raise AutoReconnect(doubt.get("errmsg", "not written by a majority"), answer)
    errors = answer.get("writeErrors", [])
    if any(error["code"] != DUPLICATE_KEY for error in errors):
        raise BulkWriteError(answer)
    return ids - {documents[error["index"]]["_id"] for error in errors}


def sent_after_all(document: Row, owner: str) -> UpdateOne:
    """The server took it, although the one who settled for a holder thought dead could not know that.

    As long as nobody else has taken the delivery up: `document` is what the holder would have inserted.
    """
    fields = ("state", "sent_at", "updated_at", "reason", "next_at", "server", "reference", "message_id", "attempts")
    change = {name: document.get(name) for name in fields}
    return UpdateOne({"_id": document["_id"], "owner": owner, "state": {"$in": OPEN}}, {"$set": change})


OPEN = [State.SENDING.value, State.UNKNOWN.value, State.DEFERRED.value]
"""States in which it matters under which lease a delivery was handed over."""


def event(moment: datetime, state: State, words: str) -> dict[str, Any]:
    """A line of a delivery's history."""
    return {"at": moment, "state": state.value, "words": words}


def change_of(id: str, line: Mapping[str, Any]) -> UpdateOne:
    """The outcome of another try of a delivery; its `history` is added to what is there.

    What arrived overrides a doubt; anything else is written only while the delivery waits for this try.
    """
    fields = {name: value for name, value in line.items() if name != "history"}
    update: dict[str, Any] = {"$set": fields}
    if "history" in line:
        update["$push"] = {"history": {"$each": line["history"]}}
    open_states = OPEN if line["state"] == State.SENT else [State.DEFERRED.value]
    return UpdateOne({"_id": id, "state": {"$in": open_states}}, update)


async def write_each(changes: Sequence[UpdateOne]) -> None:
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
