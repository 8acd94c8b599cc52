"""Child processes that never outlive their parent: starting, ending and reaping them."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
"""Opened once here, because between fork and exec nothing should be loaded."""


def die_with_parent() -> None:
    """In the child, before exec: ask the kernel to end it when its parent dies, however that happens (prctl(2)).

    Also a process group of its own, so that a Ctrl-C at the terminal reaches only the parent, which stops its
    children in order. Elsewhere than on Linux only the group is made.
    """
    os.setpgrp()
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def adopt_orphans() -> None:
    """Make this process the parent of every orphan below it (PR_SET_CHILD_SUBREAPER), as init is in a container."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def reap_orphans(own: Iterable[int]) -> None:
    """Collect ended children other than `own`, which asyncio collects itself. Never waits."""
    known = set(own)
    with contextlib.suppress(ChildProcessError):
        for pid in children() - known:
            os.waitpid(pid, os.WNOHANG)


def children() -> set[int]:
    """The processes whose parent is this one, ended ones that nobody collected among them. Empty without /proc."""
    found: set[int] = set()
    me = os.getpid()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name in brackets may itself hold blanks and brackets (proc(5)), so split after the last one.
            if int(path.read_text().rpartition(")")[2].split()[1]) == me:
                found.add(int(path.parent.name))
    return found


def holders(path: Path) -> set[int]:
    """The processes of this user that have `path` open, other than this one. Empty without /proc."""
    wanted = path.resolve()
    found: set[int] = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if Path(os.readlink(link)) == wanted:
                found.add(int(link.parts[2]))
    return found - {os.getpid()}


async def end(process: asyncio.subprocess.Process | None, seconds: float, hurry: asyncio.Event | None = None) -> None:
    """SIGTERM, wait up to `seconds` (or two more once `hurry` is set), then SIGKILL. Returns when it has ended."""
    if process is None or process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    ended = asyncio.ensure_future(process.wait())
    waits: set[asyncio.Future[object]] = {ended}  # type: ignore[arg-type]  # futures are invariant; only waited for
    hurried = asyncio.ensure_future(hurry.wait()) if hurry else None
    if hurried:
        waits.add(hurried)  # type: ignore[arg-type]
    await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    if hurried:
        hurried.cancel()
        if hurry and hurry.is_set() and not ended.done():
            await asyncio.wait({ended}, timeout=2)
    if not ended.done():
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await ended


def how_it_ended(code: int | None) -> str:
    """A return code in words: `ended with code 1`, `was killed by SIGKILL`."""
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"


def end_as_orphan(parent: int, seconds: float) -> None:
    """From now on end this process `seconds` after `parent`, whatever it is still waiting for. Returns at once.

    Looked at again and again: a parent of several threads is still there for a moment after the kernel has told its
    children of its death (prctl(2), PR_SET_PDEATHSIG, which goes by the thread).
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        time.sleep(seconds)
        os._exit(1)

    threading.Thread(target=watch, name="orphan", daemon=True).start()
