"""A signed-in SMTP connection that may have several commands on the wire at once (RFC 2920).

aiosmtplib opens the connection, encrypts it and signs in; it then holds one reply at a time and drops what arrives
together, so this takes its transport over.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from typing import NamedTuple, cast

from aiosmtplib import SMTP

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)

LONGEST_REPLY = 32 * 1024
"""Bytes of one reply with all its lines; more is no mail server speaking."""


class Reply(NamedTuple):
    """A three-digit code and the text of all lines, joined by line feeds."""

    code: int
    text: str


class ConnectionLost(Exception):
    """The connection broke, or its next reply did not come in time."""


class SmtpConnection(asyncio.Protocol):
    """Writes commands and reads their replies in order. `timeout` is in seconds for each reply."""

    def __init__(self, client: SMTP, *, timeout: float) -> None:
        protocol = client.protocol
        if protocol is None or protocol.transport is None:
            raise ConnectionLost
        # Held, because the client would close its socket when it is collected.
        self._client = client
        self._transport = cast("asyncio.Transport", protocol.transport)
        self._socket = self._transport.get_extra_info("socket")
        self._timeout = timeout
        self._buffer = b""
        self._lines: list[str] = []
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._owed = 0
        self._lost = False
        self._extensions = frozenset(name.lower() for name in client.esmtp_extensions)
        self._transport.set_protocol(self)

    @property
    def alive(self) -> bool:
        """Whether it can take a command."""
        return not self._lost and not self._transport.is_closing()

    def supports(self, extension: str) -> bool:
        """Whether the server's answer to EHLO named this extension."""
        return extension in self._extensions

    def write(self, data: bytes, *, replies: int) -> None:
        """Send; `replies` answers are owed for it. Raises ConnectionLost."""
        if not self.alive:
            raise ConnectionLost
        self._owed += replies
        if replies > 1:
            self._acknowledge_at_once()
        self._transport.write(data)

    async def reply(self) -> Reply:
        """The next reply. Raises ConnectionLost, and then the connection is closed."""
        while not self._replies:
            if self._lost:
                raise ConnectionLost
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(self._timeout):
                    await self._waiter
            except TimeoutError as problem:
                self.close()
                raise ConnectionLost from problem
            finally:
                self._waiter = None
        self._owed -= 1
        return self._replies.popleft()

    async def command(self, data: bytes) -> Reply:
        """One command and its reply. Raises ConnectionLost."""
        self.write(data, replies=1)
        return await self.reply()

    def close(self) -> None:
        """Drop the connection without a word."""
        self._lost = True
        self._transport.abort()
        self._wake()

    async def goodbye(self) -> None:
        """QUIT, waiting at most two seconds for the answer, then close."""
        self._timeout = min(self._timeout, 2.0)
        try:
            await self.command(b"QUIT\r\n")
        except ConnectionLost:
            pass
        finally:
            self.close()

    def data_received(self, data: bytes) -> None:
        """Take replies apart. What nobody asked for ends the connection: mostly a 421 before an idle one is closed."""
        self._buffer += data
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            text = line.rstrip(b"\r").decode("utf-8", "replace")
            if not text[:3].isdecimal() or text[3:4] not in ("", " ", "-"):
                self.close()
                return
            self._lines.append(text[4:])
            if text[3:4] != "-":
                self._replies.append(Reply(int(text[:3]), "\n".join(self._lines)))
                self._lines = []
        if self._owed - len(self._replies) > 0:
            self._acknowledge_at_once()
        if len(self._replies) > self._owed or len(self._buffer) + sum(map(len, self._lines)) > LONGEST_REPLY:
            self.close()
        elif self._replies:
            self._wake()

    def _acknowledge_at_once(self) -> None:
        """Keep a server that writes each reply by itself from waiting 40 ms for our acknowledgement of the one before.

        That is Nagle's algorithm there meeting delayed acknowledgements here (RFC 1122 section 4.2.3.4); Linux forgets
        the option after a while, so it is set again each time (tcp(7)).
        """
        if _QUICKACK is not None and self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def eof_received(self) -> bool:
        """The server has closed its side; so does ours."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits learns it."""
        self._lost = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
