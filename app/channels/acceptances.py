"""The acceptance journal: which deliveries were offered to the other side and which it has taken, on disk at once.

A process that dies between the server's 250 and the write to the database leaves deliveries that nobody could decide
afterwards. One `write(2)` when a message is offered and one when it is taken survive the process (not the machine,
whose page cache may be lost), so only what was on the wire at that moment stays undecided.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog

from app.campaigns.sending.owners import machine_of, this_process

MOST_BYTES = 8 * 1024 * 1024
"""A file that grows past this is followed by another: about 70,000 messages each."""

KEPT_SECONDS = 7 * 86_400.0

_MOMENT = re.compile(rb"\??\d+\.\d+")
"""How a whole line ends; one that a full disk cut short says nothing."""

log = structlog.get_logger(__name__)


class Acceptances:
    """The journal of this process, in a file of its own in `folder`, opened with the first line or by `begin`.

    A line is the id of a delivery and the moment at which it was taken, or, after a question mark, at which it was
    offered. The first line of a file names its process, so that others know what its silence about a delivery means.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = -1
        self._size = 0
        self._pid = 0
        self._silent = False
        self._torn = False
        self._withdrawn: set[str] = set()

    def begin(self) -> None:
        """Open the file before anything is offered: from now on what is not in it was not offered."""
        try:
            if self._pid != os.getpid():
                self._open()
        except OSError as problem:
            self._trouble(problem)

    def offer(self, id: str) -> bool:
        """Call right before the first byte that the other side could act on. False: withdrawn, do not send it."""
        if id in self._withdrawn:
            return False
        if not self._write(f"{id} ?{time.time():.3f}\n"):
            self._silence_means_nothing()
        return True

    def offer_all(self, ids: Collection[str]) -> None:
        """The same for a whole batch, for a channel that does not say when it offers what."""
        ending = f" ?{time.time():.3f}\n"
        if ids and not self._write(ending.join(ids) + ending):
            self._silence_means_nothing()

    def note(self, id: str) -> None:
        """The other side has taken this delivery. A disk that is full costs this certainty, never the campaign."""
        self._write(f"{id} {time.time():.3f}\n")

    def turn(self, taken: str, offered: str) -> bool:
        """`note` of the one and `offer` of the other in one write."""
        if offered in self._withdrawn:
            self.note(taken)
            return False
        moment = f"{time.time():.3f}\n"
        if not self._write(f"{taken} {moment}{offered} ?{moment}"):
            self._silence_means_nothing()
        return True

    def withdraw(self, ids: Collection[str]) -> None:
        """Keep what has not been offered yet from being offered, until `forget`."""
        self._withdrawn.update(ids)

    def forget(self, ids: Collection[str]) -> None:
        """The batch is over."""
        self._withdrawn.difference_update(ids)

    def close(self) -> None:
        """Close the file; it stays, for whoever settles what this process leaves behind."""
        if self._file >= 0 and self._pid == os.getpid():
            os.close(self._file)
        self._file, self._pid = -1, 0

    def _write(self, text: str) -> bool:
        try:
            if self._pid != os.getpid() or self._size > MOST_BYTES:
                self._open()
            if self._torn:
                text = f"\n{text}"
            written = os.write(self._file, text.encode())
        except OSError as problem:
            self._trouble(problem)
            return False
        self._size += written
        self._torn = 0 < written < len(text)
        return written == len(text)

    def _silence_means_nothing(self) -> None:
        """An offer could not be noted, so whoever reads these files must not conclude anything from what they lack.

        The first byte is overwritten in place, which needs no room on a full disk.
        """
        for path in self._folder.glob(f"{os.getpid()}-*.accepted"):
            with contextlib.suppress(OSError), path.open("r+b") as file:
                file.write(b"!")

    def _trouble(self, problem: OSError) -> None:
        if not self._silent:
            log.warning("acceptances cannot be noted", folder=str(self._folder), problem=str(problem))
        self._silent = True

    def _open(self) -> None:
        self.close()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{os.getpid()}-{time.time_ns()}.accepted"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._pid, self._size = os.getpid(), os.write(self._file, f"#{this_process()}\n".encode())
        _remove_old(self._folder)


_journals: dict[Path, Acceptances] = {}


def journal(folder: Path) -> Acceptances:
    """The one journal of this process in this folder."""
    return _journals.setdefault(folder, Acceptances(folder))


@dataclass(frozen=True, kw_only=True, slots=True)
class Noted:
    """What the journals of this machine know: moments of what was taken, ids of what was offered, and the processes
    (`machine/pid/start`) that kept one.
    """

    taken: dict[str, datetime] = field(default_factory=dict)
    offered: set[str] = field(default_factory=set)
    writers: set[str] = field(default_factory=set)


def read_journals(folder: Path, ids: Collection[str], *, since: datetime | None = None) -> Noted:
    """What any process of this machine noted of these deliveries, from `since` on.

    Reads the files of the last week that were written to after `since`: about 0.1 s per 100,000 messages.
    """
    wanted = {id.encode() for id in ids}
    # Moments are rounded to milliseconds here and cut to them in the database.
    begin = since.timestamp() - 0.002 if since is not None else 0.0
    found = Noted()
    for path in sorted(folder.glob("*.accepted")):
        try:
            with path.open("rb") as file:
                first = file.readline()
                old = os.fstat(file.fileno()).st_mtime < begin - 5
                lines = [] if old else [first, *file.read().splitlines()]
        except OSError:
            continue
        if first.startswith(b"#"):
            found.writers.add(first[1:].decode().strip())
        for line in lines:
            id, _, moment = line.strip().partition(b" ")
            if id in wanted and _MOMENT.fullmatch(moment):
                _note(found, id.decode(), moment.decode(), begin)
    return found


def _note(found: Noted, id: str, moment: str, begin: float) -> None:
    at = float(moment.removeprefix("?"))
    if at < begin:
        return
    if moment.startswith("?"):
        found.offered.add(id)
    else:
        found.taken[id] = datetime.fromtimestamp(at, UTC)


def accepted_at(folder: Path, ids: Collection[str]) -> dict[str, datetime]:
    """When each of these deliveries was taken, of those that any process of this machine noted."""
    return read_journals(folder, ids).taken


def machines_of(folder: Path) -> set[str]:
    """The machines, in the words of `owners`, whose processes kept a journal in this folder."""
    found = set()
    for path in folder.glob("*.accepted"):
        try:
            with path.open("rb") as file:
                first = file.readline(500)
        except OSError:
            continue
        if first.startswith(b"#"):
            found.add(machine_of(first[1:].decode().strip()))
    return found - {""}


def _remove_old(folder: Path) -> None:
    lapsed = time.time() - KEPT_SECONDS
    for path in folder.glob("*.accepted"):
        try:
            if path.stat().st_mtime < lapsed:
                path.unlink()
        except OSError:
            continue
