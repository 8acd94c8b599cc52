"""A signed-in SMTP connection that may have several commands on the wire at once (RFC 2920).

aiosmtplib opens the connection, encrypts it and signs in; it then holds one reply at a time and drops what arrives
together, so this takes its transport over. Replies go to a listener by plain calls: a mail then costs one write, one
wake-up and no task, future or timer of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol, cast

from aiosmtplib import SMTP

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)

LONGEST_REPLY = 32 * 1024
"""Bytes of one reply with all its lines; more is no mail server speaking."""

_ROOM = 16 * 1024


Reply = tuple[int, bytes]
"""Code and text, the lines of the text joined by line feeds."""


def _read(line: bytes) -> tuple[bool, Reply] | None:
    """Whether more lines follow this one of a reply (RFC 5321 section 4.2.1), and what it says. None when it is no such
    line.
    """
    code, mark = line[:3], line[3:4]
    if not code.isdigit() or mark not in b" -\r":
        return None
    return mark == b"-", (int(code), line[4:].rstrip())


_SHORT = 80
_read_before = lru_cache(maxsize=256)(_read)
"""For short lines: servers say the same to most mails."""


class ConnectionLost(Exception):
    """The connection broke before it could be used."""


class Listener(Protocol):
    """Whoever has the word on a connection."""

    def replied(self, replies: Sequence[Reply]) -> None:
        """The next of the replies that were owed, as many as came together."""

    def lost(self, *, silent: bool) -> None:
        """No more will come. `silent`: the next reply did not come in time. Called once, unless it was closed here."""


class SmtpConnection(asyncio.BufferedProtocol):
    """Writes commands and hands their replies, in order, to `listener`, which is to be set at once."""

    def __init__(self, client: SMTP) -> None:
        protocol = client.protocol
        if protocol is None or protocol.transport is None:
            raise ConnectionLost
        # Held, because the client would close its socket when it is collected.
        self._client = client
        self._transport = cast("asyncio.Transport", protocol.transport)
        self._socket = self._transport.get_extra_info("socket")
        self._loop = asyncio.get_running_loop()
        self._room = memoryview(bytearray(_ROOM))
        self._rest = b""
        self._lines: list[bytes] = []
        self._owed = 0
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._lost = False
        self._split_replies = False
        self._extensions = {name.lower(): words for name, words in client.esmtp_extensions.items()}
        size = self._extensions.get("size", "").split()
        self.largest = int(size[0]) if size and size[0].isdecimal() else 0
        """Bytes of the largest mail the server takes (RFC 1870); 0 when it names no limit."""
        self.listener: Listener | None = None
        self._transport.set_protocol(self)

    @property
    def alive(self) -> bool:
        """Whether it can take a command."""
        return not self._lost and not self._transport.is_closing()

    @property
    def unsent(self) -> int:
        """Bytes written that have not left this process yet."""
        return self._transport.get_write_buffer_size()

    def supports(self, extension: str) -> bool:
        """Whether the server's answer to EHLO named this extension."""
        return extension in self._extensions

    def write(self, data: bytes, *, replies: int, seconds: float) -> None:
        """Send; `replies` answers are owed for it, the next of them within `seconds`."""
        self._owed += replies
        self.within(seconds)
        if self._split_replies:
            self._acknowledge_at_once()
        self._transport.write(data)

    def within(self, seconds: float) -> None:
        """The next reply is to come within this time from now."""
        self._deadline = self._loop.time() + seconds
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadline, self._look_at_the_clock)
        elif self._timer.when() > self._deadline:
            self._timer.cancel()
            self._timer = self._loop.call_at(self._deadline, self._look_at_the_clock)

    def close(self) -> None:
        """Drop the connection without a word; the listener is not told."""
        self.listener = None
        self._end(silent=False)

    def quit(self) -> None:
        """Say goodbye (RFC 5321 section 4.1.1.10); the listener hears the answer."""
        self.write(b"QUIT\r\n", replies=1, seconds=2.0)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go; one buffer for good, where a new one of 256 KB each time would cost more."""
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        """Take replies apart. What nobody asked for ends the connection: mostly a 421 before an idle one is closed."""
        lines = (self._rest + bytes(self._room[:nbytes])).split(b"\n")
        self._rest = lines.pop()
        asked, strange = self._owed, False
        replies: list[Reply] = []
        for line in lines:
            found = _read_before(line) if len(line) <= _SHORT else _read(line)
            if found is None or len(replies) == asked:
                strange = True
                break
            more, reply = found
            if more:
                self._lines.append(reply[1])
                continue
            if self._lines:
                reply = reply[0], b"\n".join((*self._lines, reply[1]))
                self._lines.clear()
            replies.append(reply)
        if replies and self.listener is not None:
            self._owed -= len(replies)
            self.listener.replied(replies)
        if self._lost:
            return
        if len(replies) < asked:
            self._split_replies = True
            self._acknowledge_at_once()
        if strange or len(self._rest) + sum(map(len, self._lines)) > LONGEST_REPLY:
            self._end(silent=False)

    def eof_received(self) -> bool:
        """The server has closed its side; so does ours."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever listens learns it."""
        self._end(silent=False)

    def _look_at_the_clock(self) -> None:
        self._timer = None
        if self._lost or not self._owed:
            return
        if self._loop.time() >= self._deadline:
            self._end(silent=True)
        else:
            self._timer = self._loop.call_at(self._deadline, self._look_at_the_clock)

    def _end(self, *, silent: bool) -> None:
        if self._lost:
            return
        self._lost = True
        if self._timer is not None:
            self._timer.cancel()
        listener, self.listener = self.listener, None
        if listener is not None:
            listener.lost(silent=silent)
        self._transport.abort()

    def _acknowledge_at_once(self) -> None:
        """Keep a server that writes each reply by itself from waiting 40 ms for our acknowledgement of the one before.

        That is Nagle's algorithm there meeting delayed acknowledgements here (RFC 1122 section 4.2.3.4); Linux forgets
        the option after a while, so it is set again each time (tcp(7)). A server that answers a group of commands in
        one write, as RFC 2920 section 3.2 asks, never needs it.
        """
        if _QUICKACK is not None and self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
