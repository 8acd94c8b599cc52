"""A copy of the whole database in one file, and back.

The file is a zip archive: `manifest.json` names the format and counts every collection; `collections/NAME.bson` holds
its documents one after the other, as mongodump writes them; a signing key that was generated into the data folder is
in `secret_key`, and those before it in `secret_keys_former`, because links in mails that were already sent are signed
with them. The archive is of mode 0600.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO, Any

from bson import SON, json_util
from bson.codec_options import CodecOptions
from bson.errors import InvalidBSON
from bson.raw_bson import RawBSONDocument
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from app.errors import Conflict, InvalidInput, Unavailable
from app.secret_key import FILE_NAME, FORMER_FILE_NAME
from app.settings import Settings
from models.values import now

FORMAT = 1
RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
BATCH_BYTES = 8_000_000
LARGEST_DOCUMENT = 17_000_000
"""MongoDB's limit is 16 MiB; a length beyond that is a broken archive."""

_INCOMING = "incoming__"
"""Collections are filled under this prefix and renamed when all of them are complete."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What an archive holds: documents per collection, when it was made and by which version."""

    documents: dict[str, int]
    made_at: str
    version: str

    @property
    def total(self) -> int:
        """All documents."""
        return sum(self.documents.values())


async def write_backup(settings: Settings, path: Path, *, replace: bool = False) -> Contents:
    """Write the database as of one moment into `path`, whole or not at all.

    Raises Conflict when the file exists and `replace` is false, Unavailable when copying took longer than MongoDB
    keeps that moment (five minutes by default).
    """
    with _new_archive(path, replace) as archive:
        return await _fill(settings, archive)


@contextlib.contextmanager
def _new_archive(path: Path, replace: bool) -> Iterator[zipfile.ZipFile]:
    """An archive beside `path` that takes its place when nothing was raised."""
    if path.exists() and not replace:
        raise Conflict(f"{path} exists already; name another file or add --force.")
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            with zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                yield archive
            handle.flush()
            os.fsync(handle.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


async def _fill(settings: Settings, archive: zipfile.ZipFile) -> Contents:
    collections: list[dict[str, Any]] = []
    async with _database(settings) as database, database.client.start_session(snapshot=True) as session:
        described = [one async for one in await database.list_collections() if one["type"] == "collection"]
        for one in sorted(described, key=lambda one: str(one["name"])):
            name = one["name"]
            if name.startswith(("system.", _INCOMING)):
                continue
            count = 0
            with archive.open(f"collections/{name}.bson", "w", force_zip64=True) as out:
                try:
                    async for document in database.get_collection(name, codec_options=RAW).find({}, session=session):
                        out.write(document.raw)
                        count += 1
                except OperationFailure as problem:
                    if problem.code == 239:  # SnapshotTooOld
                        raise Unavailable(
                            "Copying took longer than the database keeps one moment; raise its "
                            "minSnapshotHistoryWindowInSeconds or try again when less is written."
                        ) from problem
                    raise
            indexes = [index async for index in await database[name].list_indexes() if index["name"] != "_id_"]
            collections.append({"name": name, "count": count, "options": one["options"], "indexes": indexes})
    for name in _kept_keys(settings):
        if (settings.data_dir / name).exists():
            archive.writestr(name, (settings.data_dir / name).read_bytes())
    manifest = {
        "format": FORMAT,
        "version": metadata.version("cohort"),
        "made_at": now().isoformat(),
        "collections": collections,
    }
    archive.writestr("manifest.json", json_util.dumps(manifest, indent=1))
    return _contents(manifest)


def _kept_keys(settings: Settings) -> list[str]:
    """The key files that go with the database; a SECRET_KEY of the environment is kept where that is."""
    return [FORMER_FILE_NAME] if settings.secret_key.get_secret_value() else [FILE_NAME, FORMER_FILE_NAME]


async def read_backup(path: Path) -> Contents:
    """Check the whole archive (checksums, every document's frame, the counts) without writing anything.

    Raises InvalidInput that says what is wrong with it.
    """
    with _archive(path) as archive:
        return _contents(_checked_manifest(archive, path))


async def restore_backup(settings: Settings, path: Path, *, force: bool = False) -> Contents:
    """Replace the database by the archive's. Checks the archive first; the former documents stay until all are in.

    Raises InvalidInput for a broken archive and Conflict for a database with documents in it unless `force`.
    """
    with _archive(path) as archive:
        manifest = _checked_manifest(archive, path)
        async with _database(settings) as database:
            there = [name for name in await database.list_collection_names() if not name.startswith("system.")]
            for name in [name for name in there if name.startswith(_INCOMING)]:
                await database.drop_collection(name)
            there = [name for name in there if not name.startswith(_INCOMING)]
            if not force:
                for name in there:
                    if await database[name].find_one({}, {"_id": 1}):
                        raise Conflict(
                            f"The database {database.name} is not empty ({name} has documents); "
                            "--force replaces everything in it."
                        )
            for one in manifest["collections"]:
                await _bring_in(database, archive, one)
            for one in manifest["collections"]:
                await database[_INCOMING + one["name"]].rename(one["name"], dropTarget=True)
            for name in set(there) - {one["name"] for one in manifest["collections"]}:
                await database.drop_collection(name)
        # The log that came in ends where it ended then; by the head of the one before it would count as cut off.
        (settings.data_dir / "audit_head").unlink(missing_ok=True)
        for name in _kept_keys(settings):
            if name in archive.namelist():
                _restore_key(settings, name, archive.read(name))
    return _contents(manifest)


async def _bring_in(database: AsyncDatabase[Any], archive: zipfile.ZipFile, one: dict[str, Any]) -> None:
    name = _INCOMING + one["name"]
    await database.create_collection(name, **one["options"])
    target = database.get_collection(name, codec_options=RAW)
    batch: list[RawBSONDocument] = []
    size = 0
    with archive.open(f"collections/{one['name']}.bson") as source:
        for raw in _documents(source):
            batch.append(RawBSONDocument(raw))
            size += len(raw)
            if size > BATCH_BYTES or len(batch) >= 10_000:
                await target.insert_many(batch, ordered=False)
                batch, size = [], 0
    if batch:
        await target.insert_many(batch, ordered=False)
    if one["indexes"]:
        await database.command(
            SON(
                [
                    ("createIndexes", name),
                    ("indexes", [{k: v for k, v in index.items() if k not in ("v", "ns")} for index in one["indexes"]]),
                ]
            )
        )


def _restore_key(settings: Settings, name: str, key: bytes) -> None:
    path = settings.data_dir / name
    draft = path.with_name(f"{name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(key)
    draft.replace(path)


def _checked_manifest(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json_util.loads(
            archive.read("manifest.json").decode(), json_options=json_util.JSONOptions(document_class=dict)
        )
        version = manifest["format"]
        wanted = {str(one["name"]): int(one["count"]) for one in manifest["collections"]}
    except (KeyError, ValueError, TypeError, json.JSONDecodeError, zipfile.BadZipFile) as problem:
        raise InvalidInput(f"{path} is not a backup of Cohort: its manifest is missing or broken.") from problem
    if version != FORMAT:
        raise InvalidInput(f"{path} has format {version}, this version of Cohort reads format {FORMAT}.")
    for name, count in wanted.items():
        try:
            with archive.open(f"collections/{name}.bson") as source:
                found = sum(1 for _ in _documents(source))
        except KeyError:
            raise InvalidInput(f"{path} is not complete: the collection {name} is missing.") from None
        except (zipfile.BadZipFile, InvalidBSON, EOFError, OSError) as problem:
            raise InvalidInput(f"{path} is damaged in the collection {name}: {problem}.") from problem
        if found != count:
            raise InvalidInput(f"{path} is damaged: {name} has {found} documents instead of {count}.")
    return manifest


def _documents(source: IO[bytes]) -> Iterator[bytes]:
    """Split a stream of BSON documents: each begins with its own length, little-endian (bsonspec.org)."""
    while head := source.read(4):
        length = int.from_bytes(head, "little")
        if len(head) < 4 or not 5 <= length <= LARGEST_DOCUMENT:
            raise InvalidBSON("a document's length is impossible")
        raw = head + source.read(length - 4)
        if len(raw) != length or raw[-1] != 0:
            raise InvalidBSON("a document is cut off")
        yield raw


@contextlib.contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    if not path.exists():
        raise InvalidInput(f"{path} does not exist.")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as problem:
        raise InvalidInput(f"{path} is not a backup of Cohort, or it is cut off ({problem}).") from problem
    with archive:
        yield archive


@contextlib.asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[AsyncDatabase[Any]]:
    client: AsyncMongoClient[Any] = AsyncMongoClient(
        settings.mongodb_url, tz_aware=True, serverSelectionTimeoutMS=10_000, w="majority"
    )
    try:
        yield client.get_default_database("cohort")
    finally:
        await client.close()


def _contents(manifest: dict[str, Any]) -> Contents:
    return Contents(
        documents={str(one["name"]): int(one["count"]) for one in manifest["collections"]},
        made_at=str(manifest["made_at"]),
        version=str(manifest["version"]),
    )
