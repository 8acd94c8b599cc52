"""Counting what is asked of the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from app.database import database as connected

Counted = Callable[[Callable[[], Awaitable[object]]], Awaitable[list[str]]]


@pytest.fixture
async def counted(database: object) -> AsyncIterator[Counted]:
    """Does some work and answers what it asked of MongoDB, by MongoDB's own profile: "command members", ..."""
    profile = connected()["system.profile"]

    async def count(work: Callable[[], Awaitable[object]]) -> list[str]:
        await connected().command("profile", 2)
        try:
            await work()
        finally:
            await connected().command("profile", 0)
        rows = await profile.find({"ns": {"$not": {"$regex": r"system\.profile$|\$cmd$"}}}).to_list()
        return [f"{row['op']} {row['ns'].partition('.')[2]}" for row in rows]

    yield count
    await connected().command("profile", 0)
    await profile.drop()
