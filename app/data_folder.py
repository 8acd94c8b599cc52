"""The data folder: whose it is at the moment, where the sockets are, and how others find the servers.

lock                 held by the one process that runs this folder; its number and command are inside
run/children.lock    held by every process that one started, so it is free only when the last has ended
run/servers.json     mode 0600: where the servers are, for commands that run beside it
mongodb/ valkey/ log/
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
import signal
import stat
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from app.errors import Conflict, SettingsError
from app.processes import holders

SOCKET_PATH_LIMIT = 107
"""Bytes a unix socket's path may have on Linux (sun_path of unix(7), less the final NUL)."""

FORMER_SECONDS = 40
"""How long a start waits for the processes of a former run, which a killed supervisor left ending."""


class InUse(Conflict):
    """Another process runs this data folder."""

    slug = "in-use"


@dataclass(frozen=True)
class Holder:
    """Who holds a data folder: its process number and what it does (`run`, `import`, ...)."""

    pid: int
    purpose: str


@dataclass(frozen=True)
class Servers:
    """What servers.json says: the addresses as of the process `pid`."""

    pid: int
    mongodb_url: str
    redis_url: str
    address: str = ""


def private_folder(folder: Path) -> Path:
    """Make the folder for this user alone (mode 0700); an existing one is left as it is."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise SettingsError(f"DATA_DIR: {folder} cannot be made: {problem.strerror}") from problem
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise SettingsError(f"DATA_DIR: {folder} is not writable for this user")
    return folder


def socket_folder(data_dir: Path) -> Path:
    """A folder of mode 0700 for the sockets: `run` in the data folder, or one in /tmp where that path will not do.

    It will not when it is too long for a socket, or has a comma, at which mongod splits its addresses.
    """
    folder = data_dir.resolve() / "run"
    if len(os.fsencode(folder / "mongod.sock")) > SOCKET_PATH_LIMIT or "," in str(folder):
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"cohort-{os.getuid()}-{digest}"
    private_folder(folder)
    state = folder.lstat()
    if state.st_uid != os.getuid() or not stat.S_ISDIR(state.st_mode):
        raise SettingsError(f"DATA_DIR: {folder} is not a folder of this user; choose another data folder")
    if stat.S_IMODE(state.st_mode) != 0o700:
        folder.chmod(0o700)
    return folder


class DataLock:
    """The right to run a data folder, for one process at a time (flock(2)); the kernel frees it however it ends.

    `descriptor` is for the children to inherit: they hold the second lock with it, so that a start after `kill -9`
    waits until the last of them has ended.
    """

    def __init__(self, data_dir: Path, purpose: str) -> None:
        self.data_dir = data_dir.resolve()
        self.purpose = purpose
        self._own: int | None = None
        self.descriptor: int | None = None

    async def __aenter__(self) -> DataLock:
        private_folder(self.data_dir)
        own = os.open(self.data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not await _locked(own):
            os.close(own)
            other = _read_holder(self.data_dir)
            who = f"process {other.pid} (cohort {other.purpose})" if other else "another process"
            raise InUse(f"The data folder {self.data_dir} is already in use by {who}.")
        os.ftruncate(own, 0)
        os.write(own, f"{os.getpid()}\n{self.purpose}\n".encode())
        self._own = own
        try:
            self.descriptor = await self._wait_for_former()
        except BaseException:
            self.release()
            raise
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.release()

    def release(self) -> None:
        """Give the folder free."""
        for descriptor in (self.descriptor, self._own):
            if descriptor is not None:
                os.close(descriptor)
        self._own = self.descriptor = None

    async def _wait_for_former(self) -> int:
        """The children's lock, once those of a former run are gone; who does not go in time is killed."""
        path = private_folder(self.data_dir / "run") / "children.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        patience = time.monotonic() + FORMER_SECONDS
        killed = False
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
            except BlockingIOError:
                await asyncio.sleep(0.05)
            except BaseException:
                os.close(descriptor)
                raise
            if time.monotonic() > patience:
                left = sorted(holders(path))
                if killed:
                    os.close(descriptor)
                    raise InUse(f"Processes {left or '?'} of a former run still use {self.data_dir}; end them first.")
                # Nobody else can be their parent: the supervisor's own lock is ours.
                for pid in left:
                    with contextlib.suppress(OSError):
                        os.kill(pid, signal.SIGKILL)
                killed, patience = True, time.monotonic() + 5


async def _locked(descriptor: int) -> bool:
    """Take the lock, trying for a fifth of a second: `holder` takes it for a moment to see whether it is free."""
    for _ in range(5):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        await asyncio.sleep(0.05)
    return False


def holder(data_dir: Path) -> Holder | None:
    """Who runs this data folder now, or None."""
    try:
        descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return _read_holder(data_dir)
    finally:
        os.close(descriptor)


def publish_servers(data_dir: Path, servers: Servers) -> None:
    """Write run/servers.json, whole or not at all."""
    path = private_folder(data_dir.resolve() / "run") / "servers.json"
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        json.dump(asdict(servers), handle)
    draft.replace(path)


def withdraw_servers(data_dir: Path) -> None:
    """Remove run/servers.json."""
    (data_dir / "run" / "servers.json").unlink(missing_ok=True)


def published_servers(data_dir: Path, pid: int) -> Servers | None:
    """What the process `pid` published, or None when it has not (yet)."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        servers = Servers(**json.loads((data_dir / "run" / "servers.json").read_text()))
        return servers if servers.pid == pid else None
    return None


def _read_holder(data_dir: Path) -> Holder | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = (data_dir / "lock").read_text().splitlines()
        return Holder(int(lines[0]), lines[1])
    return None
