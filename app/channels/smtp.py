"""Mail by SMTP: a pool of connections kept open, each used by one message at a time.

aiosmtplib does the connection, TLS and sign-in; the transaction is spelled out here, because what may be tried again
depends on whether the final dot had been written when a connection broke (RFC 5321 section 4.5.4.1).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections import deque
from collections.abc import Sequence

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException, SMTPResponseException, SMTPServerDisconnected, SMTPTimeoutError

from app.channels.addresses import sender_parts, wire_address
from app.channels.base import Message, Outcome, Result, Unreachable
from app.channels.mime import is_utf8_mail, mime_bytes
from app.channels.replies import SIGN_IN_CODES, outcome_of, words_of
from app.channels.smtp_server import SmtpServer
from app.errors import InvalidInput

CONNECTIONS = 8
IDLE_SECONDS = 60.0
"""A connection unused for longer is not trusted any more; most servers drop it after minutes."""

FIRST_RETRY_SECONDS = 1.0
LAST_RETRY_SECONDS = 30.0

_LEADING_DOT = re.compile(rb"(?m)^\.")
_CLOSING = 421


class _Lost(Exception):
    """The connection broke before the final dot: the server has taken nothing."""


class SmtpChannel:
    """Hands mail to one server over at most `CONNECTIONS` connections of this process."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._free = asyncio.Semaphore(CONNECTIONS)
        self._idle: deque[tuple[SMTP, float]] = deque()
        self._busy = 0
        self._connecting = asyncio.Lock()
        self._failures = 0
        self._away_until = 0.0
        self._away = ""

    async def ready(self) -> None:
        """Return when a connection is open. After a failure nobody knocks again until the pause is over."""
        if self._busy or self._live_idle():
            return
        client = await self._take()
        self._give(client)

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
        await asyncio.gather(*(_goodbye(client) for client, _ in idle))

    async def _deliver(self, message: Message) -> Outcome:
        try:
            content = mime_bytes(message)
            utf8 = is_utf8_mail(message)
            sender, recipient = sender_parts(message.sender)[1], wire_address(message.recipient)
        except (InvalidInput, ValueError) as problem:
            return Outcome(result=Result.PERMANENT, words=str(problem))
        while True:
            used = bool(self._live_idle())
            client = await self._take()
            try:
                outcome = await self._transaction(client, sender, recipient, content, utf8)
            except _Lost:
                # A server may drop a connection it finds idle; only a fresh one that breaks says something.
                if used:
                    continue
                words = f"The connection to {self._server.place} broke before the message was handed over."
                return Outcome(result=Result.TEMPORARY, words=words)
            finally:
                self._give(client)
            return outcome

    async def _transaction(self, client: SMTP, sender: str, recipient: str, content: bytes, utf8: bool) -> Outcome:
        if utf8 and not client.supports_extension("smtputf8"):
            words = "The mail server does not take addresses with letters outside ASCII (SMTPUTF8)."
            return Outcome(result=Result.PERMANENT, words=words)
        options = [b"SMTPUTF8"] if utf8 else []
        for command, good in (
            ([b"MAIL", f"FROM:<{sender}>".encode(), *options], (250,)),
            ([b"RCPT", f"TO:<{recipient}>".encode()], (250, 251)),
            ([b"DATA"], (354,)),
        ):
            try:
                reply = await client.execute_command(*command)
            except (SMTPServerDisconnected, SMTPTimeoutError, SMTPResponseException, OSError) as problem:
                client.close()
                raise _Lost from problem
            if reply.code in good:
                continue
            if reply.code == _CLOSING:
                client.close()
                raise _Lost
            if reply.code in SIGN_IN_CODES:
                client.close()
                words = words_of(reply.code, reply.message)
                raise self._failed(f"The mail server at {self._server.place} wants another sign-in: {words}")
            await _reset(client)
            return outcome_of(reply.code, reply.message)
        return await self._hand_over(client, content)

    async def _hand_over(self, client: SMTP, content: bytes) -> Outcome:
        if b"\n." in content:
            content = _LEADING_DOT.sub(b"..", content)
        protocol = client.protocol
        if protocol is None:
            raise _Lost
        try:
            protocol.write(content + b".\r\n")
        except (SMTPException, OSError) as problem:
            client.close()
            raise _Lost from problem
        try:
            reply = await protocol.read_response(timeout=client.timeout)
        except (SMTPException, OSError):
            client.close()
            words = f"{self._server.place} took the whole message but did not answer; it may or may not have arrived."
            return Outcome(result=Result.AMBIGUOUS, words=words)
        if reply.code == _CLOSING:
            client.close()
        return outcome_of(reply.code, reply.message)

    def _live_idle(self) -> bool:
        """Whether an idle connection can be used; drops those that broke or rested too long."""
        while self._idle:
            client, since = self._idle[-1]
            if client.is_connected and time.monotonic() - since < IDLE_SECONDS:
                return True
            self._idle.pop()
            client.close()
        return False

    async def _take(self) -> SMTP:
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

    def _give(self, client: SMTP) -> None:
        self._busy -= 1
        if client.is_connected:
            self._idle.append((client, time.monotonic()))

    async def _connect(self) -> SMTP:
        if time.monotonic() < self._away_until:
            raise Unreachable(self._away, retry_in=self._away_until - time.monotonic())
        try:
            client = await self._server.connect()
        except Unreachable as problem:
            raise self._failed(problem.detail) from problem
        self._failures = 0
        return client

    def _failed(self, words: str) -> Unreachable:
        """Remember that the server is away: 1 s after the first failure, doubling up to 30 s."""
        pause = min(FIRST_RETRY_SECONDS * 2**self._failures, LAST_RETRY_SECONDS)
        if time.monotonic() >= self._away_until:
            self._failures = min(self._failures + 1, 16)
            self._away_until = time.monotonic() + pause
        self._away = words
        return Unreachable(words, retry_in=max(self._away_until - time.monotonic(), 0.05))


async def _reset(client: SMTP) -> None:
    """End a refused transaction (RSET), or the connection when even that fails."""
    try:
        reply = await client.execute_command(b"RSET")
        if reply.code != 250:
            client.close()
    except (SMTPException, OSError):
        client.close()


async def _goodbye(client: SMTP) -> None:
    with contextlib.suppress(SMTPException, OSError):
        await client.quit(timeout=2)
    client.close()
