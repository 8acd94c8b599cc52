"""Older records are joined into weekly ones: after ninety days the last record of each calendar week stays.

Joining keeps every sum true: the record that stays gets the net moves since the one before it, each with the cause of
the latest move, so whoever came and went within the week is not counted any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from app.database import collection, in_transaction
from app.segments.growth.moves import Moved, change, net, read, stored
from app.settings import get_settings
from models.segment_record import SegmentRecord

DAILY = timedelta(days=90)


async def thin(segment_id: ObjectId, moment: datetime) -> int:
    """Join the records of this segment that are older than ninety days, a week at a time. How many went."""
    zone = get_settings().zone
    old = {"segment_id": segment_id, "at": {"$lt": moment - DAILY}}
    rows = collection(SegmentRecord.Settings.name).find(old, {"at": 1}).sort("at", 1)
    weeks: dict[tuple[int, int], list[ObjectId]] = {}
    async for row in rows:
        weeks.setdefault(row["at"].astimezone(zone).isocalendar()[:2], []).append(row["_id"])
    gone = 0
    for ids in weeks.values():
        if len(ids) > 1:
            await _join(ids)
            gone += len(ids) - 1
    return gone


async def _join(ids: Sequence[ObjectId]) -> None:
    """Leave the last of these successive records, with the moves of all. The very first of a segment has none."""

    async def work(session: AsyncClientSession) -> None:
        records = collection(SegmentRecord.Settings.name)
        rows = await records.find({"_id": {"$in": list(ids)}}, session=session).sort("at", 1).to_list()
        if len(rows) != len(ids):
            return
        first = rows[0]["segment_id"], rows[0]["at"]
        earlier = await records.find_one({"segment_id": first[0], "at": {"$lt": first[1]}}, {"_id": 1}, session=session)
        joined = await asyncio.to_thread(_joined, rows) if earlier is not None else _first()
        await records.update_one({"_id": rows[-1]["_id"]}, {"$set": joined}, session=session)
        await records.delete_many({"_id": {"$in": list(ids[:-1])}}, session=session)

    await in_transaction(work)


def _first() -> dict[str, Any]:
    return {"joined": 0, "left": 0, "moves": [], "bytes": 0}


def _joined(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The fields of the record that stays."""
    records = [read(row["moves"]) for row in rows]
    moves = between(records)
    kept = list(stored(moves))
    return {
        "joined": sum(move["count"] for move in kept if move["joined"]),
        "left": sum(move["count"] for move in kept if not move["joined"]),
        "moves": kept,
        "bytes": sum(len(move["bits"]) for move in kept),
    }


def between(records: Sequence[Sequence[Moved]]) -> list[Moved]:
    """The net moves of successive records, oldest first, without knowing who was in before or after.

    Of whoever moved an odd number of times the last move says which way.
    """
    moved = 0
    for moves in records:
        moved ^= change(moves)
    return net(reversed(records), moved, 0)
