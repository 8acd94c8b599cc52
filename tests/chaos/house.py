"""The product as it runs for a shop: `cohort run` and its children, which may be killed one by one or all at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from pathlib import Path

import httpx

from app.embedded import wanted_servers
from app.processes import die_with_parent, holders
from app.settings import Settings

OWNER = "mira@example.com"
PASSWORD = "a long enough passphrase"
OPEN_SECONDS = 180.0
STOP_SECONDS = 60.0
COHORT = (sys.executable, "-P", "-m", "app.cli")
ELSEWHERE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
"""A pid namespace of its own (unshare(1)): for the product another machine, whose processes it cannot see."""

MASTER = "master"
PARTS = {"web": "web", "worker": "worker", "mongod": "mongod", "valkey-server": "valkey"}


class House:
    """One data folder and the `cohort run` on it. `elsewhere` puts it on another machine, as the product sees it."""

    def __init__(
        self, folder: Path, *, smtp_url: str, workers: int = 2, elsewhere: bool = False, **settings: str
    ) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.log = folder / "cohort.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._elsewhere = elsewhere
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = _bare_environment() | {
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
            "OWNER_EMAIL": OWNER,
            "OWNER_PASSWORD": PASSWORD,
            "SECRET_KEY": "k" * 40,
            "SMTP_URL": smtp_url,
            "MAIL_FROM": "Corner Shop <shop@example.com>",
            "WORKER_PROCESSES": str(workers),
            **settings,
        }
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def mongodb_url(self) -> str:
        """Where the database is: the one given, or the embedded one, whose address never changes."""
        return self._environment.get("MONGODB_URL") or self._embedded().mongodb_url

    @property
    def redis_url(self) -> str:
        """Where the queue is."""
        return self._environment.get("REDIS_URL") or self._embedded().redis_url

    def _embedded(self) -> Settings:
        return wanted_servers(Settings(_env_file=None, data_dir=self.data_dir, mongodb_url="", redis_url=""))[1]

    def start(self) -> None:
        """Start `cohort run`, as an operator does, or an init system after its end. Does not wait."""
        command = [*(ELSEWHERE if self._elsewhere else ()), *COHORT, "run"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=self._environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )

    def ended(self) -> bool:
        """Whether `cohort run` has ended, or was never started."""
        return self._process is None or self._process.poll() is not None

    async def until_open(self) -> None:
        """Return when the web server can do its work and every worker is there."""
        async with httpx.AsyncClient() as client:

            async def ready() -> bool:
                with contextlib.suppress(httpx.HTTPError):
                    return (await client.get(f"{self.url}/readyz", timeout=3)).status_code == 200
                return False

            await until(ready, OPEN_SECONDS, f"{self.url} to open; see {self.log}")
        wanted = int(self._environment["WORKER_PROCESSES"])
        await until(lambda: len(self.pids("worker")) >= wanted, OPEN_SECONDS, "the workers to start")

    def parts(self) -> dict[int, str]:
        """What runs on this folder by process number: master, web, worker, mongod, valkey."""
        found: dict[int, str] = {}
        for pid in holders(self.data_dir / "run" / "children.lock"):
            with contextlib.suppress(OSError, IndexError):
                words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
                name = words[4] if "app.cli" in words else Path(f"/proc/{pid}/comm").read_text().strip()
                found[pid] = MASTER if name == "run" else PARTS.get(name, name)
        return found

    def pids(self, name: str) -> list[int]:
        """The processes of this part."""
        return sorted(pid for pid, part in self.parts().items() if part == name)

    @contextlib.asynccontextmanager
    async def operated(self, pause: Callable[[], float] = lambda: 0.0) -> AsyncIterator[House]:
        """Started and open; `cohort run` is started again `pause()` seconds after each end of it, as an init system
        would; all of it ended at the end.
        """
        watch: asyncio.Task[None] | None = None
        try:
            self.start()
            await self.until_open()
            watch = asyncio.create_task(self._start_again(pause))
            yield self
        finally:
            if watch is not None:
                watch.cancel()
                await asyncio.gather(watch, return_exceptions=True)
            self.end()

    async def _start_again(self, pause: Callable[[], float]) -> None:
        while True:
            if self.ended():
                await asyncio.sleep(pause())
                self.start()
            await asyncio.sleep(0.05)

    def end(self) -> None:
        """End it as an operator does; what is left after that is killed by its number."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            master = self.pids(MASTER) if self._elsewhere else [process.pid]
            send(signal.SIGTERM, master)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
        self.kill_everything()
        if process is not None:
            process.wait()

    def kill_everything(self) -> None:
        """kill -9 to all of it until nothing is left."""
        deadline = time.monotonic() + 30
        while left := self.parts():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{left} cannot be killed")
            send(signal.SIGKILL, left)
            time.sleep(0.02)
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)


def send(number: signal.Signals, pids: Iterable[int]) -> None:
    """A signal to each that is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def connections(pids: Collection[int], port: int) -> set[int]:
    """The local ports of the connections that these processes hold open to 127.0.0.1:`port` (proc(5), net/tcp)."""
    sockets: set[str] = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for link in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    sockets.add(os.readlink(link))
    found: set[int] = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[2].endswith(f":{port:04X}") and f"socket:[{words[9]}]" in sockets:
            found.add(int(words[1].partition(":")[2], 16))
    return found


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def patience() -> float:
    """By how much everything may take longer now: 1 on a machine that does little else, more on a busy one."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


async def until(check: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until `check` (a function or a coroutine function) says yes. Raises TimeoutError naming `what`."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s in vain for {what}")
        await asyncio.sleep(0.02)


def _bare_environment() -> dict[str, str]:
    names = {name.upper() for name in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name not in names}
