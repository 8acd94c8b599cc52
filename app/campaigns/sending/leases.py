"""The lease on a chunk: taken, renewed and given back by conditional updates that compare the owner each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument

from app.campaigns.sending.owners import new_owner, surely_dead
from app.database import collection
from models.chunk import ChunkState
from models.values import now

LEASE_SECONDS = 15.0
"""How long a holder may be silent. It renews before every micro-batch and during a long one, so only a dead or stuck
one loses it."""

Tallies = Mapping[str, int]


class Held(Enum):
    """The answer to a write under a lease.

    `moved`: nothing was written, because somebody changed a delivery meanwhile; derive the tally again and repeat.
    """

    YES = "yes"
    MOVED = "moved"
    LOST = "lost"


@dataclass(kw_only=True)
class Lease:
    """One chunk, held. `retry` and `attempts` are as they were when the lease was taken; `moved` is what is known.

    `touched` says whether there ever was another lease, and `left` what its holder was handing over when it lost it
    (`models.chunk.Sending`, raw).
    """

    chunk_id: str
    campaign_id: ObjectId
    n: int
    customer_ids: list[ObjectId]
    attempts: int
    retry: str | None
    owner: str
    moved: int | None
    left: Mapping[str, Any] | None = None
    touched: bool = True

    async def renew(self, tally: Tallies | None = None) -> Held:
        """Hold it for another while and write the tally. `lost`: somebody else has it, so stop at once."""
        change: dict[str, Any] = {"lease_until": _until()}
        if tally is None:
            return await self._write(change)
        return await self._tell(change, tally)

    async def claim(self, customer_ids: Sequence[ObjectId], tally: Tallies) -> Held:
        """Renew, and note that these are being handed over from now on. Whatever was noted before must be settled."""
        sending: dict[str, Any] = {"owner": self.owner, "at": now()}
        if len(customer_ids) == len(self.customer_ids):
            # As most claims are; a third of what such a write costs is in the list of ids.
            sending["everybody"] = True
        else:
            sending["ids"] = list(customer_ids)
        return await self._tell({"lease_until": _until(), "sending": sending}, tally)

    async def keep_waiting(self, tally: Tallies, *, next_at: datetime | None = None, attempts: int = 0) -> Held:
        """Give it back with work left, due at `next_at` or at once."""
        change = {"state": ChunkState.WAITING.value, "next_at": next_at, "attempts": attempts}
        return await self._tell(change | _FREE, tally)

    async def finish(self, tally: Tallies) -> Held:
        """Give it back with nothing left to do."""
        change = {"state": ChunkState.DONE.value, "next_at": None, "attempts": 0}
        return await self._tell(change | _FREE, tally)

    async def lapse(self) -> Held:
        """Let go without a word: whoever takes it next settles what was being handed over."""
        return await self._write({"lease_until": now() - timedelta(seconds=1)})

    async def retry_done(self) -> Held:
        """Note that the deliveries asked for by `retry` are due again."""
        return await self._write({"retry": None})

    async def _tell(self, change: Mapping[str, Any], tally: Tallies) -> Held:
        """Write along with the tally, unless the tally is out of date."""
        held = await self._write({**change, "tally": dict(tally)}, {"moved": self.moved})
        if held is Held.YES:
            return held
        found = await collection("chunks").find_one(self._mine(), {"moved": 1})
        if found is None:
            return Held.LOST
        self.moved = found.get("moved")
        return Held.MOVED

    async def _write(self, change: Mapping[str, Any], unless: Mapping[str, Any] | None = None) -> Held:
        result = await collection("chunks").update_one({**self._mine(), **(unless or {})}, {"$set": dict(change)})
        return Held.YES if result.matched_count == 1 else Held.LOST

    def _mine(self) -> dict[str, Any]:
        return {"_id": self.chunk_id, "owner": self.owner, "state": ChunkState.LEASED.value}


_FREE: dict[str, Any] = {"owner": None, "lease_until": None, "enqueued_at": None, "sending": None}


async def take_lease(chunk_id: str) -> Lease | None:
    """The lease on this chunk if it is due and nobody holds it, else None: a repeated message does nothing."""
    moment = now()
    due = {"state": ChunkState.WAITING.value, "next_at": {"$not": {"$gt": moment}}}
    lapsed = {"state": ChunkState.LEASED.value, "lease_until": {"$lt": moment}}
    owner = new_owner()
    change = {"owner": owner, "lease_until": _until(), "enqueued_at": None, "touched": True}
    taken = await collection("chunks").find_one_and_update(
        {"_id": chunk_id, "$or": [due, lapsed]},
        {"$set": {"state": ChunkState.LEASED.value, **change}},
        return_document=ReturnDocument.BEFORE,
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
        moved=taken.get("moved"),
        left=taken.get("sending"),
        touched=taken.get("touched", True),
    )


def claimed_of(chunk_ids: Sequence[ObjectId], sending: Mapping[str, Any]) -> Sequence[ObjectId]:
    """Whom the raw note of a claim names, in a chunk of these customers."""
    return chunk_ids if sending.get("everybody") else sending["ids"]


def _until() -> datetime:
    return now() + timedelta(seconds=LEASE_SECONDS)


async def lapsed_chunks(campaign_id: ObjectId, moment: datetime) -> list[str]:
    """Leased chunks whose holder is silent for too long, or surely dead, whose lease then ends here."""
    lapsed: list[str] = []
    leased = {"campaign_id": campaign_id, "state": ChunkState.LEASED.value}
    async for chunk in collection("chunks").find(leased, {"owner": 1, "lease_until": 1}):
        if chunk["lease_until"] < moment:
            lapsed.append(chunk["_id"])
        elif surely_dead(chunk["owner"]):
            await collection("chunks").update_one(
                {"_id": chunk["_id"], "owner": chunk["owner"]},
                {"$set": {"lease_until": moment - timedelta(seconds=1)}},
            )
            lapsed.append(chunk["_id"])
    return lapsed
