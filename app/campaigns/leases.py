"""The lease on a chunk: taken, renewed and given back by conditional updates that compare the owner each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument

from app.campaigns.owners import new_owner
from app.database import collection
from models.chunk import ChunkState
from models.values import now

LEASE_SECONDS = 60.0
"""How long a holder may be silent. It renews before every micro-batch, so only a dead or stuck one loses it."""

Tallies = Mapping[str, int]


@dataclass(kw_only=True)
class Lease:
    """One chunk, held. `retry` and `attempts` are as they were when the lease was taken."""

    chunk_id: str
    campaign_id: ObjectId
    n: int
    customer_ids: list[ObjectId]
    attempts: int
    retry: str | None
    owner: str

    async def renew(self, tally: Tallies | None = None) -> bool:
        """Hold it for another minute and write the tally. False: somebody else has it, so stop at once."""
        change: dict[str, Any] = {"lease_until": _until()}
        if tally is not None:
            change["tally"] = dict(tally)
        return await self._write({"$set": change})

    async def keep_waiting(self, tally: Tallies, *, next_at: datetime | None = None, attempts: int = 0) -> bool:
        """Give it back with work left, due at `next_at` or at once."""
        change = {"tally": dict(tally), "state": ChunkState.WAITING, "next_at": next_at, "attempts": attempts}
        return await self._write({"$set": change | _FREE})

    async def finish(self, tally: Tallies) -> bool:
        """Give it back with nothing left to do."""
        change = {"tally": dict(tally), "state": ChunkState.DONE, "next_at": None, "attempts": 0}
        return await self._write({"$set": change | _FREE})

    async def lapse(self) -> bool:
        """Let go without a word: whoever takes it next settles what was being handed over."""
        return await self._write({"$set": {"lease_until": now() - timedelta(seconds=1)}})

    async def retry_done(self) -> bool:
        """Note that the deliveries asked for by `retry` are due again."""
        return await self._write({"$set": {"retry": None}})

    async def _write(self, update: Mapping[str, Any]) -> bool:
        mine = {"_id": self.chunk_id, "owner": self.owner, "state": ChunkState.LEASED}
        return (await collection("chunks").update_one(mine, update)).matched_count == 1


_FREE: dict[str, Any] = {"owner": None, "lease_until": None, "enqueued_at": None}


async def take_lease(chunk_id: str) -> Lease | None:
    """The lease on this chunk if it is due and nobody holds it, else None: a repeated message does nothing."""
    moment = now()
    due = {"state": ChunkState.WAITING, "next_at": {"$not": {"$gt": moment}}}
    lapsed = {"state": ChunkState.LEASED, "lease_until": {"$lt": moment}}
    owner = new_owner()
    taken = await collection("chunks").find_one_and_update(
        {"_id": chunk_id, "$or": [due, lapsed]},
        {
            "$set": {
                "state": ChunkState.LEASED,
                "owner": owner,
                "lease_until": _until(),
                "enqueued_at": None,
                "touched": True,
            }
        },
        return_document=ReturnDocument.AFTER,
    )
    if taken is None:
        return None
    return Lease(
        chunk_id=chunk_id,
        campaign_id=taken["campaign_id"],
        n=taken["n"],
        customer_ids=taken["customer_ids"],
        attempts=taken.get("attempts", 0),
        retry=taken.get("retry"),
        owner=owner,
    )


def _until() -> datetime:
    return now() + timedelta(seconds=LEASE_SECONDS)
