"""MongoDB and Valkey as a house of its own keeps them: outside of the product, which does not start them again."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from app.child_server import EmbeddedServer
from app.embedded import Mongod, Valkey
from app.processes import die_with_parent
from tests.chaos.house import until

START_SECONDS = 60.0


class Outside:
    """One server, started, stopped and killed by the harness as by an operator."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self._server.url

    async def start(self) -> None:
        """Return when it serves."""
        self._spawn()
        await until(self._server.ready, START_SECONDS, f"{self._server.name} to serve")

    def _spawn(self) -> None:
        self._server.folder.mkdir(parents=True, exist_ok=True)
        with (self._server.folder.parent / f"{self._server.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._server.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._server.environment(),
                preexec_fn=die_with_parent,
            )

    def freeze(self) -> None:
        """SIGSTOP: it answers nobody, and its connections stay open."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """kill -9, until it is gone."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)


@contextlib.contextmanager
def outside(folder: Path) -> Iterator[tuple[Outside, Outside]]:
    """mongod and Valkey with their data in `folder`, not started; killed at the end, because nothing is kept."""
    sockets = folder / "sockets"
    sockets.mkdir(mode=0o700, parents=True)
    servers = Outside(Mongod(folder / "mongodb", sockets)), Outside(Valkey(folder / "valkey", sockets))
    try:
        yield servers
    finally:
        for server in servers:
            server.kill()
