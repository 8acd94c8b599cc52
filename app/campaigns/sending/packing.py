"""Ids on their way from the customers to the chunks of a frozen audience, as MongoDB sends and keeps them: they come by
the hundred thousand, and to make an object of each takes longer than finding them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import bson
from bson import ObjectId
from bson.raw_bson import RawBSONDocument

from models.chunk import Chunk, ChunkState, Tally

CHUNK_SIZE = 1000
"""What a chunk costs whoever holds it, half a dozen commands, weighs little in so many messages."""

SMALLEST = 125
HANDS = 6
"""So many chunks at least are made of the last ones, smaller and smaller: a small audience keeps several workers busy,
and all of them are done with a large one at about the same time.
"""

_HEAD = b"\x16\x00\x00\x00\x07_id\x00"
"""How `{_id: ObjectId}` begins (bsonspec.org): its 22 bytes, type 7, the name. Twelve bytes and a NUL follow."""
_ROW = 22
_ID = 12
_ELEMENTS = [b"\x07%d\x00" % place for place in range(CHUNK_SIZE)]
"""How each element of an array of ids begins: type 7, its place."""


def ids_in(rows: bytes) -> list[bytes]:
    """The ids, of twelve bytes each, in the elements of a BSON array of documents that hold an ObjectId as `_id` and
    nothing else: a batch as a find command answers it. A tenth of what it takes to make an object of each.

    Raises ValueError for any other array.
    """
    ids: list[bytes] = []
    start, digits = 0, 1
    while start < len(rows):
        # An element is its type, its place in decimal and a NUL before the document, so those of one length lie evenly.
        document = digits + 2
        width = document + _ROW
        count = min(10**digits - len(ids), math.ceil((len(rows) - start) / width))
        part = rows[start : start + count * width]
        if len(part) < count * width or any(
            part[document + place :: width] != bytes([byte]) * count for place, byte in enumerate(_HEAD)
        ):
            raise ValueError("a customer has an _id that is not an ObjectId")
        ids += [part[at : at + _ID] for at in range(document + len(_HEAD), len(part), width)]
        start += len(part)
        digits += 1
    return ids


def sizes_of(people: int, *, size: int = CHUNK_SIZE, last: bool = True) -> list[int]:
    """How many go into each chunk of these people, at most `size`. `last`: nobody comes after them, so the end tapers
    off (guided self-scheduling, Polychronopoulos and Kuck 1987); else all chunks but the last one are full.
    """
    sizes: list[int] = []
    while people > 0:
        fair = max(SMALLEST, math.ceil(people / HANDS)) if last else people
        sizes.append(min(people, size, fair))
        people -= sizes[-1]
    return sizes


def chunks_of(
    campaign_id: ObjectId, number: int, ids: Sequence[bytes], sizes: Sequence[int]
) -> Iterator[RawBSONDocument]:
    """Chunks of these `sizes`, at most `CHUNK_SIZE` each and together as many as these customers, as they are inserted:
    numbered from `number` on, waiting, never touched.
    """
    start = 0
    for place, size in enumerate(sizes, number):
        yield _chunk(campaign_id, place, ids[start : start + size])
        start += size


def _chunk(campaign_id: ObjectId, number: int, ids: Sequence[bytes]) -> RawBSONDocument:
    chunk = Chunk.model_construct(
        id=f"{campaign_id}:{number}",
        campaign_id=campaign_id,
        n=number,
        customer_ids=[],
        size=len(ids),
        state=ChunkState.WAITING,
        tally=Tally(),
    )
    fields: dict[str, Any] = chunk.model_dump(exclude={"id", "revision_id", "customer_ids"})
    head = bson.encode({"_id": chunk.id, **fields, "campaign_id": campaign_id})
    elements = b"".join([part for pair in zip(_ELEMENTS[: len(ids)], ids, strict=True) for part in pair])
    array = b"\x04customer_ids\x00" + (len(elements) + 5).to_bytes(4, "little") + elements + b"\x00"
    body = head[4:-1] + array + b"\x00"
    return RawBSONDocument((len(body) + 4).to_bytes(4, "little") + body)
