"""The embedded servers: real ones, in a data folder of each test's own."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from redis.asyncio import Redis

from app.data_folder import (
    SOCKET_PATH_LIMIT,
    DataLock,
    InUse,
    Servers,
    holder,
    publish_servers,
    published_servers,
    socket_folder,
)
from app.embedded import Mongod, Valkey, embedded_servers, running_or_started
from app.errors import SettingsError, Unavailable
from app.settings import Settings, read_settings

# Its lock is held by descriptor 0, which the child keeps when its parent's own lock is long free.
SLEEPER = ["sleep", "30"]


def settings_for(folder: Path) -> Settings:
    return read_settings(_env_file=None, data_dir=folder, mongodb_url="", redis_url="", secret_key="k" * 40)


async def remember(settings: Settings, value: str) -> None:
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(settings.mongodb_url)
    await client.get_default_database()["notes"].replace_one({"_id": "note"}, {"value": value}, upsert=True)
    await client.close()
    queue = Redis.from_url(settings.redis_url)
    await queue.set("note", value)
    await queue.aclose()


async def recall(settings: Settings) -> tuple[str | None, str | None]:
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(settings.mongodb_url)
    note = await client.get_default_database()["notes"].find_one({"_id": "note"})
    await client.close()
    queue = Redis.from_url(settings.redis_url)
    kept = await queue.get("note")
    await queue.aclose()
    return (str(note["value"]) if note else None), (kept.decode() if kept else None)


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.02)


def listened_at(pid: int) -> set[str]:
    """The paths and ports at which this process takes connections (proc(5))."""
    held = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    unix = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    tcp = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    accepts_connections, listening = "00010000", "0A"
    paths = {words[7] for words in unix if words[3] == accepts_connections and f"socket:[{words[6]}]" in held}
    return paths | {words[1] for words in tcp if words[3] == listening and f"socket:[{words[9]}]" in held}


class TestServers:
    async def test_they_keep_data_over_a_restart_and_a_move_of_the_folder(self, tmp_path: Path) -> None:
        before = tmp_path / "before"
        async with embedded_servers(settings_for(before)) as settings:
            await remember(settings, "kept")
        after = tmp_path / "after, with a blank and 100 %"
        before.rename(after)
        async with embedded_servers(settings_for(after)) as settings:
            assert await recall(settings) == ("kept", "kept")

    async def test_they_survive_kill_9_and_serve_again_on_the_same_sockets(self, tmp_path: Path) -> None:
        sockets = socket_folder(tmp_path)
        mongod, valkey = Mongod(tmp_path / "mongodb", sockets), Valkey(tmp_path / "valkey", sockets)
        settings = settings_for(tmp_path).model_copy(update={"mongodb_url": mongod.url, "redis_url": valkey.url})
        try:
            await asyncio.gather(mongod.start(), valkey.start())
            await remember(settings, "kept")
            # Valkey promises what is older than its flush of each second.
            queue = Redis.from_url(settings.redis_url)
            await queue.waitaof(1, 0, 5_000)
            await queue.aclose()
            for server in (mongod, valkey):
                assert server.process is not None
                server.process.kill()
                assert await server.process.wait() == -signal.SIGKILL
                await server.start()
            assert await recall(settings) == ("kept", "kept")
        finally:
            await asyncio.gather(mongod.stop(), valkey.stop())

    async def test_nobody_else_on_the_machine_can_reach_them(self, tmp_path: Path) -> None:
        async with embedded_servers(settings_for(tmp_path)):
            for name in ("mongod.sock", "valkey.sock"):
                assert stat.S_IMODE((tmp_path / "run" / name).stat().st_mode) == 0o600
            for folder in ("run", "mongodb", "valkey", "log"):
                assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700

    async def test_they_listen_in_their_own_folder_alone(self, tmp_path: Path) -> None:
        sockets = socket_folder(tmp_path)
        mongod, valkey = Mongod(tmp_path / "mongodb", sockets), Valkey(tmp_path / "valkey", sockets)
        try:
            await asyncio.gather(mongod.start(), valkey.start())
            for server in (mongod, valkey):
                assert server.process is not None
                assert listened_at(server.process.pid) == {str(server.socket)}
        finally:
            await asyncio.gather(mongod.stop(), valkey.stop())

    async def test_a_path_too_long_for_a_socket_works_all_the_same(self, tmp_path: Path) -> None:
        folder = tmp_path / ("d" * SOCKET_PATH_LIMIT)
        async with embedded_servers(settings_for(folder)) as settings:
            await remember(settings, "kept")
            assert await recall(settings) == ("kept", "kept")
        sockets = socket_folder(folder)
        assert sockets.parent != folder
        shutil.rmtree(sockets)

    async def test_a_machine_without_libcurl_uses_the_libraries_that_came_along(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.server_binaries._loads", lambda library: False)
        async with embedded_servers(settings_for(tmp_path)) as settings:
            await remember(settings, "kept")
            pid = (tmp_path / "mongodb" / "mongod.lock").read_text().strip()
            assert "pycurl.libs/libcurl" in Path(f"/proc/{pid}/maps").read_text()

    async def test_a_folder_that_cannot_be_made_is_said_so(self) -> None:
        with pytest.raises(SettingsError, match="DATA_DIR: /proc/cohort"):
            async with embedded_servers(settings_for(Path("/proc/cohort"))):
                pass

    async def test_a_database_that_cannot_start_says_why_and_leaves_nothing_behind(self, tmp_path: Path) -> None:
        (tmp_path / "mongodb").mkdir()
        (tmp_path / "mongodb" / "WiredTiger.wt").write_bytes(b"broken")
        (tmp_path / "mongodb" / "storage.bson").write_bytes(b"broken")
        with pytest.raises(Unavailable, match="mongod did not start"):
            async with embedded_servers(settings_for(tmp_path)):
                pass
        assert holder(tmp_path) is None


class TestLock:
    async def test_a_second_start_names_the_first(self, tmp_path: Path) -> None:
        async with DataLock(tmp_path, "run"):
            with pytest.raises(InUse, match=rf"already in use by process {os.getpid()} \(cohort run\)"):
                async with DataLock(tmp_path, "run"):
                    pass
        async with DataLock(tmp_path, "run"):
            pass

    async def test_a_start_waits_for_the_children_of_a_killed_one(self, tmp_path: Path) -> None:
        async with DataLock(tmp_path, "run") as lock:
            assert lock.descriptor is not None
            child = await asyncio.create_subprocess_exec(*SLEEPER, pass_fds=(lock.descriptor,))
        entered = asyncio.Event()

        async def start_again() -> None:
            async with DataLock(tmp_path, "run"):
                entered.set()

        again = asyncio.create_task(start_again())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(entered.wait(), 0.3)
        child.kill()
        await child.wait()
        await asyncio.wait_for(again, 5)

    async def test_a_child_that_does_not_end_is_ended(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("app.data_folder.FORMER_SECONDS", 0.1)
        async with DataLock(tmp_path, "run") as lock:
            assert lock.descriptor is not None
            child = await asyncio.create_subprocess_exec(*SLEEPER, pass_fds=(lock.descriptor,))
        async with DataLock(tmp_path, "run"):
            assert await child.wait() == -signal.SIGKILL


class TestRunningOrStarted:
    async def test_given_addresses_are_used_as_they_are(self, settings: Settings) -> None:
        async with running_or_started(settings) as found:
            assert found is settings
        assert holder(settings.data_dir) is None

    async def test_a_command_uses_the_servers_of_the_running_instance(self, tmp_path: Path) -> None:
        async with DataLock(tmp_path, "run"):
            publish_servers(tmp_path, Servers(os.getpid(), "mongodb://there/cohort", "redis://there:6379/0"))
            assert stat.S_IMODE((tmp_path / "run" / "servers.json").stat().st_mode) == 0o600
            async with running_or_started(settings_for(tmp_path)) as found:
                assert (found.mongodb_url, found.redis_url) == ("mongodb://there/cohort", "redis://there:6379/0")

    async def test_what_a_former_run_published_is_not_believed(self, tmp_path: Path) -> None:
        publish_servers(tmp_path, Servers(1, "mongodb://gone/cohort", "redis://gone:6379/0"))
        assert published_servers(tmp_path, os.getpid()) is None

    async def test_two_commands_without_an_instance_do_not_share_a_folder(self, tmp_path: Path) -> None:
        async with DataLock(tmp_path, "import"):
            with pytest.raises(InUse, match="cohort import"):
                async with running_or_started(settings_for(tmp_path)):
                    pass


async def test_the_servers_end_when_the_process_that_started_them_is_killed(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\n"
        "from app.embedded import embedded_servers\n"
        "from app.settings import read_settings\n"
        "async def main():\n"
        "    async with embedded_servers(read_settings(_env_file=None, mongodb_url='', redis_url='')) as s:\n"
        "        print(s.mongodb_url, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, env=os.environ | {"DATA_DIR": str(tmp_path)}
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    process.kill()
    await process.wait()

    async def silent() -> bool:
        client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(url, serverSelectionTimeoutMS=100)
        try:
            await client.admin.command("ping")
        except PyMongoError:
            return True
        finally:
            await client.close()
        return False

    await eventually(silent)
    # A start at once waits until the last of them has let go of the files.
    async with embedded_servers(settings_for(tmp_path)) as settings:
        await remember(settings, "kept")
