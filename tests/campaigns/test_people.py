"""Reading an audience's ids in batches."""

from __future__ import annotations

import contextlib

import pytest

from app.campaigns.sending.people import ids_of
from app.database import collection
from tests.campaigns.conftest import add_people


async def read(wanted: dict[str, object], batch: int) -> list[list[bytes]]:
    return [ids async for ids in ids_of(wanted, batch=batch)]


@pytest.mark.parametrize("batch", [1, 7, 13, 26, 27, 1_000])
async def test_everybody_who_matches_comes_once_and_in_order(database, settings, batch: int):
    people = await add_people(26, city="Pune")
    await add_people(5, start=100, city="Oslo")
    batches = await read({"city": "Pune"}, batch)
    assert [id for ids in batches for id in ids] == [id.binary for id in sorted(people)]
    assert all(len(ids) <= batch for ids in batches)


async def test_nobody_is_one_empty_batch(database, settings):
    assert await read({"city": "Pune"}, 10) == [[]]


async def test_who_leaves_early_leaves_no_cursor_behind(database, settings):
    await add_people(50)
    async with contextlib.aclosing(ids_of({}, batch=5)) as batches:
        async for ids in batches:
            assert len(ids) == 5
            break
    status = await database.client.admin.command("serverStatus")
    assert status["metrics"]["cursor"]["open"]["total"] == 0


async def test_an_id_of_another_kind_is_refused_wherever_it_comes(database, settings):
    await add_people(30)
    await collection("customers").insert_one({"_id": "zoe"})
    with pytest.raises(ValueError, match="not an ObjectId"):
        await read({}, 7)
