"""A bare SMTP client that pipelines (RFC 2920) over eight connections: no ledger, no lease, no message of one's own.

    python benchmarks/dispatching/bare.py PORT MAILS

Waits for a line on stdin, sends the same bytes to everybody, prints the seconds it took.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator

LANES = 8
CONTENT = b"Subject: x\r\n\r\n" + (b"x" * 74 + b"\r\n") * 100


class Client(asyncio.Protocol):
    """Envelope of the next mail behind the body of the one before, one body on the wire at a time."""

    def __init__(self, numbers: Iterator[int], ended: asyncio.Future[None]) -> None:
        self._numbers = numbers
        self._ended = ended
        self._buffer = b""
        self._owed = 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the greeting."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Count replies; with the last that is owed, go on."""
        *lines, self._buffer = (self._buffer + data).split(b"\r\n")
        for line in lines:
            if line[3:4] == b"-":
                continue
            self._owed -= 1
            if line.startswith(b"220"):
                self._owed = 1
                self._transport.write(b"EHLO bench\r\n")
            elif line.startswith(b"354"):
                self._owed += 1
                self._transport.write(CONTENT + b".\r\n")
            elif self._owed == 0:
                self._next()

    def _next(self) -> None:
        number = next(self._numbers, None)
        if number is None:
            self._transport.close()
            self._ended.set_result(None)
            return
        self._owed = 3
        self._transport.write(b"MAIL FROM:<shop@example.com>\r\nRCPT TO:<p%d@example.com>\r\nDATA\r\n" % number)


async def main(port: int, mails: int) -> None:
    """Send."""
    loop = asyncio.get_running_loop()
    numbers = iter(range(mails))
    sys.stdin.readline()
    started = time.perf_counter()
    ends = []
    for _ in range(LANES):
        ended = loop.create_future()
        await loop.create_connection(lambda ended=ended: Client(numbers, ended), "127.0.0.1", port)
        ends.append(ended)
    await asyncio.gather(*ends)
    print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
