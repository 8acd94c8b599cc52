"""Writing what receipts change into the deliveries, by compare and swap, a batch at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from app.database import collection
from app.receipts.moving import Step, step
from models.values import now

Raw = dict[str, Any]
ChunkKey = tuple[ObjectId, int]

ROUNDS = 5
"""How often a batch is read and written anew because others wrote the same deliveries meanwhile."""

_FIELDS = {
    "campaign_id": 1,
    "chunk": 1,
    "state": 1,
    "reason": 1,
    "channel": 1,
    "address": 1,
    "sent_at": 1,
    "history": 1,
}


@dataclass
class Written:
    """What a batch did: the moves of each chunk, as (before, after).

    `unsure` has the chunks of deliveries that somebody else moved meanwhile, or that held their receipts already:
    perhaps from a worker that died before it counted them.
    """

    deliveries: dict[str, Raw] = field(default_factory=dict)
    moves: dict[ChunkKey, list[tuple[str, str]]] = field(default_factory=dict)
    unsure: set[ChunkKey] = field(default_factory=set)


async def write(receipts: Mapping[str, Sequence[Raw]]) -> Written:
    """Bring the deliveries up to date with `receipts`, by the delivery's id. Doing it again changes nothing."""
    done = Written()
    waiting = list(receipts)
    for _ in range(ROUNDS):
        found = collection("deliveries").find({"_id": {"$in": waiting}}, _FIELDS)
        rows = {row["_id"]: row async for row in found}
        done.deliveries |= rows
        steps = {id: made for id, row in rows.items() if (made := step(row, receipts[id])) is not None}
        done.unsure |= {chunk_of(row) for id, row in rows.items() if id not in steps}
        if not steps:
            break
        moment = now()
        updates = [_update(rows[id], made, moment) for id, made in steps.items()]
        result = await collection("deliveries").bulk_write(updates, ordered=False)
        if result.matched_count == len(steps):
            _note_moves(done, steps)
            break
        # Somebody wrote some of these meanwhile, and the answer does not say which.
        done.unsure |= {chunk_of(rows[id]) for id in steps}
        waiting = list(steps)
    return done


def chunk_of(delivery: Raw) -> ChunkKey:
    """The chunk a raw delivery belongs to."""
    return delivery["campaign_id"], delivery["chunk"]


def _note_moves(done: Written, steps: Mapping[str, Step]) -> None:
    for id, made in steps.items():
        if made.before != made.after:
            done.moves.setdefault(chunk_of(done.deliveries[id]), []).append((made.before, made.after))


def _update(row: Raw, made: Step, moment: Any) -> UpdateOne:
    unchanged: Raw = {"_id": row["_id"], "state": made.before}
    update: Raw = {}
    if made.changes:
        update["$set"] = {**made.changes, "updated_at": moment}
    if made.events:
        push: Raw = {"$each": made.events}
        if row.get("history") or len(made.events) > 1:
            # By their own time, so that the order in which they came does not show.
            push["$sort"] = {"at": 1}
        update["$push"] = {"history": push}
        if made.before == made.after:
            first = {"state": made.events[0]["state"], "words": made.events[0]["words"]}
            unchanged["history"] = {"$not": {"$elemMatch": first}}
    return UpdateOne(unchanged, update)
