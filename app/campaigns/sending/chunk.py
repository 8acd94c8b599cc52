"""Sending one chunk: the inner loop of a campaign.

Each micro-batch asks who may be written to and who may go now, notes in the chunk whom it is about to hand over, which
renews the lease with the same write, hands over, and inserts the deliveries with what came of them. A process that dies
in between leaves that note behind, which whoever takes the chunk next settles (`app.campaigns.sending.settling`): never
a second message unless the campaign asks for it.

The note is one write for hundreds of messages. To insert each delivery before its hand-over and to update it after
would cost the database three times as much, because every updated document is a write of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from bson import ObjectId
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from app.campaigns import pacing
from app.campaigns.audience.contact import Verdict, judge
from app.campaigns.record import signals
from app.campaigns.record.progress import publish_hint
from app.campaigns.sending import ledger, settling
from app.campaigns.sending.chunk_in_hand import ChunkInHand
from app.campaigns.sending.claims import Claim, compose_all, decide, fields_for
from app.campaigns.sending.handover import hand_over
from app.campaigns.sending.leases import Lease, lapsed_chunks, take_lease
from app.campaigns.sending.outcomes import write_outcomes
from app.campaigns.sending.watch import Watched, watching
from app.channels.acceptances import journal
from app.channels.base import Channel, Message, Outcome, Result, Unreachable
from app.channels.ways_out import acceptances_folder, channel_for
from models.campaign import CampaignState
from models.values import now

TURN_SECONDS = 10.0
"""How long a throttled campaign keeps a worker's hand at least before others get their turn, and at most twice as
long, so that not all hands are given back at once."""

LAPSED_SECONDS = 0.5
"""How often a process looks for chunks whose holder has died."""

RENEW_SECONDS = 1.0
LONGEST_WAIT = 1.0
LONGEST_REST = timedelta(seconds=60)
"""How long a chunk rests at most under a limit, in case that limit is changed meanwhile."""

log = structlog.get_logger(__name__)


class Draining:
    """Set when this process is to end: every chunk is given back after the micro-batch under way."""

    asked = False


async def send_chunk(chunk_id: str) -> None:
    """Work on a chunk until it is done, its campaign stops, or nothing more can be done now.

    Delivery guarantee: each customer is handed over at most once per try, and tried again only when the channel says
    that nothing was taken, or when nobody can say and the campaign prefers a second copy to none (`ambiguity`).
    Running it twice, or twice at once, does nothing more.
    """
    # The people of a sender that died have waited already; behind the chunks in line they would wait for all of them.
    campaign_id = ObjectId(chunk_id.partition(":")[0])
    if _time_to_look(campaign_id):
        for lapsed in await lapsed_chunks(campaign_id, now()):
            if await _send(lapsed):
                break
    await _send(chunk_id)


_looked: dict[ObjectId, float] = {}


def _time_to_look(campaign_id: ObjectId) -> bool:
    """Whether this process has not looked for lapsed chunks of the campaign within `LAPSED_SECONDS`."""
    moment = time.monotonic()
    if moment - _looked.get(campaign_id, float("-inf")) < LAPSED_SECONDS:
        return False
    if len(_looked) > 1_000:
        _looked.clear()
    _looked[campaign_id] = moment
    return True


async def _send(chunk_id: str) -> bool:
    """False when somebody else has the chunk, or it is not due."""
    lease = await take_lease(chunk_id)
    if lease is None:
        return False
    journal(acceptances_folder()).begin()
    settling.begin(lease.owner)
    try:
        sending = None
        async with watching(lease.campaign_id) as watched:
            if watched is None:
                await lease.finish({})
            else:
                sending = _Sending(lease, watched)
                await sending.work()
        if sending is not None:
            await sending.left()
    except asyncio.CancelledError:
        with contextlib.suppress(PyMongoError):
            await lease.lapse()
        raise
    except BaseException:
        settling.end(lease.owner)
        with contextlib.suppress(PyMongoError):
            await lease.lapse()
        raise
    settling.end(lease.owner)
    return True


class _Sending(ChunkInHand):
    """A leased chunk and what is known of it.

    `later` holds those whose domain has no room now, until when; nobody sleeps on them.
    """

    def __init__(self, lease: Lease, watched: Watched) -> None:
        super().__init__(lease, watched)
        self.resting: dict[str, datetime] = {}
        self.since = time.monotonic()
        self.turn = TURN_SECONDS * random.uniform(1, 2)

    async def work(self) -> None:
        """Settle what was left behind, then micro-batch after micro-batch."""
        await self._go_through()
        if not self.held:
            log.warning("lease lost", chunk=self.lease.chunk_id)
            await ledger.derive_tally(self.lease.campaign_id, self.lease.n)

    async def _go_through(self) -> None:
        await self.read_ledger()
        while await self._may_go_on():
            if not self.todo:
                await self.close()
                return
            try:
                rest = await self._micro_batch()
            except Unreachable as problem:
                await self._server_away(problem)
                return
            except RedisError:
                # Without the shared limits nobody may send; the chunk waits until they are back.
                await self.give_back(now() + timedelta(seconds=1))
                return
            if rest is not None:
                await self.give_back(rest)
                return

    async def _may_go_on(self) -> bool:
        """Whether the chunk is still ours and the campaign still runs; give the chunk back if it does not.

        Each claim renews the lease, so that this has to only while nothing is claimed.
        """
        if self.held and time.monotonic() - self.told > RENEW_SECONDS:
            await self.tell(self.lease.renew)
        if not self.held:
            return False
        await publish_hint(self.lease.campaign_id)
        state = self.campaign["state"]
        if state == CampaignState.CANCELLED:
            await ledger.cancel_deferred(self.rows.values())
            self.recount()
            await self.tell(self.lease.finish)
            return False
        turn_over = self.campaign.get("throttle_per_second") and time.monotonic() - self.since > self.turn
        if state != CampaignState.RUNNING or Draining.asked or (turn_over and self.todo):
            await self.give_back()
            if turn_over:
                await signals.wake()
            return False
        return True

    async def _micro_batch(self) -> datetime | None:
        """Deal with the next few. The time until which the chunk should rest, when a limit is used up for long."""
        size = min(pacing.useful(self.campaign, self.watched.batch), len(self.todo))
        batch = [self.todo.popleft() for _ in range(size)]
        fields = fields_for(self.campaign)
        verdicts = await judge(batch, self.campaign["channel"], fields, neighbours=self.watched.broad)
        settled, sendable = decide(self.campaign, verdicts, self.rows)
        channel = channel_for(self.campaign)
        rest: datetime | None = None
        going: list[Verdict] = []
        if sendable:
            await channel.ready()
            going, rest = await self._allowed(sendable)
        if settled or going:
            await self._deal_with(channel, settled, going)
        return rest

    async def _allowed(self, sendable: Sequence[Verdict]) -> tuple[list[Verdict], datetime | None]:
        """Who may go now; the others are kept for later, or put back to the front after a short wait."""
        asking = self._not_resting(sendable)
        if not asking:
            return [], None
        allowed = await pacing.allow(self.campaign, [verdict.domain for verdict in asking])
        if len(allowed.go) == len(asking):
            return asking, None
        for position, moment in allowed.later.items():
            self.later[asking[position].customer_id] = moment
            self.resting[asking[position].domain] = moment
        decided = {*allowed.go, *allowed.later}
        if len(decided) < len(asking):
            waiting = [verdict.customer_id for place, verdict in enumerate(asking) if place not in decided]
            self.todo.extendleft(reversed(waiting))
            if not allowed.go and allowed.until is not None:
                await pacing.note_limit(self.lease.campaign_id, allowed.reason, allowed.until)
                return [], min(allowed.until, now() + LONGEST_REST)
            if not allowed.go and not allowed.later:
                await asyncio.sleep(min(allowed.wait, LONGEST_WAIT))
        return [asking[position] for position in allowed.go], None

    def _not_resting(self, sendable: Sequence[Verdict]) -> list[Verdict]:
        """Those whose domain has room as far as is known; the others come with this chunk's turn at their domain."""
        if not self.resting:
            return list(sendable)
        for verdict in sendable:
            if verdict.domain in self.resting:
                self.later[verdict.customer_id] = self.resting[verdict.domain]
        return [verdict for verdict in sendable if verdict.domain not in self.resting]

    async def _deal_with(self, channel: Channel, settled: Sequence[Claim], going: Sequence[Verdict]) -> None:
        """Claim, hand over, note what came of it, and give back what was allowed and not used."""
        composed = compose_all(self.campaign, going)
        offered = [claim for claim in composed if claim.message is not None]
        begun = now()
        try:
            messages = [claim.message for claim in offered if claim.message is not None]
            if messages and await self._claimed(messages):
                answers = await hand_over(self.lease, self.watched, journal(acceptances_folder()), channel, messages)
                for claim, answer in zip(offered, answers, strict=True):
                    claim.outcome = answer
            if not await write_outcomes(self.lease, self.campaign, [*settled, *composed], self.rows, begun):
                self.sure = False
            self.recount()
        finally:
            await self._learn(composed)
        await self._mind_the_server(offered)

    async def _claimed(self, messages: Sequence[Message]) -> bool:
        """Whether these are ours to hand over: noted in the chunk, under the lease, while the campaign runs."""
        ids = [message.customer_id for message in messages if message.customer_id is not None]
        return await self.tell(lambda tally: self.lease.claim(ids, tally)) and self.watched.running

    async def _learn(self, composed: Sequence[Claim]) -> None:
        """Tell the limits what was used of them and how that went."""
        used: list[str] = []
        answers: list[Outcome] = []
        unused: list[str] = []
        for claim in composed:
            outcome = claim.outcome
            if outcome is None or outcome.result is Result.UNTOUCHED:
                unused.append(claim.verdict.domain)
            else:
                used.append(claim.verdict.domain)
                answers.append(outcome)
        with contextlib.suppress(RedisError):
            if used:
                await pacing.learn(used, answers)
            if unused:
                await pacing.give_back(self.campaign, unused)

    async def _mind_the_server(self, offered: Sequence[Claim]) -> None:
        """An outage is over, or has begun; a server that only asks for a moment gets it."""
        answers = [claim.outcome for claim in offered if claim.outcome is not None]
        if self.campaign.get("waiting_reason") and any(answer.result is Result.ACCEPTED for answer in answers):
            self.campaign["waiting_reason"] = None
            await pacing.note_back(self.lease.campaign_id)
        untouched = [claim for claim in offered if claim.outcome and claim.outcome.result is Result.UNTOUCHED]
        if not untouched:
            return
        self.todo.extendleft(claim.verdict.customer_id for claim in reversed(untouched))
        told = [claim.outcome for claim in untouched if claim.outcome is not None]
        away = next((answer for answer in told if answer.words and not answer.slow_down), None)
        if away is not None:
            raise Unreachable(away.words)

    async def _server_away(self, problem: Unreachable) -> None:
        """Nothing is marked: the chunk waits, and the campaign says why."""
        due = now() + timedelta(seconds=problem.retry_in)
        attempts = self.lease.attempts + 1
        await self.tell(lambda tally: self.lease.keep_waiting(tally, next_at=due, attempts=attempts))
        if self.watched.running:
            await pacing.note_away(self.lease.campaign_id, problem.detail)
