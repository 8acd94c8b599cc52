"""A mail server that takes everything as fast as Python can, in a process of its own; prints its port.

Speaks SMTP with pipelining (RFC 2920). It keeps nothing but a count, written to stdout when it ends on SIGTERM.
"""

from __future__ import annotations

import asyncio
import signal
import sys

try:
    import uvloop
except ImportError:
    uvloop = None

END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    """One connection."""

    taken = 0

    def __init__(self) -> None:
        self._buffer = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        # uvloop's transports are no asyncio.Transport.
        self._write = transport.write  # type: ignore[attr-defined]
        self._write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer everything that is there in one write."""
        buffer = self._buffer + data if self._buffer else data
        answers: list[bytes] = []
        while True:
            if self._in_data:
                end = buffer.find(END)
                if end < 0:
                    break
                buffer = buffer[end + 5 :]
                self._in_data = False
                Sink.taken += 1
                answers.append(b"250 2.0.0 Ok\r\n")
                continue
            end = buffer.find(b"\r\n")
            if end < 0:
                break
            verb, buffer = buffer[:4].upper(), buffer[end + 2 :]
            if verb == b"DATA":
                self._in_data = True
                answers.append(b"354 go ahead\r\n")
            elif verb == b"EHLO":
                answers.append(b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
            elif verb == b"QUIT":
                answers.append(b"221 2.0.0 Bye\r\n")
            else:
                answers.append(b"250 2.0.0 Ok\r\n")
        self._buffer = buffer
        if answers:
            self._write(b"".join(answers))


async def main() -> None:
    """Serve until SIGTERM."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0, backlog=200)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    print(Sink.taken, flush=True)


if __name__ == "__main__":
    if uvloop is not None:
        uvloop.install()
    asyncio.run(main())
    sys.exit(0)
