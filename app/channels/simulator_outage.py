"""The simulated vendor's outage: one for each campaign, seen alike by every process."""

from __future__ import annotations

import time

import structlog
from redis.exceptions import RedisError

from app.campaigns.record.signals import signals
from app.channels.base import Unreachable
from models.campaign_plan import Simulation

KEPT_SECONDS = 7 * 24 * 3600
LONGEST_PAUSE = 5.0

log = structlog.get_logger(__name__)


class Outage:
    """From the message numbered `outage_after` on, the vendor is away for `outage_seconds`; after that never again.

    The count and the beginning are in Redis. While Redis is away each process goes by what it has seen itself.
    """

    def __init__(self, simulation: Simulation, campaign_id: str) -> None:
        self._after = simulation.outage_after if simulation.outage_seconds > 0 else None
        self._seconds = simulation.outage_seconds
        self._count_key = f"cohort:simulator:{campaign_id}:messages"
        self._began_key = f"cohort:simulator:{campaign_id}:away"
        self._seen = 0
        self._began: float | None = None

    async def check(self) -> None:
        """Raise Unreachable while the vendor is away."""
        if self._after is None or self._is_over():
            return
        if self._began is None:
            self._began = await self._shared_beginning()
        if self._began is not None and not self._is_over():
            left = self._began + self._seconds - time.time()
            raise Unreachable(self.words, retry_in=min(max(left, 0.05), LONGEST_PAUSE))

    async def room(self, messages: int) -> int:
        """Count these messages; how many of them come before the outage, or all of them after it."""
        if self._after is None or self._is_over():
            return messages
        before = await self._counted(messages)
        if before + messages <= self._after:
            return messages
        await self._begin()
        return messages if self._is_over() else max(0, self._after - before)

    @property
    def words(self) -> str:
        """Why nothing can be handed over now."""
        return f"The simulated vendor cannot be reached: its outage of {self._seconds:g} s is not over."

    def _is_over(self) -> bool:
        return self._began is not None and time.time() >= self._began + self._seconds

    async def _counted(self, messages: int) -> int:
        """How many messages came before these."""
        self._seen += messages
        try:
            async with signals().pipeline(transaction=False) as pipe:
                pipe.incrby(self._count_key, messages)
                pipe.expire(self._count_key, KEPT_SECONDS)
                total, _ = await pipe.execute()
            return int(total) - messages
        except (RedisError, OSError) as problem:
            log.debug("outage counted by this process alone", problem=str(problem))
            return self._seen - messages

    async def _begin(self) -> None:
        """Now, unless another process said so before."""
        if self._began is not None:
            return
        moment = time.time()
        try:
            await signals().set(self._began_key, repr(moment), nx=True, ex=KEPT_SECONDS)
        except (RedisError, OSError) as problem:
            log.debug("outage begun by this process alone", problem=str(problem))
        self._began = await self._shared_beginning() or moment

    async def _shared_beginning(self) -> float | None:
        try:
            said = await signals().get(self._began_key)
            return float(said) if said else None
        except (RedisError, OSError, ValueError):
            return None
