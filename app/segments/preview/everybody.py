"""How many customers there are, without walking over them each time."""

from __future__ import annotations

import asyncio
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from app.database import collection, database

TRIES = 3

MANY = 100_000
"""So many customers that a first answer is given by the tally alone, while they are walked over beside it."""

_walk: tuple[AsyncDatabase[dict[str, Any]], object, asyncio.Task[int]] | None = None


async def everybody() -> int:
    """The number of customers, exactly.

    MongoDB keeps a tally of each collection, which is exact but for what an unclean stop of the server took away from
    it. So the tally is compared with a walk of the index once for each start of the server (0.2 s per million), and
    corrected by the difference from then on. Whoever stops waiting does not end the walk, which the next one needs.
    """
    walk = await _walked()
    missing = await asyncio.shield(walk)
    return await _tally() + missing


async def are_many() -> bool:
    """Whether there are so many that what is kept for later is worth getting beforehand."""
    return await _tally() > MANY


async def about_everybody() -> int:
    """The same at once: in a shop of more than `MANY` the tally stands in until the walk is done."""
    walk = await _walked()
    tally = await _tally()
    if walk.done() or tally <= MANY:
        return tally + await asyncio.shield(walk)
    return tally


async def _walked() -> asyncio.Task[int]:
    """The walk of this start of the server; begun where there is none, and again where it failed."""
    global _walk
    hello = await database().client.admin.command("hello")
    server = hello.get("topologyVersion", {}).get("processId")
    known = _walk
    if known is None or known[0] is not database() or known[1] != server or _failed(known[2]):
        task = asyncio.create_task(_missing(), name="walk over all customers")
        task.add_done_callback(_failed)
        known = _walk = (database(), server, task)
    return known[2]


def _failed(walk: asyncio.Task[int]) -> bool:
    return walk.done() and (walk.cancelled() or walk.exception() is not None)


async def _missing() -> int:
    """What the tally lacks. Between two equal tallies nobody came or went, so the walk belongs to them."""
    for _ in range(TRIES):
        before = await _tally()
        counted = await collection("customers").count_documents({}, hint="_id_")
        if before == await _tally():
            return counted - before
    return 0


async def _tally() -> int:
    return await collection("customers").estimated_document_count()
