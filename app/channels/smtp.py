"""Mail by SMTP: a pool of connections kept open, each used by one message at a time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence

from app.channels.addresses import sender_parts, wire_address
from app.channels.base import Message, Outcome, Result, Unreachable
from app.channels.mime import is_utf8_mail, mime_bytes
from app.channels.smtp_connection import SmtpConnection
from app.channels.smtp_server import SmtpServer
from app.channels.smtp_transaction import Mail, NothingTaken, SignInWanted, transact
from app.errors import InvalidInput

CONNECTIONS = 8
IDLE_SECONDS = 60.0
"""A connection unused for longer is not trusted any more; most servers drop it after minutes."""

FIRST_RETRY_SECONDS = 1.0
LAST_RETRY_SECONDS = 30.0


class SmtpChannel:
    """Hands mail to one server over at most `CONNECTIONS` connections of this process.

    `accepted` is called with a message's id at the server's 250, before anything else happens.
    """

    def __init__(self, server: SmtpServer, *, accepted: Callable[[str], None] | None = None) -> None:
        self._server = server
        self._accepted = accepted
        self._free = asyncio.Semaphore(CONNECTIONS)
        self._idle: deque[tuple[SmtpConnection, float]] = deque()
        self._busy = 0
        self._connecting = asyncio.Lock()
        self._failures = 0
        self._away_until = 0.0
        self._away = ""

    async def ready(self) -> None:
        """Return when a connection is open. After a failure nobody knocks again until the pause is over."""
        if self._busy or self._live_idle():
            return
        self._give(await self._take())

    async def send(self, batch: Sequence[Message]) -> list[Outcome]:
        """Hand over a batch across the pool; what could not be offered at all comes back `untouched`."""
        outcomes: list[Outcome | None] = [None] * len(batch)
        todo = deque(range(len(batch)))

        async def lane() -> None:
            while todo:
                async with self._free:
                    if not todo:
                        return
                    place = todo.popleft()
                    try:
                        outcomes[place] = await self._deliver(batch[place])
                    except Unreachable as problem:
                        untouched = Outcome(result=Result.UNTOUCHED, words=problem.detail)
                        for waiting in (place, *todo):
                            outcomes[waiting] = untouched
                        todo.clear()

        await asyncio.gather(*(lane() for _ in range(min(CONNECTIONS, len(batch)))))
        return [outcome or Outcome(result=Result.UNTOUCHED, words=self._away) for outcome in outcomes]

    async def close(self) -> None:
        """Say goodbye on every idle connection."""
        idle, self._idle = list(self._idle), deque()
        await asyncio.gather(*(connection.goodbye() for connection, _ in idle))

    async def _deliver(self, message: Message) -> Outcome:
        try:
            mail = Mail(
                sender=sender_parts(message.sender)[1],
                recipient=wire_address(message.recipient),
                content=mime_bytes(message),
                utf8=is_utf8_mail(message),
            )
        except (InvalidInput, ValueError) as problem:
            return Outcome(result=Result.PERMANENT, words=str(problem))
        while True:
            used = bool(self._live_idle())
            connection = await self._take()
            try:
                outcome = await transact(connection, mail, self._server.place)
                if outcome.result is Result.ACCEPTED and self._accepted is not None:
                    self._accepted(message.id)
            except NothingTaken:
                # A server may drop a connection it finds idle; only a fresh one that breaks says something.
                if used:
                    continue
                words = f"The connection to {self._server.place} broke before the message was handed over."
                return Outcome(result=Result.TEMPORARY, words=words)
            except SignInWanted as wanted:
                words = f"The mail server at {self._server.place} wants another sign-in: {wanted.words}"
                raise self._failed(words) from wanted
            finally:
                self._give(connection)
            return outcome

    def _live_idle(self) -> bool:
        """Whether an idle connection can be used; drops those that broke or rested too long."""
        while self._idle:
            connection, since = self._idle[-1]
            if connection.alive and time.monotonic() - since < IDLE_SECONDS:
                return True
            self._idle.pop()
            connection.close()
        return False

    async def _take(self) -> SmtpConnection:
        self._busy += 1
        try:
            if self._live_idle():
                return self._idle.pop()[0]
            if not self._failures:
                return await self._connect()
            async with self._connecting:
                return self._idle.pop()[0] if self._live_idle() else await self._connect()
        except BaseException:
            self._busy -= 1
            raise

    def _give(self, connection: SmtpConnection) -> None:
        self._busy -= 1
        if connection.alive:
            self._idle.append((connection, time.monotonic()))

    async def _connect(self) -> SmtpConnection:
        if time.monotonic() < self._away_until:
            raise Unreachable(self._away, retry_in=self._away_until - time.monotonic())
        try:
            connection = await self._server.connect()
        except Unreachable as problem:
            raise self._failed(problem.detail) from problem
        self._failures = 0
        return connection

    def _failed(self, words: str) -> Unreachable:
        """Remember that the server is away: 1 s after the first failure, doubling up to 30 s."""
        pause = min(FIRST_RETRY_SECONDS * 2**self._failures, LAST_RETRY_SECONDS)
        if time.monotonic() >= self._away_until:
            self._failures = min(self._failures + 1, 16)
            self._away_until = time.monotonic() + pause
        self._away = words
        return Unreachable(words, retry_in=max(self._away_until - time.monotonic(), 0.05))
