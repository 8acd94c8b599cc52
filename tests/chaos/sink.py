"""A mail server as a process of its own that writes down every mail before it says yes.

    python -m tests.chaos.sink LOG LATENCY

prints `PORT <number>` and listens on 127.0.0.1 until SIGTERM or the end of its standard input. One write(2) to LOG
comes before each 250, so what the other side was told is in the file, whatever is killed:
`<seconds of CLOCK_MONOTONIC> <peer's port> <recipient> <message id>`.
LATENCY is how many seconds pass between a mail's end and its 250; a line with a number on standard input changes it.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time

_ADDRESS = re.compile(rb"<([^>]*)>")
_MESSAGE_ID = re.compile(rb"^message-id:[ \t]*<([^>\r\n]*)>", re.IGNORECASE | re.MULTILINE)
_END = b"\r\n.\r\n"


class Latency:
    """Seconds a mail takes from now on."""

    seconds = 0.0


class Session(asyncio.Protocol):
    """One connection: SMTP with pipelining (RFC 5321, RFC 2920)."""

    def __init__(self, log: int) -> None:
        self._log = log
        self._buffer = b""
        self._in_data = False
        self._resting = False
        self._recipient = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._peer = transport.get_extra_info("peername")[1]
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._work()

    def _work(self) -> None:
        while not self._resting:
            mark = _END if self._in_data else b"\r\n"
            head, found, rest = self._buffer.partition(mark)
            if not found:
                return
            self._buffer = rest
            if self._in_data:
                self._in_data = False
                self._end_of_data(head)
            else:
                self._command(head)

    def _command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"EHLO":
            self._say(b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES")
        elif verb == b"RCPT":
            found = _ADDRESS.search(line)
            self._recipient = found[1].lower() if found else b"?"
            self._say(b"250 2.1.5 Ok")
        elif verb == b"DATA":
            self._in_data = True
            self._say(b"354 go ahead")
        elif verb == b"QUIT":
            self._say(b"221 2.0.0 Bye")
            self._transport.close()
        else:
            self._say(b"250 2.0.0 Ok")

    def _end_of_data(self, content: bytes) -> None:
        found = _MESSAGE_ID.search(content)
        id = found[1] if found else b"?"
        if not Latency.seconds:
            self._accept(id)
            return
        self._resting = True
        asyncio.get_running_loop().call_later(Latency.seconds, self._accept_later, id)

    def _accept_later(self, id: bytes) -> None:
        self._resting = False
        self._accept(id)
        self._work()

    def _accept(self, id: bytes) -> None:
        line = b"%.6f %d %s %s\n" % (time.monotonic(), self._peer, self._recipient, id)
        os.write(self._log, line)
        self._say(b"250 2.0.0 Ok: queued")

    def _say(self, line: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(line + b"\r\n")


async def serve(path: str) -> None:
    """Listen until SIGTERM, or until whoever started this has gone."""
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)

    def told() -> None:
        line = sys.stdin.readline()
        if line:
            Latency.seconds = float(line)
            print("OK", flush=True)
        else:
            ended.set()

    loop.add_reader(sys.stdin, told)
    server = await loop.create_server(lambda: Session(log), "127.0.0.1", 0, backlog=200)
    print("PORT", server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()


if __name__ == "__main__":
    Latency.seconds = float(sys.argv[2])
    asyncio.run(serve(sys.argv[1]))
