"""Who is in an audience, read from the customers by the hundred thousand: ids as MongoDB sends them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from app.campaigns.sending.packing import ids_in
from app.database import collection, database

_INT32 = 4


async def ids_of(wanted: Mapping[str, Any], *, batch: int) -> AsyncGenerator[list[bytes], None]:
    """The ids of the customers that match, twelve bytes each and in order, at most `batch` at a time and an empty list
    for nobody. The server looks for the next ones while these are dealt with.

    Plain commands, because a cursor makes an object of each document even where it gives out bytes. Close it when you
    leave early. Raises ValueError for an id that is no ObjectId.
    """
    customers = collection("customers").name
    find = {"find": customers, "filter": wanted, "projection": {"_id": 1}, "sort": {"_id": 1}, "allowDiskUse": True}
    async with database().client.start_session() as session:
        cursor, ids = await _asked(session, {**find, "batchSize": batch}, "firstBatch")
        following: asyncio.Future[tuple[int, list[bytes]]] | None = None
        try:
            while cursor:
                more = {"getMore": bson.Int64(cursor), "collection": customers, "batchSize": batch}
                following = asyncio.ensure_future(_asked(session, more, "nextBatch"))
                yield ids
                cursor, ids = await following
            yield ids
        finally:
            if cursor and following is not None:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
                with contextlib.suppress(PyMongoError):
                    await database().command({"killCursors": customers, "cursors": [bson.Int64(cursor)]})


async def _asked(session: AsyncClientSession, command: dict[str, Any], name: str) -> tuple[int, list[bytes]]:
    """What a command answers: the id of its cursor, 0 at the end, and the ids in its batch of this name."""
    options = database().codec_options.with_options(document_class=RawBSONDocument)
    answer = await database().command(command, codec_options=options, session=session)
    raw = bytes(answer["cursor"].raw)
    # The batch is an array (type 4), its length first and a NUL last; what is left without it reads as any document.
    element = b"\x04%b\x00" % name.encode()
    begin = raw.index(element)
    rows = begin + len(element)
    end = rows + int.from_bytes(raw[rows : rows + _INT32], "little")
    rest = raw[_INT32:begin] + raw[end:]
    cursor = bson.decode((len(rest) + _INT32).to_bytes(_INT32, "little") + rest)
    return int(cursor["id"]), ids_in(raw[rows + _INT32 : end - 1])
