"""A chunk under a lease: who is to be dealt with, what the ledger says of them, and how it is given back."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from app.campaigns.record import signals
from app.campaigns.record.progress import publish_hint
from app.campaigns.sending import ledger, settling
from app.campaigns.sending.leases import Held, Lease
from app.campaigns.sending.watch import Watched
from app.channels.ways_out import acceptances_folder
from app.database import collection
from models.delivery import DeliveryState as State
from models.values import now

SHORTEST_REST = timedelta(milliseconds=250)


class ChunkInHand:
    """A leased chunk and what is known of it.

    `rows` are its deliveries, `todo` whom to deal with now; `later` holds those whose domain has no room, until when:
    nobody sleeps on them. `held` is False once the lease is lost, `sure` is False once the ledger said something else
    than `rows`; `told` is when the lease was last written; `finished` is True once nothing of it is left to do.
    """

    def __init__(self, lease: Lease, watched: Watched) -> None:
        self.lease = lease
        self.watched = watched
        self.rows: dict[ObjectId, ledger.Row] = {}
        self.tally: Counter[str] = Counter()
        self.todo: deque[ObjectId] = deque()
        self.later: dict[ObjectId, datetime] = {}
        self.told = time.monotonic()
        self.held = self.sure = True
        self.finished = False

    @property
    def campaign(self) -> dict[str, Any]:
        """The raw campaign, at most a quarter of a second old."""
        return self.watched.campaign

    async def read_ledger(self) -> None:
        """Settle what an earlier holder left, make due what is to be tried again, and see who is left to do."""
        if self.lease.touched:
            self.rows = await ledger.read_rows(self.lease.campaign_id, self.lease.customer_ids)
        await settling.settle_left(self.lease, self.campaign, self.rows, acceptances_folder())
        if self.lease.retry:
            await ledger.make_due(self.rows.values(), self.lease.retry)
            await self.lease.retry_done()
        self.recount()
        moment = now()
        self.todo = deque(
            customer
            for customer in self.lease.customer_ids
            if customer not in self.rows or _is_due(self.rows[customer], moment)
        )

    async def close(self) -> None:
        """Everybody has been dealt with for now: done, or waiting for the earliest retry. In doubt the ledger says."""
        if not self.sure or self.tally.total() < len(self.lease.customer_ids):
            await self.read_again()
        done = self.tally.total() == len(self.lease.customer_ids)
        open_customers = [] if done else [id for id in self.lease.customer_ids if not self._is_final(id)]
        if not open_customers:
            self.finished = await self.tell(self.lease.finish)
            if self.campaign.get("throttle_per_second"):
                # Few of its chunks are in line, so the next one is due now.
                await signals.wake()
        else:
            times = [self._due_at(customer) for customer in open_customers]
            known = [moment for moment in times if moment is not None]
            next_at = max(min(known), now() + SHORTEST_REST) if len(known) == len(times) else None
            await self.give_back(next_at)
        await publish_hint(self.lease.campaign_id)

    def _due_at(self, customer: ObjectId) -> datetime | None:
        row = self.rows.get(customer)
        return self.later.get(customer) or (row.get("next_at") if row else None)

    async def left(self) -> None:
        """Call it when the chunk is no longer watched: the end of a campaign need not wait for the next tick.

        A process that has another chunk of it in hand will ask when that has ended.
        """
        if self.finished and not self.watched.users:
            undone = {"campaign_id": self.lease.campaign_id, "state": {"$in": ["waiting", "leased"]}}
            if await collection("chunks").find_one(undone, {"_id": 1}) is None:
                await signals.wake()

    async def give_back(self, next_at: datetime | None = None) -> None:
        """Let others go on, from `next_at` on or at once."""
        await self.tell(lambda tally: self.lease.keep_waiting(tally, next_at=next_at))
        await publish_hint(self.lease.campaign_id)

    async def tell(self, write: Callable[[Mapping[str, int]], Awaitable[Held]]) -> bool:
        """Write under the lease, with a tally that knows every change made by others. False when the lease is lost."""
        while (held := await write(self.tally)) is Held.MOVED:
            await self.read_again()
        self.held, self.told = held is Held.YES, time.monotonic()
        return self.held

    async def read_again(self) -> None:
        """The ledger as it is, between two micro-batches."""
        self.rows = await ledger.read_rows(self.lease.campaign_id, self.lease.customer_ids)
        self.recount()

    def _is_final(self, customer: ObjectId) -> bool:
        return customer in self.rows and self.rows[customer]["state"] in ledger.TALLIED

    def recount(self) -> None:
        """Derive the tally from the rows."""
        self.tally = ledger.tally_of(row["state"] for row in self.rows.values())


def _is_due(row: ledger.Row, moment: Any) -> bool:
    return row["state"] == State.DEFERRED and (row.get("next_at") is None or row["next_at"] <= moment)
