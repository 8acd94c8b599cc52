"""A new version may define an index otherwise: it starts all the same."""

from __future__ import annotations

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from app import database as db
from app.indexes import make_indexes
from app.settings import Settings
from models import DOCUMENTS


async def test_they_are_those_the_documents_ask_for(database: AsyncDatabase[Any]) -> None:
    await make_indexes(database)
    for document in DOCUMENTS:
        there = await database[str(document.get_settings().name)].index_information()
        wanted = {index.document["name"] for index in getattr(document.Settings, "indexes", [])}
        assert wanted <= set(there)


async def test_one_that_changed_is_made_anew(settings: Settings, database: AsyncDatabase[Any]) -> None:
    members = database["members"]
    await members.drop_indexes()
    await members.create_index("email")  # the same name and keys, but not unique
    await db.connect(settings.mongodb_url)
    assert (await db.database()["members"].index_information())["email_1"]["unique"] is True


async def test_one_with_another_name_gives_way(settings: Settings, database: AsyncDatabase[Any]) -> None:
    members = database["members"]
    await members.drop_indexes()
    await members.create_index("email", name="by_email", unique=True)
    await db.connect(settings.mongodb_url)
    there = set(await db.database()["members"].index_information())
    assert "email_1" in there
    assert "by_email" not in there


async def test_those_of_older_versions_go(settings: Settings, database: AsyncDatabase[Any]) -> None:
    old = await database["orders"].create_index([("customer_id", 1), ("placed_at", -1)])
    await db.connect(settings.mongodb_url)
    there = await db.database()["orders"].index_information()
    assert old not in there
    assert any(name.startswith(old) for name in there)
