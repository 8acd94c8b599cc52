"""Whoever stops waiting for a count also stops what MongoDB does for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from app.database import collection, database
from app.main import create_app
from app.segments.catalogue import forget_catalogue
from app.segments.compile.resolved import Resolved
from app.segments.preview import condition_counts, glimpse, near_misses, preview
from app.settings import Settings
from models import Member
from models.values import now
from tests.segments.test_rule import condition, group
from tests.signing_in import SignedIn

SLOW = "sleep(100) || true"
"""JavaScript that takes a minute for all the customers of this test: any work that is left over would be seen."""

RULE = group(condition("city", "=", "Pune"), condition("total_spent", ">", 1))
DEADLINE_SECONDS = 8


@pytest.fixture(autouse=True)
async def slow_shop(database: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop in which MongoDB needs long for any rule."""
    forget_catalogue()
    await collection("customers").insert_many([{"signed_up_at": now(), "city": "Pune"} for _ in range(600)])
    monkeypatch.setattr(Resolved, "_filter", lambda *_: {"$where": SLOW})


async def running() -> int:
    """How many operations with our JavaScript MongoDB works on."""
    working = {"$match": {"op": {"$in": ["command", "query"]}}}
    cursor = await database().client.admin.aggregate([{"$currentOp": {"allUsers": True}}, working])
    return sum(SLOW in str(row.get("command")) for row in await cursor.to_list())


async def until(holds: Callable[[int], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds(await running()):
        assert time.monotonic() < deadline, f"{await running()} operations"
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("look", [preview, near_misses, condition_counts, glimpse])
async def test_a_cancelled_task_ends_the_work_in_mongodb(
    charlie: Member, look: Callable[..., Coroutine[Any, Any, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.segments.preview.at_a_glance.EXACT_MS", 20_000)
    monkeypatch.setattr("app.segments.preview.at_a_glance.GUARD_SECONDS", 20.0)
    monkeypatch.setattr("app.segments.preview.costs.COUNTED_MS", 20_000)
    task = asyncio.ensure_future(look(charlie, RULE))
    await until(lambda count: count > 0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda count: count == 0)
    assert await collection("customers").estimated_document_count() == 600


@pytest.fixture
async def address(settings: Settings, database: object) -> Any:
    """The application behind a real HTTP server, on a port of the system's choice."""
    app: FastAPI = create_app(settings, with_pages=False)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_level="error"))
    serving = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


async def test_a_closed_connection_ends_the_work_in_mongodb(charlie: Member, address: str) -> None:
    async with httpx.AsyncClient(base_url=address, auth=SignedIn(charlie)) as client:
        asked = asyncio.ensure_future(client.post("/api/segments/preview", json={"rule": RULE}))
        await until(lambda count: count > 0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
    await until(lambda count: count == 0)
