"""What the mail server has written down: who got a mail, when, and over which connection."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from app.processes import die_with_parent


class Accepted(NamedTuple):
    """One mail that was taken: at this second of CLOCK_MONOTONIC, from this port of the sender's."""

    at: float
    peer: int
    recipient: str
    message_id: str


class MailSink:
    """The server's process and its log, read as it grows. A mail counts from the moment it is in the log."""

    def __init__(self, log: Path, *, latency: float = 0.0) -> None:
        self.log = log
        self.all: list[Accepted] = []
        self.counts: Counter[str] = Counter()
        self._read = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.sink", str(log), str(latency)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            preexec_fn=die_with_parent,
        )
        assert self._process.stdout is not None
        word, _, port = self._process.stdout.readline().decode().partition(" ")
        if word != "PORT":
            raise RuntimeError("the mail server did not start")
        self.port = int(port)

    @property
    def url(self) -> str:
        """For SMTP_URL."""
        return f"smtp://127.0.0.1:{self.port}?starttls=never"

    def stop(self) -> None:
        """End the process; the log can still be read."""
        self._process.terminate()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def take(self, latency: float) -> None:
        """From now on a mail takes so many seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{latency}\n".encode())
        self._process.stdin.flush()
        self._process.stdout.readline()

    def forget(self) -> None:
        """Begin a new page: what has been taken by now is of another campaign."""
        self.total()
        self.all.clear()
        self.counts.clear()

    def total(self) -> int:
        """How many mails have been taken by now."""
        if not self.log.exists():
            return 0
        with self.log.open("rb") as file:
            file.seek(self._read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(newline)
        for line in whole.decode().splitlines():
            at, peer, recipient, message_id = line.split(" ", 3)
            self.all.append(Accepted(float(at), int(peer), recipient, message_id))
            self.counts[recipient] += 1
        return len(self.all)

    def first_after(self, moment: float, *, not_from: Collection[int] = ()) -> float | None:
        """When the first mail after `moment` was taken that none of these connections brought."""
        self.total()
        found: float | None = None
        for mail in reversed(self.all):
            if mail.at <= moment:
                break
            if mail.peer not in not_from:
                found = mail.at
        return found

    def between(self, start: float, end: float) -> int:
        """How many mails were taken in (start, end]."""
        self.total()
        return sum(start < mail.at <= end for mail in self.all)
