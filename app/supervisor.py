"""`cohort run`: the embedded servers, the workers and the web server as children of one process, kept running.

Whatever dies is started again, at once the first time and with a growing pause when it dies again and again. On a
signal the web server, the workers, Valkey and mongod end in that order. If this process itself is killed, the kernel
ends the children (`app.processes.die_with_parent`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from pydantic import SecretStr

from app.child_server import EmbeddedServer
from app.data_folder import DataLock, Servers, publish_servers, withdraw_servers
from app.embedded import wanted_servers
from app.errors import CohortError
from app.listening import free_address, until_answers
from app.processes import adopt_orphans, children, die_with_parent, end, how_it_ended, reap_orphans
from app.settings import Settings

log = logging.getLogger("cohort.supervisor")

LONGEST_PAUSE = 10.0
"""Seconds between two starts of something that dies at once, at most."""

STEADY_SECONDS = 60.0
"""Who lived this long has recovered: the next death is answered at once again."""

WEB_SECONDS = 10.0
WORKER_SECONDS = 30.0
"""How long each may take to end. A worker finishes the micro-batch it is handing over."""

PAGE_SECONDS = 15.0
"""How long the workers wait for the first page at most."""

WRONG_SETTINGS = 2
"""The exit code of a command whose settings are wrong; starting it again would not help."""


class Kept(Protocol):
    """What the supervisor keeps running."""

    name: str
    process: asyncio.subprocess.Process | None

    async def start(self) -> None: ...


class Command:
    """A `cohort` command as a child."""

    def __init__(self, name: str, arguments: Sequence[str], environment: dict[str, str], lock: int | None) -> None:
        self.name = name
        self.process: asyncio.subprocess.Process | None = None
        self._arguments = arguments
        self._environment = environment
        self._lock = lock

    async def start(self) -> None:
        """Start it; does not wait until it serves. -P keeps an `app` in the working directory from shadowing ours."""
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "app.cli", *self._arguments),
            stdin=asyncio.subprocess.DEVNULL,
            env=self._environment,
            pass_fds=() if self._lock is None else (self._lock,),
            preexec_fn=die_with_parent,
        )


class Pauses:
    """How long to wait before the next start: nothing, then 0.5 s, doubling up to LONGEST_PAUSE."""

    def __init__(self) -> None:
        self._next = 0.0

    def after(self, lived: float) -> float:
        """The pause after a life of so many seconds."""
        if lived >= STEADY_SECONDS:
            self._next = 0.0
        pause, self._next = self._next, min(max(0.5, self._next * 2), LONGEST_PAUSE)
        return pause


class Supervisor:
    """One run of the product.

    `announce` is called once, when the servers serve; what it returns is printed when the first page can be opened.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        announce: Callable[[Settings], Awaitable[str]],
        purpose: str = "run",
        preparation: Sequence[str] = (),
    ) -> None:
        self._settings = settings
        self._announce = announce
        self._purpose = purpose
        self._preparation = preparation
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._code = 0
        self._servers: list[EmbeddedServer] = []
        self._web: Command | None = None
        self._workers: list[Command] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._not_ours: set[int] = set()

    async def run(self) -> int:
        """Run until a signal; the exit code. Raises CohortError when it cannot start."""
        self._listen_to_signals()
        adopt_orphans()
        self._not_ours = children()  # of who became us by exec
        async with DataLock(self._settings.data_dir, self._purpose) as lock:
            work = asyncio.create_task(self._work(lock.descriptor))
            stopped = asyncio.create_task(self._stop.wait())
            try:
                await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
                if work.done():
                    work.result()
            finally:
                for task in (work, stopped, *self._tasks):
                    task.cancel()
                await asyncio.gather(work, stopped, *self._tasks, return_exceptions=True)
                await self._end_all()
        return self._code

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._on_signal)
        loop.add_signal_handler(signal.SIGTERM, self._on_signal)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # under nohup(1) it runs on without its terminal
            loop.add_signal_handler(signal.SIGHUP, self._on_signal)

    def _on_signal(self) -> None:
        if self._stop.is_set():
            self._hurry.set()
        else:
            print("Stopping; Ctrl-C again hurries.", file=sys.stderr, flush=True)
            self._stop.set()

    async def _work(self, lock: int | None) -> None:
        """Start everything, announce it, and watch over it until cancelled."""
        settings = free_address(self._settings)
        settings.signing_key()
        self._servers, settings = wanted_servers(settings, lock)
        environment = os.environ | environment_of(settings)
        web = self._web = Command("web", ["web"], environment, lock)
        self._workers = [
            Command(f"worker {number}", ["worker"], environment | {"COHORT_PROCESS": f"worker {number}"}, lock)
            for number in range(1, settings.worker_processes + 1)
        ]
        # It waits for its servers by itself; what takes it long, loading its code, happens meanwhile.
        await web.start()
        self._watch(web)
        from app.logs import set_up_logging

        set_up_logging(self._purpose)
        starts = await asyncio.gather(*(server.start() for server in self._servers), return_exceptions=True)
        for problem in starts:
            if isinstance(problem, BaseException):
                raise problem
        for server in self._servers:
            self._watch(server)
        publish_servers(
            settings.data_dir, Servers(os.getpid(), settings.mongodb_url, settings.redis_url, settings.base_url)
        )
        if self._preparation:
            await self._prepare(environment, lock)
        # Somebody waits for the first page, so the workers leave it the processors until it is there.
        words = asyncio.ensure_future(self._announce(settings))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(until_answers(settings, "/readyz"), PAGE_SECONDS)
        for worker in self._workers:
            await worker.start()
            self._watch(worker)
        await until_answers(settings, "/readyz")
        print(await words, flush=True)
        await self._keep_house()

    def _watch(self, part: Kept) -> None:
        task = asyncio.create_task(self._keep(part))
        self._tasks.add(task)

    async def _keep(self, part: Kept) -> None:
        """Start it again whenever it ends."""
        pauses = Pauses()
        while True:
            born = time.monotonic()
            code = await part.process.wait() if part.process else None
            if code == WRONG_SETTINGS and isinstance(part, Command):
                self._code = WRONG_SETTINGS  # it has said which one
                self._stop.set()
                return
            pause = pauses.after(time.monotonic() - born)
            log.warning(f"{part.name} {how_it_ended(code)}; starting it again {f'in {pause:g} s' if pause else 'now'}")
            await asyncio.sleep(pause)
            try:
                await part.start()
            except (CohortError, OSError) as problem:
                log.error(f"{part.name} did not start again: {problem}")

    async def _prepare(self, environment: dict[str, str], lock: int | None) -> None:
        """Run the command that fills a new instance. Raises CohortError when it fails; it has said why."""
        command = Command(self._preparation[0], self._preparation, environment, lock)
        await command.start()
        assert command.process is not None
        try:
            code = await command.process.wait()
        finally:
            await end(command.process, 5, self._hurry)
        if code:
            raise CohortError(f"`cohort {self._preparation[0]}` {how_it_ended(code)}.")

    async def _keep_house(self) -> None:
        """Every second collect orphans, every minute look after the logs."""
        for second in range(sys.maxsize):
            reap_orphans({*self._not_ours, *(part.process.pid for part in self._parts() if part.process)})
            if second % 60 == 0:
                for server in self._servers:
                    server.roll_log()
            await asyncio.sleep(1)

    def _parts(self) -> list[Kept]:
        return [*([self._web] if self._web else []), *self._workers, *self._servers]

    async def _end_all(self) -> None:
        """Web, workers, Valkey, mongod, in this order; then whatever else descended from us."""
        withdraw_servers(self._settings.data_dir)
        if self._web:
            await end(self._web.process, WEB_SECONDS, self._hurry)
        await asyncio.gather(*(end(worker.process, WORKER_SECONDS, self._hurry) for worker in self._workers))
        servers = {server.process.pid for server in self._servers if server.process}
        for pid in children() - servers - self._not_ours:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        for server in reversed(self._servers):
            await server.stop(hurry=self._hurry)
        reap_orphans(self._not_ours)


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as environment variables, so that a child of any working directory reads the same."""
    values: dict[str, str] = {}
    for name, value in settings:
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        if name == "data_dir":
            text = str(settings.data_dir.resolve())
        if text:
            values[name.upper()] = text
    return values
