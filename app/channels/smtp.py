"""Mail by SMTP to one server: a pool of connections kept open, which all batches share."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic

import structlog

from app.channels.base import Message, Outcome, Result, Unreachable
from app.channels.smtp_batch import WITHDRAWN, Batch, Parcel
from app.channels.smtp_connection import SmtpConnection
from app.channels.smtp_lane import Lane
from app.channels.smtp_mail import Mail, mail_of
from app.channels.smtp_outage import Outage
from app.channels.smtp_server import SmtpServer
from app.errors import InvalidInput

IDLE_SECONDS = 60.0
"""A connection unused for longer is not trusted any more; most servers drop it after minutes."""

log = structlog.get_logger(__name__)


class SmtpChannel:
    """Hands mail to one server over at most `server.connections` connections of this process.

    `offer` is asked right before a message's content leaves, and may withdraw it; `accepted` is told its id at the
    server's 250, before anything else happens; `turn` does the one for the mail taken last and the other for the next
    at once. After a failure one connection alone tries the server until it answers
    for a mail.
    """

    notes_offers = True

    def __init__(
        self,
        server: SmtpServer,
        *,
        accepted: Callable[[str], None] | None = None,
        offer: Callable[[str], bool] | None = None,
        turn: Callable[[str, str], bool] | None = None,
    ) -> None:
        self.server = server
        self._accepted = accepted
        self._offer = offer
        self._turn = turn
        self._taken = Outcome(result=Result.ACCEPTED, server=server.name)
        self._queue: deque[Parcel] = deque()
        self._lanes: set[Lane] = set()
        self._resting: deque[tuple[Lane, float]] = deque()
        self._leaving: dict[Lane, asyncio.Future[None]] = {}
        self._knocking: set[asyncio.Task[None]] = set()
        self._kicked = False
        self._outage = Outage()

    @property
    def at_once(self) -> int:
        """Mails under way at the same time at most."""
        return self.server.connections

    @property
    def open(self) -> bool:
        """Whether a mail can be handed over now."""
        return bool(self._lanes) and not self._outage.shut

    @property
    def unproven(self) -> bool:
        """Whether it has failed and not answered for a mail since."""
        return self._outage.unproven

    @property
    def away(self) -> Unreachable | None:
        """Why the server is left alone just now, when it is."""
        return self._outage.unreachable if self._outage.resting and not self.open else None

    def probe(self) -> None:
        """See in the background whether the server can be used, unless that is known or the pause is not over."""
        if not self._lanes and not self._knocking and not self._outage.resting:
            self._knock()

    async def ready(self) -> None:
        """Return when a connection is open. After a failure nobody knocks again until the pause is over."""
        self._drop_stale()
        while not self.open:
            if (away := self.away) is not None:
                raise away
            if not self._knocking:
                self._knock()
            await asyncio.wait(self._knocking, return_when=asyncio.FIRST_COMPLETED)

    async def send(self, batch: Sequence[Message]) -> list[Outcome]:
        """Hand over a batch across the pool; what could not be offered at all comes back `untouched`."""
        job = Batch(batch)
        self._queue.extend(job.parcels(batch))
        self._kick()
        try:
            await job.finished
        finally:
            job.withdrawn = True
        return job.outcomes

    async def close(self) -> None:
        """Say goodbye on every connection that rests."""
        for task in self._knocking:
            task.cancel()
        for lane, _ in self._resting:
            if lane.alive:
                self._leaving[lane] = asyncio.get_running_loop().create_future()
                lane.leave()
        self._resting.clear()
        await asyncio.gather(*self._leaving.values())

    # What a lane asks and tells.

    def take(self, connection: SmtpConnection) -> tuple[Parcel, Mail] | None:
        """The next mail that this connection's server can take; what can never be sent is settled on the way."""
        while self._queue:
            parcel = self._queue.popleft()
            if parcel.batch.withdrawn:
                parcel.settle(WITHDRAWN)
                continue
            try:
                mail = mail_of(parcel.message)
                words = mail.unfit_for(connection)
            except InvalidInput as problem:
                words = problem.detail
            except Exception as problem:
                # Whatever it is, everybody who waits for this batch would wait for ever.
                log.exception("a mail cannot be put together", delivery=parcel.message.id)
                words = f"The mail could not be put together: {problem}"
            if not words:
                return parcel, mail
            parcel.settle(Outcome(result=Result.PERMANENT, words=words, server=self.server.name))
        return None

    def offer(self, parcel: Parcel, taken: Parcel | None = None) -> bool:
        """Whether its content may leave. One that is withdrawn takes the rest of its batch along."""
        if taken is None:
            go = not parcel.batch.withdrawn and (self._offer is None or self._offer(parcel.message.id))
        elif parcel.batch.withdrawn or self._turn is None:
            self.taken(taken)
            return self.offer(parcel)
        else:
            try:
                go = self._turn(taken.message.id, parcel.message.id)
            finally:
                taken.settle(self._taken)
                self._answered()
        if go:
            return True
        parcel.batch.withdrawn = True
        parcel.settle(WITHDRAWN)
        return False

    def taken(self, parcel: Parcel) -> None:
        """Journal it first."""
        try:
            if self._accepted is not None:
                self._accepted(parcel.message.id)
        finally:
            parcel.settle(self._taken)
        self._answered()

    def settle(self, parcel: Parcel, outcome: Outcome, *, answered: bool) -> None:
        """Anything but acceptance."""
        parcel.settle(outcome)
        if answered:
            self._answered()

    def hand_back(self, parcel: Parcel) -> None:
        """First in the queue again."""
        self._queue.appendleft(parcel)

    def refuses_everything(self, words: str, *, surely: bool) -> None:
        """Everything that waits comes back untouched, to go by another server or later."""
        self._outage.failed(f"The mail server at {self.server.place} {words}")
        if surely or len(self._lanes) <= 1:
            self._return_queue()

    def is_silent(self, seconds: float) -> bool:
        """Whether no mail has been answered for so long, over any connection."""
        return self._outage.silent_for(seconds)

    def rests(self, lane: Lane) -> None:
        """Last in, first out, so that few connections stay warm."""
        self._resting.append((lane, monotonic()))

    def gone(self, lane: Lane) -> None:
        """What waits needs another connection."""
        self._lanes.discard(lane)
        if (left := self._leaving.pop(lane, None)) is not None and not left.done():
            left.set_result(None)
        if self._queue:
            self._kick_soon()

    # The pool.

    def _kick_soon(self) -> None:
        if not self._kicked:
            self._kicked = True
            asyncio.get_running_loop().call_soon(self._kick)

    def _kick(self) -> None:
        """Put whoever rests to work, and open as many connections as the queue can use."""
        self._kicked = False
        self._drop_stale()
        while self._queue and self._resting:
            lane = self._resting.pop()[0]
            if lane.alive:
                lane.work()
        if not self._queue:
            return
        if self._outage.resting:
            if not self._lanes and not self._knocking:
                self._return_queue()
            return
        most = 1 if self.unproven else self.server.connections
        for _ in range(min(len(self._queue), most - len(self._lanes) - len(self._knocking))):
            self._knock()

    def _knock(self) -> None:
        task = asyncio.create_task(self._open())
        self._knocking.add(task)
        task.add_done_callback(self._knocked)

    def _knocked(self, task: asyncio.Task[None]) -> None:
        self._knocking.discard(task)
        if self._queue and not self._knocking and not self._lanes:
            self._kick()

    async def _open(self) -> None:
        try:
            connection = await self.server.connect()
        except Unreachable as problem:
            self._outage.failed(problem.detail)
            return
        lane = Lane(connection, self.server, self)
        self._lanes.add(lane)
        lane.work()

    def _drop_stale(self) -> None:
        while self._resting and (not self._resting[0][0].alive or monotonic() - self._resting[0][1] > IDLE_SECONDS):
            lane = self._resting.popleft()[0]
            lane.leave()

    def _answered(self) -> None:
        """The server has answered for a mail; after an outage more connections may be opened."""
        if self._outage.answered():
            self._kick_soon()

    def _return_queue(self) -> None:
        self._outage.shut_down()
        untouched = Outcome(result=Result.UNTOUCHED, words=self._outage.words, server=self.server.name)
        while self._queue:
            parcel = self._queue.popleft()
            parcel.settle(WITHDRAWN if parcel.batch.withdrawn else untouched)
