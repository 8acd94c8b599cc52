"""Ids on their way from the customers to the chunks of a frozen audience, as MongoDB sends and keeps them: they come by
the hundred thousand, and to make an object of each takes longer than finding them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import bson
from bson import ObjectId
from bson.raw_bson import RawBSONDocument

from models.chunk import Chunk, ChunkState, Tally

CHUNK_SIZE = 500

_HEAD = b"\x16\x00\x00\x00\x07_id\x00"
"""How `{_id: ObjectId}` begins (bsonspec.org): its 22 bytes, type 7, the name. Twelve bytes and a NUL follow."""
_ROW = 22
_ID = 12
_ELEMENTS = [b"\x07%d\x00" % place for place in range(CHUNK_SIZE)]
"""How each element of an array of ids begins: type 7, its place."""


def ids_in(batch: bytes) -> list[bytes]:
    """The ids, of twelve bytes each, in a raw batch of documents that hold an ObjectId as `_id` and nothing else.

    Raises ValueError for any other batch.
    """
    count, rest = divmod(len(batch), _ROW)
    if rest or any(batch[place::_ROW] != bytes([byte]) * count for place, byte in enumerate(_HEAD)):
        raise ValueError("a customer has an _id that is not an ObjectId")
    return [batch[start : start + _ID] for start in range(len(_HEAD), len(batch), _ROW)]


def chunks_of(
    campaign_id: ObjectId, number: int, ids: Sequence[bytes], *, size: int = CHUNK_SIZE
) -> Iterator[RawBSONDocument]:
    """Chunks of at most `size` of these customers as they are inserted, numbered from `number` on: waiting, never
    touched.
    """
    for place, start in enumerate(range(0, len(ids), size), number):
        yield _chunk(campaign_id, place, ids[start : start + size])


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
    elements = b"".join([part for pair in zip(_ELEMENTS, ids, strict=False) for part in pair])
    array = b"\x04customer_ids\x00" + (len(elements) + 5).to_bytes(4, "little") + elements + b"\x00"
    body = head[4:-1] + array + b"\x00"
    return RawBSONDocument((len(body) + 4).to_bytes(4, "little") + body)
