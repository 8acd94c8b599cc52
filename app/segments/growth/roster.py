"""The roster: every customer's number, given at first sight and never given again.

Ids are kept in blocks of 65,536, in id order within each addition, so almost always in id order altogether: a sorted
stream of ids is turned into bits block by block, without a table of all ids in memory. An id that is smaller than one
numbered before it (written by a slow transaction, or by a machine whose clock is behind) waits in a small set until its
block comes. 12 bytes a customer in memory; packed column by column, because the ids of one process count up, 3 to 4.
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator, Iterable
from functools import lru_cache

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from app.database import collection, in_transaction
from app.errors import Conflict
from app.segments.growth import bits
from models.roster_block import RosterBlock

BLOCK = 65_536
WIDTH = 12


class Roster:
    """The numbers given so far."""

    def __init__(self, blocks: list[bytes]) -> None:
        self._blocks = blocks
        self._last = [max(split(block)) for block in blocks]
        for number in range(1, len(blocks)):
            self._last[number] = max(self._last[number], self._last[number - 1])

    @classmethod
    async def load(cls) -> Roster:
        """The roster as it is stored."""
        rows = collection(RosterBlock.Settings.name).find({}).sort("_id", 1)
        return cls([_opened(row["data"]) async for row in rows])

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return (len(self._blocks) - 1) * BLOCK + len(self._blocks[-1]) // WIDTH if self._blocks else 0

    async def numbered(self, stream: AsyncIterator[list[bytes]]) -> tuple[int, bytes]:
        """The set of the ids in an ascending stream, and the ids without a number, ascending, 12 bytes each."""
        flags: list[bytes] = []
        waiting: set[bytes] = set()
        tail = bytearray()
        held: list[bytes] = []
        async for ids in stream:
            held.extend(ids)
            while len(flags) < len(self._blocks) and held and held[-1] > self._last[len(flags)]:
                cut = _after(held, self._last[len(flags)])
                flags.append(self._found(len(flags), held[:cut], waiting))
                held = held[cut:]
            if len(flags) == len(self._blocks):
                tail += b"".join(held)
                held = []
        while len(flags) < len(self._blocks):
            flags.append(self._found(len(flags), held, waiting))
            held = []
        return bits.from_flags(b"".join(flags)), b"".join(sorted(waiting)) + bytes(tail)

    def _found(self, number: int, ids: Iterable[bytes], waiting: set[bytes]) -> bytes:
        """Which ids of a block are among these and those waiting; who is not in it waits for another block."""
        waiting.update(ids)
        mine = split(self._blocks[number])
        flags = bytes(map(waiting.__contains__, mine))
        waiting.difference_update(mine)
        return flags

    async def append(self, ids: bytes) -> Roster:
        """The roster with these ids numbered too, stored. Raises Conflict when somebody else added some meanwhile."""
        start = len(self._blocks) - 1 if self._blocks and len(self._blocks[-1]) < BLOCK * WIDTH else len(self._blocks)
        partial = self._blocks[start] if start < len(self._blocks) else b""
        filled = partial + ids
        size = BLOCK * WIDTH
        fresh = [filled[at : at + size] for at in range(0, len(filled), size)]
        packed = [await asyncio.to_thread(_closed, block) for block in fresh]

        async def work(session: AsyncClientSession) -> None:
            stored = collection(RosterBlock.Settings.name)
            for offset, (block, data) in enumerate(zip(fresh, packed, strict=True)):
                row = {"size": len(block) // WIDTH, "data": data}
                if offset == 0 and partial:
                    wanted = {"_id": start, "size": len(partial) // WIDTH}
                    changed = await stored.update_one(wanted, {"$set": row}, session=session)
                    if changed.matched_count != 1:
                        raise Conflict("The roster of customers was changed meanwhile.")
                else:
                    await stored.insert_one({"_id": start + offset, **row}, session=session)

        try:
            await in_transaction(work)
        except DuplicateKeyError as problem:
            raise Conflict("The roster of customers was changed meanwhile.") from problem
        return Roster([*self._blocks[:start], *fresh])


async def ids_of(numbers: Iterable[int]) -> dict[ObjectId, int]:
    """The customers with these numbers; reads the blocks they are in alone."""
    wanted: dict[int, list[int]] = {}
    for number in numbers:
        wanted.setdefault(number // BLOCK, []).append(number)
    found: dict[ObjectId, int] = {}
    async for row in collection(RosterBlock.Settings.name).find({"_id": {"$in": list(wanted)}}):
        block = _opened(row["data"])
        for number in wanted[row["_id"]]:
            start = number % BLOCK * WIDTH
            found[ObjectId(block[start : start + WIDTH])] = number
    return found


def split(block: bytes) -> tuple[bytes, ...]:
    """The ids of a block, 12 bytes each."""
    return _layout(len(block) // WIDTH).unpack(block)


@lru_cache(maxsize=2)
def _layout(count: int) -> struct.Struct:
    return struct.Struct(f"{WIDTH}s" * count)


def _after(ids: list[bytes], last: bytes) -> int:
    """How many of the ascending ids are not above `last`."""
    low, high = 0, len(ids)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if ids[middle] <= last else (low, middle)
    return low


def _closed(block: bytes) -> bytes:
    return zlib.compress(b"".join(block[column::WIDTH] for column in range(WIDTH)), 6)


def _opened(data: bytes) -> bytes:
    columns = zlib.decompress(data)
    count = len(columns) // WIDTH
    block = bytearray(len(columns))
    for column in range(WIDTH):
        block[column::WIDTH] = columns[column * count : (column + 1) * count]
    return bytes(block)
