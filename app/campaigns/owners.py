"""Who holds a lease, in words that let others on this machine see that the holder's process has died."""

from __future__ import annotations

import os
import uuid
from functools import lru_cache
from pathlib import Path


def new_owner() -> str:
    """A token of this process, unique to one lease."""
    return f"{_machine()}/{os.getpid()}/{_started(os.getpid())}/{uuid.uuid4().hex}"


def surely_dead(owner: str | None) -> bool:
    """Whether the process behind this token ran on this machine and has ended.

    Answers False for other machines and containers, whose leases lapse with time.
    """
    if not owner:
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


def _started(pid: int) -> str:
    """When this process started, in clock ticks since boot (proc(5), field 22); empty when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
