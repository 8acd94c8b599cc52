"""Where what is being done was asked for: a page, the API, the command line; and from which network address."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from models.audit_entry import Via


@dataclass(frozen=True)
class Origin:
    """The way and the address, which is empty on the command line."""

    via: Via
    address: str = ""


asked_from: ContextVar[Origin | None] = ContextVar("asked_from", default=None)
"""Set for each request of the API, in the task that handles it."""

_of_pages: list[Callable[[], str | None]] = []


def origin_of_pages(address: Callable[[], str | None]) -> None:
    """Let pages say from which address the event that is being handled came; None outside of one."""
    _of_pages[:] = [address]


def origin() -> Origin:
    """Of what is being done now."""
    known = asked_from.get()
    if known is not None:
        return known
    for address in _of_pages:
        found = address()
        if found is not None:
            return Origin("page", found)
    return Origin("command")
