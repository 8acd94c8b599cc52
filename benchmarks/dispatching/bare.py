"""A bare SMTP client that pipelines (RFC 2920) over eight connections: no ledger, no lease, no limits, no journal.

    python benchmarks/dispatching/bare.py PORT MAILS own|streams|same

`own`: each person's mail is made when its turn comes, by our renderer, from a customer that is in memory already.
`streams`: the same mails, written as one writes such a client with asyncio's streams: MAIL, RCPT and DATA at once, then
the content. `same`: the bytes of the first mail for everybody. Says when it is ready, waits for a line on stdin, prints
the seconds it took and those of its CPU.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import uvloop
from bson import ObjectId

from app.campaigns.message.composing import composer_for
from app.channels.smtp_mail import mail_of
from app.settings import read_settings, use_settings
from dispatching.load import BODY

LANES = 8


class Client(asyncio.Protocol):
    """Envelope of the next mail behind the body of the one before, one body on the wire at a time."""

    def __init__(self, mails: Iterator[tuple[bytes, bytes]], ended: asyncio.Future[None]) -> None:
        self._mails = mails
        self._ended = ended
        self._buffer = b""
        self._body: bytes | None = None
        self._owed = 1
        self._begun = False

    def connection_made(self, transport: Any) -> None:
        """Wait for the greeting."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Count replies; with the last that is owed, go on."""
        *lines, self._buffer = (self._buffer + data).split(b"\r\n")
        for line in lines:
            if line[3:4] != b"-":
                self._owed -= 1
        if self._owed:
            return
        if not self._begun:
            self._begun = True
            self._owed = 1
            self._transport.write(b"EHLO bench\r\n")
            return
        envelope, body = next(self._mails, (b"", None))
        before, self._body = self._body, body
        if before is None and body is None:
            self._transport.close()
            self._ended.set_result(None)
            return
        self._owed = (before is not None) + (3 if body is not None else 0)
        self._transport.write(envelope if before is None else before + envelope)


async def by_streams(mails: Iterator[tuple[bytes, bytes]], port: int) -> None:
    """One connection after RFC 2920: the envelope in one write, its three replies, the content, its reply."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def replies(count: int) -> None:
        while count:
            line = await reader.readline()
            if line[3:4] != b"-":
                assert line[:1] in b"23", line
                count -= 1

    await replies(1)
    writer.write(b"EHLO bench\r\n")
    await replies(1)
    for envelope, body in mails:
        writer.write(envelope)
        await replies(3)
        writer.write(body)
        await replies(1)
    writer.close()


def mails_of(count: int, make: Callable[[int], tuple[str, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Envelope and body of each."""
    for number in range(count):
        recipient, body = make(number)
        yield b"MAIL FROM:<shop@example.com>\r\nRCPT TO:<%b>\r\nDATA\r\n" % recipient.encode(), body


def maker(content: str) -> Callable[[int], tuple[str, bytes]]:
    """What makes the mail of one person, as `dispatching.load` knows them."""
    use_settings(read_settings(_env_file=None, secret_key="k" * 40))
    id = ObjectId()
    subject = "For {{ customer.first_name }}"
    message_to = composer_for(
        {"_id": id, "name": "Bench", "channel": "email", "subject": subject, "body": BODY}
    ).message

    def own(number: int) -> tuple[str, bytes]:
        first, address = f"Ann{number}", f"p{number}@d{number % 200}.example.com"
        customer = {"_id": ObjectId(), "first_name": first, "name": f"{first} Person", "email": address}
        return address, mail_of(message_to(customer, address)).body

    body = own(0)[1]
    return (lambda number: (f"p{number}@d{number % 200}.example.com", body)) if content == "same" else own


async def main(port: int, count: int, content: str) -> None:
    """Send."""
    loop = asyncio.get_running_loop()
    mails = mails_of(count, maker(content))
    print("ready", flush=True)
    sys.stdin.readline()
    started, before = time.perf_counter(), time.process_time()
    if content == "streams":
        await asyncio.gather(*(by_streams(mails, port) for _ in range(LANES)))
    else:
        ends = []
        for _ in range(LANES):
            ended = loop.create_future()
            await loop.create_connection(lambda ended=ended: Client(mails, ended), "127.0.0.1", port)
            ends.append(ended)
        await asyncio.gather(*ends)
    print(time.perf_counter() - started, time.process_time() - before, flush=True)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
