"""How many customers there are, exactly, without walking over them each time."""

from __future__ import annotations

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from app.database import collection, database

TRIES = 3

_kept: tuple[AsyncDatabase[dict[str, Any]], object, int] | None = None


async def everybody() -> int:
    """The number of customers.

    MongoDB keeps a tally of each collection, which is exact but for what an unclean stop of the server took away from
    it. So the tally is compared with a walk of the index once for each start of the server (0.2 s per million), and
    corrected by the difference from then on.
    """
    global _kept
    hello = await database().client.admin.command("hello")
    server = hello.get("topologyVersion", {}).get("processId")
    if _kept is None or _kept[0] is not database() or _kept[1] != server:
        _kept = (database(), server, await _missing())
    return await _tally() + _kept[2]


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
