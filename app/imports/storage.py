"""Uploaded files: on local disk while they are read, in GridFS in between, so that web and worker share no disk."""

from __future__ import annotations

import contextlib
import inspect
import tempfile
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Protocol

from beanie import PydanticObjectId
from gridfs.asynchronous import AsyncGridFSBucket
from gridfs.errors import NoFile

from app.database import database
from app.errors import NotFound, TooLarge
from app.imports.limits import MAX_FILE_BYTES

BUCKET = "import_files"
BLOCK = 1 << 20


class Readable(Protocol):
    """An open file or an upload; `read` may be a coroutine."""

    def read(self, size: int = ..., /) -> bytes | Awaitable[bytes]:
        """Up to `size` bytes, none at the end."""


Upload = bytes | Readable


@contextlib.asynccontextmanager
async def on_disk(data: Upload) -> AsyncIterator[Path]:
    """The upload as a temporary file, gone afterwards. Raises TooLarge as soon as it is over the limit."""
    with tempfile.NamedTemporaryFile(prefix="cohort-import-") as file:
        size = 0
        async for block in _blocks(data):
            size += len(block)
            if size > MAX_FILE_BYTES:
                raise TooLarge(f"file: more than the {MAX_FILE_BYTES // 2**20} MB one import may have.")
            file.write(block)
        file.flush()
        yield Path(file.name)


async def _blocks(data: Upload) -> AsyncIterator[bytes]:
    if isinstance(data, bytes | bytearray | memoryview):
        yield bytes(data)
        return
    while True:
        block = data.read(BLOCK)
        if inspect.isawaitable(block):
            block = await block
        if not block:
            return
        yield block


async def store(path: Path, filename: str) -> PydanticObjectId:
    """Put a file into GridFS; its id."""
    with path.open("rb") as file:
        return PydanticObjectId(await _bucket().upload_from_stream(filename, file))


@contextlib.asynccontextmanager
async def fetched(file_id: PydanticObjectId) -> AsyncIterator[Path]:
    """A stored file as a temporary file, gone afterwards. Raises NotFound when it is not stored any more."""
    with tempfile.NamedTemporaryFile(prefix="cohort-import-") as file:
        try:
            await _bucket().download_to_stream(file_id, file)
        except NoFile as problem:
            raise NotFound("The uploaded file is not there any more; upload it again.") from problem
        file.flush()
        yield Path(file.name)


async def discard(file_id: PydanticObjectId) -> None:
    """Delete a stored file; one that is gone already is as good."""
    with contextlib.suppress(NoFile):
        await _bucket().delete(file_id)


def _bucket() -> AsyncGridFSBucket:
    return AsyncGridFSBucket(database(), bucket_name=BUCKET)
