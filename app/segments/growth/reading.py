"""Which customers there are and for which of them a condition is true, all as of one moment, as bits.

One pass over `_id` for the customers, then one query for each condition, of which MongoDB sends the ids alone, in id
order. Customers are read in a snapshot, so that somebody who changes meanwhile is not seen half before, half after; a
pass that outlasts the five minutes for which MongoDB keeps a snapshot goes on without. Conditions on orders and
campaigns are resolved just before their query, so they are up to that much younger. Whatever the moments, membership is
computed from these bits alone, so it always agrees with them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from bson import decode_all
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure

from app.database import collection, database
from app.errors import Conflict
from app.segments.catalogue.fields import Catalogue
from app.segments.compile import compile_rule
from app.segments.growth import bits
from app.segments.growth.roster import Roster
from app.segments.rule.nodes import Group, Leaf
from models.values import now

BATCH = 20_000
SLACK = timedelta(seconds=10)
TRIES = 5
SNAPSHOT_GONE = (239, 246)
"""SnapshotTooOld and SnapshotUnavailable."""

_HEADER = b"\x16\0\0\0\x07_id\0"
_DOCUMENT = 22
"""Bytes of {"_id": ObjectId} in BSON: 9 before the id, 12 of it, 1 behind."""

KEPT_BYTES = 64_000_000
"""What the bits of conditions read before may take, for segments that share a condition."""


class Reading:
    """The customers at one moment. `alive` are those there are."""

    def __init__(self, roster: Roster, alive: int, moment: datetime, session: AsyncClientSession) -> None:
        self.roster = roster
        self.alive = alive
        self.moment = moment
        self._session: AsyncClientSession | None = session
        self._known: dict[Leaf, int] = {}

    @property
    def count(self) -> int:
        """How many numbers the roster has."""
        return self.roster.count

    async def truth(self, leaf: Leaf, catalogue: Catalogue) -> int:
        """Who meets the condition, before its negation. Raises what compiling a rule raises."""
        leaf = plain(leaf)
        if leaf not in self._known:
            wanted = await compile_rule(Group(rules=(leaf,)), catalogue, now=self.moment)
            found = await self._numbered(wanted)
            if (len(self._known) + 1) * (self.count // 8 + 1) > KEPT_BYTES:
                self._known.clear()
            self._known[leaf] = found & self.alive
        return self._known[leaf]

    async def erased_since(self, moment: datetime) -> int:
        """Whose personal data were erased since this moment, which may lie a little before the snapshot it names."""
        return await self._numbered({"erased_at": {"$gte": moment - SLACK}}) & self.alive

    async def _numbered(self, wanted: dict[str, Any]) -> int:
        try:
            return (await self.roster.numbered(_ids(wanted, self._session)))[0]
        except OperationFailure as problem:
            if problem.code not in SNAPSHOT_GONE or self._session is None:
                raise
        self._session = None
        return (await self.roster.numbered(_ids(wanted, None)))[0]


@asynccontextmanager
async def reading() -> AsyncIterator[Reading]:
    """A reading of this moment. Customers without a number get one, which is stored."""
    async with database().client.start_session(snapshot=True) as session:
        roster = await Roster.load()
        moment = now()
        alive, fresh = await roster.numbered(_ids({}, session))
        for _ in range(TRIES):
            if not fresh:
                break
            try:
                before = roster.count
                roster = await roster.append(fresh)
                alive |= bits.everyone(roster.count) ^ bits.everyone(before)
                fresh = b""
            except Conflict:
                roster = await Roster.load()
                alive, fresh = await roster.numbered(_ids({}, session))
        else:
            raise Conflict("The roster of customers is being changed by others.")
        yield Reading(roster, alive, moment, session)


def plain(leaf: Leaf) -> Leaf:
    """The condition without its negation."""
    return replace(leaf, negated=False) if leaf.negated else leaf


async def _ids(wanted: dict[str, Any], session: AsyncClientSession | None) -> AsyncIterator[list[bytes]]:
    """The ids of the customers that fit, ascending, 12 bytes each, a batch at a time."""
    cursor = collection("customers").find_raw_batches(
        wanted, {"_id": 1}, sort=[("_id", 1)], batch_size=BATCH, session=session
    )
    async with cursor:
        async for found in cursor:
            batch = cast("bytes", found)  # pymongo declares the documents here, and gives their bytes
            if batch[:9] != _HEADER or len(batch) % _DOCUMENT:
                yield [row["_id"].binary for row in decode_all(batch)]
            else:
                yield [batch[at : at + 12] for at in range(9, len(batch), _DOCUMENT)]
