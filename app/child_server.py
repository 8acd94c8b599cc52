"""A server program as a child process: started until it serves, stopped until it has ended, its log kept short."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from abc import ABC, abstractmethod
from pathlib import Path

from app.data_folder import private_folder
from app.errors import Unavailable
from app.processes import die_with_parent, end, how_it_ended

START_SECONDS = 60
STOP_SECONDS = 30
LOG_BYTES = 10_000_000
"""A server's log is cut off here and the former part kept as `.1`."""


class EmbeddedServer(ABC):
    """One child process. `start` returns when it serves; `stop` when it has written everything and ended.

    `lock` is a descriptor the child inherits and so holds for as long as it lives (see `DataLock`).
    """

    name = "server"

    def __init__(self, folder: Path, sockets: Path, lock: int | None = None) -> None:
        self.folder = folder
        self.sockets = sockets
        self.lock = lock
        self.process: asyncio.subprocess.Process | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients find it: the same for every start of the same data folder."""

    @abstractmethod
    def command(self) -> list[str]:
        """The command line."""

    def environment(self) -> dict[str, str] | None:
        """The environment to start it in; None is ours."""
        return None

    @abstractmethod
    async def ready(self) -> bool:
        """Whether it serves now."""

    @property
    def log_path(self) -> Path:
        """Where the server's own words go."""
        return self.folder.parent / "log" / f"{self.name}.log"

    async def start(self) -> None:
        """Start and wait until it serves. Raises Unavailable with the last line of its log when it does not."""
        private_folder(self.folder)
        private_folder(self.log_path.parent)
        self.roll_log()
        inherited = () if self.lock is None else (self.lock,)
        with self.log_path.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment(),
                pass_fds=inherited,
                preexec_fn=die_with_parent,
            )
        deadline = time.monotonic() + START_SECONDS
        while not await self.ready():
            if self.process.returncode is not None or time.monotonic() > deadline:
                await self.stop()
                raise Unavailable(
                    f"The embedded {self.name} did not start ({how_it_ended(self.process.returncode)}): "
                    f"{self._last_words()}"
                )
            await asyncio.sleep(0.05)

    async def stop(self, seconds: float = STOP_SECONDS, hurry: asyncio.Event | None = None) -> None:
        """Ask it to end, wait, and insist after `seconds`, or at once when `hurry` is set."""
        await end(self.process, seconds, hurry)

    def roll_log(self) -> None:
        """Keep the log and one former part within LOG_BYTES each. The server appends, so the file may be cut."""
        with contextlib.suppress(OSError):
            if self.log_path.stat().st_size > LOG_BYTES:
                shutil.copyfile(self.log_path, self.log_path.with_suffix(".log.1"))
                os.truncate(self.log_path, 0)

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = self.log_path.read_text(errors="replace").strip().splitlines()[-50:]
            missing = next((line for line in reversed(lines) if "cannot open shared object file" in line), None)
            if missing:
                return f"{missing.strip()} (install libcurl4 and OpenSSL 3, or set MONGODB_URL)"
            return f"{self.complaint(lines)[:400]} (log: {self.log_path})"
        return f"no log at {self.log_path}"

    def complaint(self, lines: list[str]) -> str:
        """Why it ended, out of the last lines of its log."""
        return lines[-1] if lines else "it said nothing"
