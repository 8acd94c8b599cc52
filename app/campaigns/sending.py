"""Sending one chunk: the inner loop of a campaign.

Each micro-batch renews the lease, reads whether the campaign still runs and who may be written to, notes `sending`,
hands over, and notes what came of it. A process that dies in between leaves `sending` rows behind, which whoever takes
the chunk next turns into `unknown`: never a second message.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog
from bson import ObjectId
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from app.campaigns import ledger, signals
from app.campaigns.claims import Claim, claim
from app.campaigns.contact import held_out, judge
from app.campaigns.leases import Lease, take_lease
from app.campaigns.outage import note_away, note_back
from app.campaigns.outcomes import write_outcomes
from app.campaigns.progress import publish_hint
from app.campaigns.throttle import take_tokens
from app.channels.base import Channel, Message, Outcome, Result, Unreachable
from app.channels.ways_out import acceptances_folder, channel_for
from app.database import collection
from models.campaign import CampaignState
from models.delivery import DeliveryState as State
from models.values import now

MICRO_BATCH = 50
RENEW_SECONDS = 20.0
"""How often the lease is renewed while a slow server takes its time over one micro-batch."""

TURN_SECONDS = 10.0
"""How long a throttled campaign keeps a worker's hand before others get their turn."""

LONGEST_WAIT = 1.0

log = structlog.get_logger(__name__)


class Draining:
    """Set when this process is to end: every chunk is given back after the micro-batch under way."""

    asked = False


async def send_chunk(chunk_id: str) -> None:
    """Work on a chunk until it is done, its campaign stops, or nothing more can be done now.

    Delivery guarantee: each customer is handed over at most once per try, and tried again only when the channel says
    that nothing was taken. Running it twice, or twice at once, does nothing more.
    """
    lease = await take_lease(chunk_id)
    if lease is None:
        return
    campaign = await collection("campaigns").find_one({"_id": lease.campaign_id})
    if campaign is None:
        await lease.finish({})
        return
    try:
        await _Chunk(lease, campaign).work()
    except BaseException:
        with contextlib.suppress(PyMongoError):
            await lease.lapse()
        raise


class _Chunk:
    """A leased chunk and what is known of it."""

    def __init__(self, lease: Lease, campaign: Mapping[str, Any]) -> None:
        self.lease = lease
        self.campaign = dict(campaign)
        self.rows: dict[ObjectId, ledger.Row] = {}
        self.tally: Counter[str] = Counter()
        self.todo: deque[ObjectId] = deque()
        self.since = time.monotonic()

    async def work(self) -> None:
        """Settle what was left behind, then micro-batch after micro-batch."""
        await self._read_ledger()
        while await self._may_go_on():
            if not self.todo:
                await self._close()
                return
            try:
                await self._micro_batch()
            except Unreachable as problem:
                await self._server_away(problem)
                return
            except RedisError:
                # Without the shared bucket nobody may send; the chunk waits until it is back.
                await self.lease.keep_waiting(self.tally, next_at=now() + timedelta(seconds=1))
                return

    async def _read_ledger(self) -> None:
        self.rows = await ledger.read_rows(self.lease.campaign_id, self.lease.customer_ids)
        await ledger.settle_lost(self.rows.values(), acceptances_folder())
        if self.lease.retry:
            await ledger.make_due(self.rows.values(), self.lease.retry)
            await self.lease.retry_done()
        self._recount()
        moment = now()
        self.todo = deque(
            customer
            for customer in self.lease.customer_ids
            if customer not in self.rows or _is_due(self.rows[customer], moment)
        )

    async def _may_go_on(self) -> bool:
        """Renew the lease and look whether the campaign still runs; give the chunk back if it does not."""
        fields = {"state": 1, "throttle_per_second": 1, "waiting_reason": 1}
        held, campaign = await asyncio.gather(
            self.lease.renew(self.tally),
            collection("campaigns").find_one({"_id": self.lease.campaign_id}, fields),
        )
        if not held:
            log.warning("lease lost", chunk=self.lease.chunk_id)
            return False
        await publish_hint(self.lease.campaign_id)
        self.campaign.update(campaign or {"state": CampaignState.CANCELLED})
        state = self.campaign["state"]
        if state == CampaignState.CANCELLED:
            await ledger.cancel_deferred(self.rows.values())
            self._recount()
            await self.lease.finish(self.tally)
            return False
        turn_over = self.campaign.get("throttle_per_second") and time.monotonic() - self.since > TURN_SECONDS
        if state != CampaignState.RUNNING or Draining.asked or (turn_over and self.todo):
            await self._give_back()
            return False
        return True

    async def _micro_batch(self) -> None:
        rate = self.campaign.get("throttle_per_second")
        size = min(MICRO_BATCH, max(1, rate)) if rate else MICRO_BATCH
        batch = [self.todo.popleft() for _ in range(min(size, len(self.todo)))]
        claims = self._decide(await judge(batch))
        sendable = [decision for decision in claims if decision.message is not None]
        if sendable:
            channel = channel_for(self.campaign)
            await channel.ready()
            if rate:
                sendable = sendable[: await self._tokens(rate, len(sendable))]
        chosen = {decision.customer_id for decision in sendable}
        settled = [decision for decision in claims if decision.message is None or decision.customer_id in chosen]
        self.todo.extendleft(
            decision.customer_id
            for decision in reversed(claims)
            if decision.message is not None and decision.customer_id not in chosen
        )
        claimed = await claim(self.campaign, self.lease, settled, self.rows)
        messages = [
            decision.message for decision in sendable if decision.message is not None and decision.message.id in claimed
        ]
        if messages:
            await self._note(messages, await self._hand_over(channel, messages))
        self._recount()

    def _decide(self, verdicts: Sequence[Any]) -> list[Claim]:
        percent = self.campaign.get("holdout_percent") or 0
        decided = []
        for verdict in verdicts:
            # Who has been written to before is no part of the holdout.
            apart = (
                verdict.state is None
                and verdict.customer_id not in self.rows
                and held_out(self.lease.campaign_id, verdict.customer_id, percent)
            )
            decided.append(Claim.of(self.campaign, verdict, held_out=apart))
        return decided

    async def _tokens(self, rate: int, want: int) -> int:
        """How many may go now, waiting up to a second for the first."""
        grant = await take_tokens(self.lease.campaign_id, rate, want)
        if grant.tokens == 0:
            await asyncio.sleep(min(grant.wait, LONGEST_WAIT))
            grant = await take_tokens(self.lease.campaign_id, rate, want)
        return grant.tokens

    async def _hand_over(self, channel: Channel, messages: Sequence[Message]) -> list[Outcome]:
        """Send, keeping the lease alive however long it takes."""
        sending = asyncio.ensure_future(channel.send(messages))
        while not (await asyncio.wait({sending}, timeout=RENEW_SECONDS))[0]:
            with contextlib.suppress(PyMongoError):
                await self.lease.renew(self.tally)
        return sending.result()

    async def _note(self, messages: Sequence[Message], outcomes: Sequence[Outcome]) -> None:
        await write_outcomes(self.lease, messages, outcomes, self.rows)
        if any(outcome.result is Result.ACCEPTED for outcome in outcomes) and self.campaign.get("waiting_reason"):
            self.campaign["waiting_reason"] = None
            await note_back(self.lease.campaign_id)
        away = next((outcome for outcome in outcomes if outcome.result is Result.UNTOUCHED), None)
        if away is not None:
            self._recount()
            raise Unreachable(away.words)

    async def _server_away(self, problem: Unreachable) -> None:
        """Nothing is marked: the chunk waits, and the campaign says why."""
        due = now() + timedelta(seconds=problem.retry_in)
        await self.lease.keep_waiting(self.tally, next_at=due, attempts=self.lease.attempts + 1)
        await note_away(self.lease.campaign_id, problem.detail)

    async def _close(self) -> None:
        """Everybody has been dealt with for now: done, or waiting for the earliest retry. Judged by the ledger."""
        self.rows = await ledger.read_rows(self.lease.campaign_id, self.lease.customer_ids)
        self._recount()
        open_customers = [customer for customer in self.lease.customer_ids if not self._is_final(customer)]
        if not open_customers:
            await self.lease.finish(self.tally)
            await self._wake_if_last()
        else:
            times = [self.rows[customer].get("next_at") for customer in open_customers if customer in self.rows]
            known = [moment for moment in times if moment is not None]
            all_known = len(known) == len(open_customers)
            await self.lease.keep_waiting(self.tally, next_at=min(known) if all_known and known else None)
        await publish_hint(self.lease.campaign_id)

    async def _wake_if_last(self) -> None:
        """The last chunk of a campaign need not wait for the next tick to be noticed."""
        undone = {"campaign_id": self.lease.campaign_id, "state": {"$in": ["waiting", "leased"]}}
        if await collection("chunks").find_one(undone, {"_id": 1}) is None:
            await signals.wake()

    async def _give_back(self) -> None:
        await self.lease.keep_waiting(self.tally)
        await publish_hint(self.lease.campaign_id)

    def _is_final(self, customer: ObjectId) -> bool:
        return customer in self.rows and self.rows[customer]["state"] in ledger.TALLIED

    def _recount(self) -> None:
        self.tally = ledger.tally_of(row["state"] for row in self.rows.values())


def _is_due(row: ledger.Row, moment: Any) -> bool:
    return row["state"] == State.DEFERRED and (row.get("next_at") is None or row["next_at"] <= moment)
