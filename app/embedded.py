"""The embedded default: a real mongod and a real Valkey as child processes, reachable by this user alone.

Both listen on unix sockets in a folder of mode 0700 and write durably into the data folder: mongod journals every
acknowledged write, Valkey appends every command to a file and flushes it each second. Replaced by MONGODB_URL and
REDIS_URL, with nothing else changing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from app.child_server import START_SECONDS, EmbeddedServer
from app.data_folder import DataLock, holder, published_servers, socket_folder
from app.errors import Unavailable
from app.server_binaries import cache_gigabytes, mongod_binary, mongod_environment, valkey_binary
from app.settings import Settings

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient


EVICTION = "eviction_dirty_target=20,eviction_dirty_trigger=40"
"""How much of the cache may be dirty before pages are written out ahead of the checkpoint each minute. With 5 and 20 %,
MongoDB's own figures, a large campaign writes the same pages several times: an eighth more of its processor time.
"""


class Mongod(EmbeddedServer):
    """MongoDB as a replica set of one member, because transactions and change streams need one."""

    name = "mongod"

    @property
    def socket(self) -> Path:
        return self.sockets / "mongod.sock"

    @property
    def url(self) -> str:
        return f"mongodb://{quote(str(self.socket), safe='')}/cohort?directConnection=true"

    def command(self) -> list[str]:
        self.socket.unlink(missing_ok=True)
        return [
            str(mongod_binary()),
            *("--dbpath", str(self.folder), "--port", "0", "--bind_ip", str(self.socket)),
            # It would listen at /tmp/mongodb-0.sock as well, which two of them fight for.
            *("--nounixsocket", "--filePermissions", "0600", "--replSet", "cohort"),
            *("--networkMessageCompressors", "disabled"),
            *("--wiredTigerCacheSizeGB", cache_gigabytes(), "--setParameter", "diagnosticDataCollectionEnabled=false"),
            *("--oplogSize", "512", "--quiet", "--wiredTigerEngineConfigString", EVICTION),
        ]

    def environment(self) -> dict[str, str]:
        return mongod_environment(self.sockets / "libraries")

    def complaint(self, lines: list[str]) -> str:
        """The last error of the structured log, else its last warning."""
        for severities in ("EF", "W"):
            for line in reversed(lines):
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    said = json.loads(line)
                    if said["s"] in severities and "startupWarnings" not in said.get("tags", ()):
                        return f"{said['msg']} {json.dumps(said.get('attr', {}))}"
        return super().complaint(lines)

    async def ready(self) -> bool:
        """Primary and writable; the replica set is founded on the first start."""
        if not self.socket.exists():
            return False
        # Loaded here, while the server starts, because it takes as long as that does.
        from pymongo import AsyncMongoClient
        from pymongo.errors import OperationFailure, PyMongoError

        client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(self.url, serverSelectionTimeoutMS=2_000)
        try:
            hello = await client.admin.command("hello")
            if not hello.get("setName"):
                host = {"_id": 0, "host": str(self.socket)}
                await client.admin.command("replSetInitiate", {"_id": "cohort", "members": [host]})
                return False
            if not hello.get("isWritablePrimary") and hello.get("me") != str(self.socket):
                await self._follow_socket(client)
            return bool(hello.get("isWritablePrimary"))
        except OperationFailure as problem:
            if "already initialized" in str(problem) or problem.code in (93, 94, 11602):
                await self._follow_socket(client)
            return False
        except PyMongoError:
            return False
        finally:
            await client.close()

    async def _follow_socket(self, client: AsyncMongoClient[dict[str, object]]) -> None:
        """The set remembers its member's address; after the data folder moved, tell it the new one."""
        from pymongo.errors import PyMongoError

        with contextlib.suppress(PyMongoError):
            config = (await client.admin.command("replSetGetConfig"))["config"]
            if config["members"][0]["host"] != str(self.socket):
                config["members"][0]["host"] = str(self.socket)
                config["version"] += 1
                await client.admin.command("replSetReconfig", config, force=True)


class Valkey(EmbeddedServer):
    """Valkey with an append-only file."""

    name = "valkey"

    @property
    def socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}?db=0"

    def command(self) -> list[str]:
        self.socket.unlink(missing_ok=True)
        return [
            str(valkey_binary()),
            *("--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "600"),
            *("--dir", str(self.folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
            *("--maxmemory-policy", "noeviction", "--daemonize", "no"),
        ]

    async def ready(self) -> bool:
        if not self.socket.exists():
            return False
        from redis.asyncio import Redis
        from redis.exceptions import RedisError

        client = Redis.from_url(self.url)
        try:
            return bool(await client.ping())
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()


def wanted_servers(settings: Settings, lock: int | None = None) -> tuple[list[EmbeddedServer], Settings]:
    """The servers the settings leave to us, not yet started, and settings with their addresses."""
    sockets = socket_folder(settings.data_dir)
    folder = settings.data_dir.resolve()
    servers: list[EmbeddedServer] = []
    changes: dict[str, str] = {}
    if not settings.mongodb_url:
        servers.append(Mongod(folder / "mongodb", sockets, lock))
        changes["mongodb_url"] = servers[-1].url
    if not settings.redis_url:
        servers.append(Valkey(folder / "valkey", sockets, lock))
        changes["redis_url"] = servers[-1].url
    return servers, settings.model_copy(update=changes)


@contextlib.asynccontextmanager
async def embedded_servers(settings: Settings, purpose: str = "command") -> AsyncIterator[Settings]:
    """Start what the settings leave to us, yield settings with the real addresses, and stop it at the end.

    Locks the data folder meanwhile: raises `app.data_folder.InUse` when another process runs it.
    """
    async with DataLock(settings.data_dir, purpose) as lock:
        servers, found = wanted_servers(settings, lock.descriptor)
        try:
            starts = await asyncio.gather(*(server.start() for server in servers), return_exceptions=True)
            for problem in starts:
                if isinstance(problem, BaseException):
                    raise problem
            yield found
        finally:
            await asyncio.gather(*(server.stop() for server in servers))


@contextlib.asynccontextmanager
async def running_or_started(settings: Settings, purpose: str = "command") -> AsyncIterator[Settings]:
    """Settings with real addresses, for a command of its own.

    Those given; else the servers of the `cohort run` that has this data folder, waiting until it has started them;
    else servers started here and stopped at the end. Raises InUse when another such command has the folder.
    """
    if settings.mongodb_url and settings.redis_url:
        yield settings
        return
    running = await running_instance(settings)
    if running is not None:
        yield running
        return
    async with embedded_servers(settings, purpose) as started:
        yield started


async def running_instance(settings: Settings) -> Settings | None:
    """Settings with the addresses of the `cohort run` that has this data folder, or None when there is none.

    Waits up to START_SECONDS for one that is just starting. Raises Unavailable when it takes longer.
    """
    deadline = time.monotonic() + START_SECONDS
    while (other := holder(settings.data_dir)) is not None and other.purpose in ("run", "demo"):
        servers = published_servers(settings.data_dir, other.pid)
        if servers is not None:
            changes = {"mongodb_url": servers.mongodb_url, "redis_url": servers.redis_url}
            return settings.model_copy(update={k: v for k, v in changes.items() if not getattr(settings, k)})
        if time.monotonic() > deadline:
            raise Unavailable(f"The running instance (process {other.pid}) has not started its servers; see its log.")
        await asyncio.sleep(0.1)
    return None
