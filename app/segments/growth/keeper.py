"""Who records, and when: one hand at a time, under a lease, whatever is asked for first and what the night owes after.

The night is derived from MongoDB: it is due when the shop's local day is not the one that was finished last, so a night
that was missed is caught up once, at the next start. Nobody waits for a page on it: one segment after the other, each
query sending ids alone.
"""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime, timedelta
from typing import Any

import structlog
from bson import ObjectId
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import ConnectionFailure, DuplicateKeyError

from app.database import collection
from app.errors import CohortError
from app.segments.growth.reading import Reading, reading
from app.segments.growth.recording import STATES, record
from app.segments.growth.thinning import thin
from app.settings import get_settings
from models.segment import Segment
from models.segment_state import RecordKeeper
from models.values import now

LEASE = timedelta(seconds=120)
"""Renewed before every segment and reading; a recorder that died is replaced after it."""

REPEAT = timedelta(seconds=30)
READING_LASTS = timedelta(seconds=120)
"""After this the next segment gets a new reading: MongoDB keeps a snapshot for five minutes."""

_KEEPER = "segments"

log = structlog.get_logger(__name__)


class LostLease(Exception):
    """Somebody else records now."""


def local_day(moment: datetime) -> str:
    """The shop's calendar day as text."""
    return moment.astimezone(get_settings().zone).date().isoformat()


async def due_records() -> bool:
    """Whether a worker should be asked to record; true at most once in 30 s. Two indexed reads."""
    moment = now()
    keepers = collection(RecordKeeper.Settings.name)
    keeper = await keepers.find_one({"_id": _KEEPER}) or {}
    if (until := keeper.get("lease_until")) and until > moment:
        return False
    if keeper.get("night") == local_day(moment) and not await _asked():
        return False
    free = {"$or": [{"enqueued_at": None}, {"enqueued_at": {"$lt": moment - REPEAT}}]}
    try:
        marked = await keepers.update_one({"_id": _KEEPER, **free}, {"$set": {"enqueued_at": moment}}, upsert=True)
    except DuplicateKeyError:
        return False
    return bool(marked.matched_count or marked.upserted_id)


async def record_due() -> int:
    """Record every segment somebody asked for, and those of the night that is due. How many were recorded.

    Safe to call any number of times at once: the lease lets one work, and an occasion is recorded once. A segment whose
    rule cannot be read keeps the reason in its state and does not hold up the others.
    """
    hand = _Hand()
    if not await hand.take():
        return 0
    try:
        return await hand.work()
    except LostLease:
        return 0
    finally:
        await hand.release()


class _Hand:
    """One run of the recorder."""

    def __init__(self) -> None:
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._done = 0

    async def take(self) -> bool:
        """Take the lease, if nobody holds it."""
        moment = now()
        free = {"$or": [{"lease_until": None}, {"lease_until": {"$lt": moment}}]}
        lease = {"lease_owner": self._owner, "lease_until": moment + LEASE}
        try:
            await _keepers().update_one({"_id": _KEEPER, **free}, {"$set": lease}, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    async def release(self) -> None:
        """Give the lease back."""
        ended = {"lease_owner": None, "lease_until": None, "enqueued_at": None}
        await _keepers().update_one({"_id": _KEEPER, "lease_owner": self._owner}, {"$set": ended})

    async def work(self) -> int:
        """Readings, each used for as long as it is fresh, until nothing is left to do."""
        while True:
            await self._renew()
            waiting = await _next(now())
            if waiting is None:
                if await self._end_night():
                    return self._done
                continue
            async with reading() as seen:
                while waiting is not None and now() - seen.moment < READING_LASTS:
                    await self._renew()
                    await self._one(seen, *waiting)
                    waiting = await _next(seen.moment)

    async def _one(self, seen: Reading, segment_id: ObjectId, occasion: str, night: str) -> None:
        problem = None
        try:
            self._done += await record(seen, segment_id, occasion)
            await thin(segment_id, seen.moment)
        except (LostLease, ConnectionFailure):
            raise
        except CohortError as refusal:
            problem = refusal.detail
            log.warning("segment not recorded", segment=str(segment_id), problem=problem[:300])
        except Exception:
            problem = "Recording failed for a reason that is in the worker's log."
            log.exception("segment not recorded", segment=str(segment_id))
        states = collection(STATES)
        settled = {"night": night, "problem": problem}
        await states.update_one({"_id": segment_id}, {"$set": settled}, upsert=True)
        await states.update_one({"_id": segment_id, "asked": occasion}, {"$set": {"asked": None}})

    async def _renew(self) -> None:
        renewed = await _keepers().update_one(
            {"_id": _KEEPER, "lease_owner": self._owner}, {"$set": {"lease_until": now() + LEASE}}
        )
        if not renewed.matched_count:
            raise LostLease

    async def _end_night(self) -> bool:
        """Mark the day as finished; false when something was asked for meanwhile."""
        moment = now()
        if await _next(moment) is not None:
            return False
        await _keepers().update_one(
            {"_id": _KEEPER, "lease_owner": self._owner}, {"$set": {"night": local_day(moment)}}
        )
        return True


async def _asked() -> bool:
    return await collection(STATES).find_one({"asked": {"$gt": ""}}, {"_id": 1}) is not None


async def _next(moment: datetime) -> tuple[ObjectId, str, str] | None:
    """The next segment to record, on which occasion, and the night that is settled with it."""
    night = local_day(moment)
    asked = await collection(STATES).find_one({"asked": {"$gt": ""}})
    if asked is not None:
        return asked["_id"], asked["asked"], night  # a record of today serves as the night's
    keeper = await _keepers().find_one({"_id": _KEEPER}) or {}
    if keeper.get("night") == night:
        return None
    pipeline: list[dict[str, Any]] = [
        {"$lookup": {"from": STATES, "localField": "_id", "foreignField": "_id", "as": "state"}},
        {"$match": {"state.night": {"$ne": night}}},
        {"$project": {"_id": 1}},
        {"$limit": 1},
    ]
    rows = await (await collection(Segment.Settings.name).aggregate(pipeline)).to_list()
    return (rows[0]["_id"], f"night:{night}", night) if rows else None


def _keepers() -> AsyncCollection[dict[str, Any]]:
    return collection(RecordKeeper.Settings.name)
