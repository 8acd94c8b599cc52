"""The answer to "who may go now"."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """`go` and the keys of `later` are positions in the list of domains that was asked about.

    Who is in `go` may be handed over now. Who is in `later` waits for the domain alone: deferred without a try until
    that time, never slept on. Everybody else waits for a limit of the campaign or the installation: ask again in `wait`
    seconds (0 when nobody waits so). A long wait has `until`: give the chunk back and come again then; `reason` says
    why in words for the campaign's page.
    """

    go: tuple[int, ...] = ()
    later: dict[int, datetime] = field(default_factory=dict)
    wait: float = 0.0
    until: datetime | None = None
    reason: str = ""
