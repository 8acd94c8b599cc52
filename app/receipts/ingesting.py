"""Taking in the receipts that are due: written into the deliveries, counted, and only then marked as taken in.

Whoever dies in between leaves them due; who takes them in again finds what was done and does the rest. One worker at a
time is asked to, because two would do the same work, without harm.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pymongo import UpdateOne
from redis.exceptions import RedisError

from app.campaigns.record import signals
from app.campaigns.record.progress import publish_hint
from app.campaigns.sending import ledger
from app.database import collection
from app.receipts import counting
from app.receipts.ledger_writes import Written, write
from app.receipts.suppressing import suppress_all
from models.values import now

Raw = dict[str, Any]

BATCH = 500
HANDS = 3
"""Batches under way at once: while MongoDB writes one, this process prepares the next."""

RUN_SECONDS = 5.0
"""How long one message keeps at it; the clock puts another on the queue while something is due."""

SOONEST = timedelta(seconds=1)
GIVE_UP = timedelta(minutes=10)
"""How long a receipt may wait for its delivery, which is written a moment after the vendor took the message."""

QUEUED_SECONDS = 15

_QUEUED = "cohort:receipts:queued"
_FIELDS = {"delivery_id": 1, "reference": 1, "event": 1, "permanent": 1, "reason": 1, "at": 1, "created_at": 1}


async def due_receipts() -> bool:
    """Whether a worker should be asked to take in receipts; not while one surely does. Two indexed reads.

    Raises redis.RedisError.
    """
    due = await collection("receipts").find_one({"due_at": {"$lte": now()}}, {"_id": 1})
    if due is None and not await counting.any_due():
        return False
    return bool(await signals.signals().set(_QUEUED, "1", nx=True, ex=QUEUED_SECONDS))


async def ingest_due() -> int:
    """Take in what is due, for a few seconds at most; how many receipts there were.

    Several workers may do so at once. Repeats and any order end in the same state.
    """
    deadline = time.monotonic() + RUN_SECONDS
    taken = 0
    try:
        while time.monotonic() < deadline:
            due = collection("receipts").find({"due_at": {"$lte": now()}}, _FIELDS)
            rows = await due.sort("due_at", 1).limit(BATCH * HANDS).to_list()
            if not rows:
                break
            await asyncio.gather(*(take_in(batch) for batch in _batches(rows)))
            taken += len(rows)
        while time.monotonic() < deadline and await counting.recount_due():
            pass
    finally:
        with contextlib.suppress(RedisError, OSError):
            await signals.signals().delete(_QUEUED)
    return taken


async def take_in(batch: Sequence[Raw]) -> None:
    """Write raw receipts into the deliveries and mark them as taken in. Doing it again changes nothing.

    A receipt that came sooner than the line of its delivery waits for it.
    """
    await _fill_in_deliveries(batch)
    about: defaultdict[str, list[Raw]] = defaultdict(list)
    for receipt in batch:
        if receipt.get("delivery_id"):
            about[receipt["delivery_id"]].append(receipt)
    done = await write(about)
    await suppress_all(done.deliveries, about)
    await _count(done)
    ended: list[Raw] = []
    early: list[Raw] = []
    for receipt in batch:
        (ended if receipt.get("delivery_id") in done.deliveries else early).append(receipt)
    await asyncio.gather(
        _end([receipt["_id"] for receipt in ended]),
        _look_again(early),
        *(publish_hint(campaign) for campaign in {row["campaign_id"] for row in done.deliveries.values()}),
    )


def _batches(rows: Sequence[Raw]) -> list[list[Raw]]:
    """In batches, all receipts of a delivery in the same one."""
    batches: list[list[Raw]] = [[] for _ in range(min(HANDS, -(-len(rows) // BATCH)))]
    places: dict[str, int] = {}
    for number, row in enumerate(rows):
        about = row.get("delivery_id") or row.get("reference") or ""
        batches[places.setdefault(about, number // BATCH)].append(row)
    return batches


async def _fill_in_deliveries(batch: Sequence[Raw]) -> None:
    """Name the delivery of receipts that know only the vendor's reference, where one carries it."""
    nameless = [receipt for receipt in batch if not receipt.get("delivery_id") and receipt.get("reference")]
    if nameless:
        found = await deliveries_of([receipt["reference"] for receipt in nameless])
        for receipt in nameless:
            receipt["delivery_id"] = found.get(receipt["reference"])


async def _end(ids: Sequence[str]) -> None:
    if ids:
        ending = {"$set": {"ingested_at": now()}, "$unset": {"due_at": ""}}
        await collection("receipts").update_many({"_id": {"$in": list(ids)}}, ending)


async def _look_again(early: Sequence[Raw]) -> None:
    """Receipts without a delivery are due again after as long as they are old, and given up in the end."""
    moment = now()
    again: list[UpdateOne] = []
    given_up: list[str] = []
    for receipt in early:
        age = moment - receipt["created_at"]
        if age > GIVE_UP:
            given_up.append(receipt["_id"])
        else:
            again.append(UpdateOne({"_id": receipt["_id"]}, {"$set": {"due_at": moment + max(age, SOONEST)}}))
    if again:
        await collection("receipts").bulk_write(again, ordered=False)
    await _end(given_up)


async def deliveries_of(references: Sequence[str]) -> dict[str, str]:
    """The delivery that carries each of these vendor's references, where there is one."""
    found = collection("deliveries").find({"reference": {"$in": list(references)}}, {"reference": 1})
    return {row["reference"]: row["_id"] async for row in found}


async def _count(done: Written) -> None:
    """Bring the chunks up to date: what was received, and the tally where a message turns out to have arrived."""
    await counting.add(done.moves, done.unsure)
    for (campaign, n), pairs in done.moves.items():
        for before, after in set(pairs):
            await ledger.move_tally(campaign, n, before, after)
