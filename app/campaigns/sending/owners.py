"""Who holds a lease, in words that let others on this machine see that the holder's process has died."""

from __future__ import annotations

import os
import uuid
from functools import lru_cache
from pathlib import Path


def new_owner() -> str:
    """A token of this process, unique to one lease."""
    return f"{this_process()}/{uuid.uuid4().hex}"


def this_process() -> str:
    """The part of every owner's token that names this process: machine, pid and start."""
    return f"{_machine()}/{os.getpid()}/{_own_start(os.getpid())}"


def process_of(owner: str) -> str:
    """The process that made this token."""
    return owner.rpartition("/")[0]


def machine_of(owner: str) -> str:
    """The machine that made this token; empty where machines cannot be told apart."""
    return owner.partition("/")[0]


def on_this_machine(owner: str) -> bool:
    """Whether the process behind this token runs, or ran, on this machine since it was last started."""
    return bool(_machine()) and machine_of(owner) == _machine()


def surely_dead(owner: str | None) -> bool:
    """Whether the process behind this token ran on this machine and has ended.

    Answers False for other machines and containers, whose leases lapse with time.
    """
    if not owner or process_of(owner) == this_process():
        return False
    machine, _, rest = owner.partition("/")
    pid, _, rest = rest.partition("/")
    started, _, _ = rest.partition("/")
    if machine != _machine() or not machine or not pid.isdigit():
        return False
    return _started(int(pid)) != started


@lru_cache(maxsize=1)
def _machine() -> str:
    """This boot of this kernel and this pid namespace: the reach within which a pid means something. Else empty."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}.{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


@lru_cache(maxsize=4)
def _own_start(pid: int) -> str:
    """Kept by pid, which changes with a fork."""
    return _started(pid)


def _started(pid: int) -> str:
    """When this process started, in clock ticks since boot (proc(5), field 22); empty when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
