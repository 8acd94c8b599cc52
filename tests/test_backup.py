"""Backup and restore against the real database, GridFS and indexes among it."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bson import Decimal128, ObjectId
from gridfs.asynchronous import AsyncGridFSBucket
from pymongo.asynchronous.database import AsyncDatabase

from app import database as db
from app.backup import read_backup, restore_backup, write_backup
from app.errors import Conflict, InvalidInput
from app.secret_key import rotate_key
from app.settings import Settings

KEPT = {
    "_id": ObjectId("65f000000000000000000001"),
    "total_spent": Decimal128(Decimal("1234567890.1234")),
    "name": "Zoë 顾客",
    "at": datetime(2026, 3, 1, 12, tzinfo=UTC),
    "tags": ["vip", None, {"deep": [1, 2.5, b"\x00"]}],
}


@pytest.fixture
async def shop(database: AsyncDatabase[Any]) -> AsyncIterator[AsyncDatabase[Any]]:
    """Some documents, many documents, a file, and an index with options."""
    await database["customers"].insert_one(KEPT)
    await database["notes"].insert_many([{"_id": n, "text": "x" * 100} for n in range(25_000)])
    await database["notes"].create_index(
        [("text", 1), ("_id", -1)], name="mine", partialFilterExpression={"_id": {"$gt": 5}}, unique=True
    )
    await AsyncGridFSBucket(database).upload_from_stream_with_id(1, "rows.csv", b"y" * 700_000)
    yield database
    for name in ("notes", "fs.files", "fs.chunks"):
        await database.drop_collection(name)


async def empty(database: AsyncDatabase[Any]) -> None:
    for name in await database.list_collection_names():
        await database.drop_collection(name)


class TestBackup:
    async def test_everything_comes_back(self, settings: Settings, shop: AsyncDatabase[Any], tmp_path: Path) -> None:
        path = tmp_path / "shop.zip"
        indexes = {name: await shop[name].index_information() for name in await shop.list_collection_names()}
        written = await write_backup(settings, path)
        assert written.documents["notes"] == 25_000
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert await read_backup(path) == written

        await empty(shop)
        assert await restore_backup(settings, path) == written
        assert await db.collection("customers").find_one({}) == KEPT
        assert await shop["notes"].count_documents({}) == 25_000
        file = await AsyncGridFSBucket(shop).open_download_stream(1)
        assert await file.read() == b"y" * 700_000
        for name, wanted in indexes.items():
            assert await shop[name].index_information() == wanted
        assert not [name for name in await shop.list_collection_names() if "incoming" in name]

    async def test_it_refuses_a_database_with_documents_unless_forced(
        self, settings: Settings, shop: AsyncDatabase[Any], tmp_path: Path
    ) -> None:
        path = tmp_path / "shop.zip"
        await write_backup(settings, path)
        await shop["customers"].update_one({}, {"$set": {"name": "changed"}})
        await shop["later"].insert_one({"_id": 1})
        with pytest.raises(Conflict, match="--force"):
            await restore_backup(settings, path)
        assert (await shop["customers"].find_one({}) or {})["name"] == "changed"
        await restore_backup(settings, path, force=True)
        assert await db.collection("customers").find_one({}) == KEPT
        assert "later" not in await shop.list_collection_names()

    async def test_it_does_not_replace_a_file_unless_told(
        self, settings: Settings, database: object, tmp_path: Path
    ) -> None:
        path = tmp_path / "shop.zip"
        path.write_text("mine")
        with pytest.raises(Conflict, match="exists already"):
            await write_backup(settings, path)
        assert path.read_text() == "mine"
        await write_backup(settings, path, replace=True)
        await read_backup(path)
        assert [entry.name for entry in tmp_path.iterdir()] == ["shop.zip"]

    async def test_a_generated_key_goes_with_it(self, settings: Settings, database: object, tmp_path: Path) -> None:
        path = tmp_path / "shop.zip"
        old = settings.model_copy(update={"secret_key": type(settings.secret_key)(""), "data_dir": tmp_path / "old"})
        new = old.model_copy(update={"data_dir": tmp_path / "new"})
        former = old.signing_key()
        rotate_key(old.data_dir)
        key = old.signing_key()
        assert new.signing_key() not in (key, former)
        await write_backup(old, path)
        await restore_backup(new, path, force=True)
        assert (new.signing_key(), new.former_keys()) == (key, (former,))
        assert stat.S_IMODE((tmp_path / "new" / "secret_key").stat().st_mode) == 0o600


class TestDamage:
    """A broken archive is refused before anything is written."""

    @pytest.fixture
    async def archive(self, settings: Settings, shop: AsyncDatabase[Any], tmp_path: Path) -> Path:
        path = tmp_path / "shop.zip"
        await write_backup(settings, path)
        return path

    async def refused(self, settings: Settings, path: Path, match: str) -> None:
        with pytest.raises(InvalidInput, match=match):
            await restore_backup(settings, path, force=True)
        assert await db.collection("customers").find_one({}) == KEPT

    async def test_cut_off(self, settings: Settings, archive: Path) -> None:
        archive.write_bytes(archive.read_bytes()[:-1000])
        await self.refused(settings, archive, "cut off|not a backup")

    async def test_a_flipped_byte(self, settings: Settings, archive: Path) -> None:
        raw = bytearray(archive.read_bytes())
        with zipfile.ZipFile(archive) as opened:
            entry = opened.getinfo("collections/notes.bson")
        raw[entry.header_offset + 200] ^= 0xFF
        archive.write_bytes(raw)
        await self.refused(settings, archive, "damaged")

    async def test_another_zip(self, settings: Settings, archive: Path) -> None:
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr("hello.txt", "hello")
        await self.refused(settings, archive, "not a backup")

    async def test_a_missing_collection(self, settings: Settings, archive: Path, tmp_path: Path) -> None:
        poorer = tmp_path / "poorer.zip"
        with zipfile.ZipFile(archive) as opened, zipfile.ZipFile(poorer, "w") as out:
            for name in opened.namelist():
                if name != "collections/notes.bson":
                    out.writestr(name, opened.read(name))
        await self.refused(settings, poorer, "notes is missing")

    async def test_no_file(self, settings: Settings, shop: object, tmp_path: Path) -> None:
        await self.refused(settings, tmp_path / "none.zip", "does not exist")
