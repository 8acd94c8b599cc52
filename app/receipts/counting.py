"""How many messages of a chunk are delivered, bounced and complained about: kept on the chunk, where pages sum it.

Each batch of receipts adds what it moved, and asks for the chunk to be counted anew from the deliveries once it has
been quiet for a while. So a sum is quick, and right in the end whatever crashed in between.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from app.campaigns.record.progress import RECEIVED, publish_hint
from app.campaigns.sending import ledger
from app.database import collection
from app.receipts.ledger_writes import ChunkKey
from models.chunk import ChunkState, Received
from models.values import now

QUIET = timedelta(seconds=30)
AT_ONCE = 2_000
"""Chunks counted anew in one go."""

PASS_COST = 15
"""Reading one chunk by its keys takes as long as reading so many in a pass over the campaign's deliveries."""

BY_KEYS = 50
"""Chunks read by their keys in one query, which has a limit of 16 MB."""

States = Mapping[int, Counter[str]]


async def add(moves: Mapping[ChunkKey, Iterable[tuple[str, str]]], unsure: Iterable[ChunkKey]) -> None:
    """Add these moves to their chunks, and have them and those in `unsure` counted anew once they are quiet."""
    quiet = {"recount_at": now() + QUIET}
    updates = []
    for (campaign, n), pairs in moves.items():
        difference: Counter[str] = Counter()
        for before, after in pairs:
            difference[before] -= 1
            difference[after] += 1
        change = {f"receipts.{name}": difference[name] for name in RECEIVED if difference[name]}
        update: dict[str, Any] = {"$set": quiet}
        if change:
            update["$inc"] = change
        updates.append(UpdateOne({"_id": f"{campaign}:{n}"}, update))
    updates += [UpdateOne({"_id": f"{id}:{n}"}, {"$set": quiet}) for id, n in unsure]
    if updates:
        await collection("chunks").bulk_write(updates, ordered=False)


async def any_due() -> bool:
    """Whether a chunk waits to be counted anew."""
    return await collection("chunks").find_one({"recount_at": {"$lte": now()}}, {"_id": 1}) is not None


async def recount_due() -> int:
    """Count the chunks anew whose time has come; how many there were.

    Receipts that come meanwhile move `recount_at`, so that what was read before them is not written.
    """
    fields = {"campaign_id": 1, "n": 1, "recount_at": 1, "state": 1, "tally": 1, "receipts": 1}
    due = collection("chunks").find({"recount_at": {"$lte": now()}}, fields).sort("recount_at", 1).limit(AT_ONCE)
    campaigns: defaultdict[ObjectId, list[dict[str, Any]]] = defaultdict(list)
    async for chunk in due:
        campaigns[chunk["campaign_id"]].append(chunk)
    for campaign, chunks in campaigns.items():
        states = await _states(campaign, [chunk["n"] for chunk in chunks])
        await _write(chunks, states)
        await publish_hint(campaign)
    return sum(map(len, campaigns.values()))


async def _write(chunks: Sequence[Mapping[str, Any]], states: States) -> None:
    updates = []
    for chunk in chunks:
        counted = states.get(chunk["n"], Counter())
        received = Received(**{name: counted[name] for name in RECEIVED}).model_dump()
        unchanged = {"_id": chunk["_id"], "recount_at": chunk["recount_at"]}
        updates.append(UpdateOne(unchanged, {"$set": {"receipts": received}, "$unset": {"recount_at": ""}}))
        # Only after a crash between the deliveries and the tally. Who holds a chunk counts it anyway.
        tally = ledger.tally_of(counted.elements())
        if chunk["state"] != ChunkState.LEASED and Counter(chunk.get("tally")) != tally:
            await ledger.derive_tally(chunk["campaign_id"], chunk["n"])
    await collection("chunks").bulk_write(updates, ordered=False)


async def _states(campaign: ObjectId, numbers: Sequence[int]) -> States:
    """How many deliveries of each of these chunks are in each state.

    A chunk by its keys takes some milliseconds, a pass over the campaign about a second for a million deliveries.
    """
    matches: list[dict[str, Any]] = [{"campaign_id": campaign}]
    if len(numbers) * PASS_COST < await collection("chunks").count_documents({"campaign_id": campaign}):
        parts = [numbers[start : start + BY_KEYS] for start in range(0, len(numbers), BY_KEYS)]
        matches = [{"_id": {"$in": await _keys(campaign, part)}} for part in parts]
    group = {"$group": {"_id": {"chunk": "$chunk", "state": "$state"}, "count": {"$sum": 1}}}
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for match in matches:
        async for row in await collection("deliveries").aggregate([{"$match": match}, group]):
            found[row["_id"]["chunk"]][row["_id"]["state"]] = row["count"]
    return found


async def _keys(campaign: ObjectId, numbers: Sequence[int]) -> list[str]:
    """The ids of the deliveries of these chunks."""
    ids = [f"{campaign}:{n}" for n in numbers]
    chunks = collection("chunks").find({"_id": {"$in": ids}}, {"customer_ids": 1})
    return [ledger.delivery_id(campaign, one) async for chunk in chunks for one in chunk["customer_ids"]]
