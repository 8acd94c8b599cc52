"""Real servers for every test: one mongod and one Valkey per test process, a clean database per test.

Alice (owner), Bob (marketer) and Charlie (viewer) are there for every test that asks, so isolation is tested by habit.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis.asyncio import Redis

from app import database as db
from app.embedded import embedded_servers
from app.settings import Settings, read_settings, use_settings
from models import Member
from models.member import Role


class _ServerThread:
    """Runs the embedded servers on a loop of their own, so that each test may bring its own loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self.settings: Settings | None = None
        self.problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as problem:
            self.problem = problem
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        async with embedded_servers(self._settings) as settings:
            self.settings = settings
            self._ready.set()
            await self._stop.wait()

    def __enter__(self) -> Settings:
        self._thread.start()
        self._ready.wait()
        if self.settings is None:
            raise RuntimeError("the embedded servers did not start") from self.problem
        return self.settings

    def __exit__(self, *_: object) -> None:
        if self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=60)


@pytest.fixture(scope="session")
def server_settings() -> Iterator[Settings]:
    """Settings that point at this test process's own servers."""
    folder = Path(tempfile.mkdtemp(prefix="cohort-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        base = read_settings(
            _env_file=None, data_dir=folder, mongodb_url="", redis_url="", secret_key="k" * 40, timezone="Asia/Kolkata"
        )
        yield stack.enter_context(_ServerThread(base))


@pytest.fixture
def settings(server_settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """The settings in force for this test, with a data folder of its own."""
    mine = server_settings.model_copy(update={"data_dir": tmp_path})
    use_settings(mine)
    yield mine
    use_settings(None)


_indexed: set[str] = set()


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[object]:
    """A connected, empty database and an empty Valkey."""
    handle = await db.connect(settings.mongodb_url, indexes=settings.mongodb_url not in _indexed)
    _indexed.add(settings.mongodb_url)
    for name in await handle.list_collection_names():
        await handle[name].delete_many({})
    client = Redis.from_url(settings.redis_url)
    await client.flushall()
    await client.aclose()
    yield handle
    await db.disconnect()


async def _member(name: str, role: Role) -> Member:
    return await Member(email=f"{name.lower()}@example.com", name=name, role=role).insert()


@pytest.fixture
async def alice(database: object) -> Member:
    """An owner."""
    return await _member("Alice", Role.OWNER)


@pytest.fixture
async def bob(database: object) -> Member:
    """A marketer."""
    return await _member("Bob", Role.MARKETER)


@pytest.fixture
async def charlie(database: object) -> Member:
    """A viewer."""
    return await _member("Charlie", Role.VIEWER)
