"""A mail server on loopback that keeps what it gets and misbehaves as told.

It speaks SMTP with pipelining (RFC 5321, RFC 2920) on a thread of its own, fast enough to be the sink of a benchmark:

    with SmtpSink() as sink:
        settings = settings.model_copy(update={"smtp_url": sink.url})
        ...
        assert sink.counts["ann@example.com"] == 1
        sink.stop()      # connections break, new ones are refused
        sink.start()     # the same port again

As a process of its own it prints its port, notes what it accepts in a file and ends with SIGTERM:

    python -m tests.fakes.smtp --log FILE [--port 0] [--share "451 4.3.0 later=0.04"] [--busy-after 5 --busy-for 60] ...
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import ssl
import sys
import threading
from collections import Counter, deque
from pathlib import Path
from typing import Self

from tests.fakes.smtp_certificates import Certificate
from tests.fakes.smtp_script import Received, Script
from tests.fakes.smtp_session import Session

__all__ = ["Received", "Script", "SmtpSink"]


class SmtpSink:
    """The server. `received` lists what was accepted, `counts` how often each recipient got something.

    `reads` is how often something arrived over all connections, `commands` the latest MAIL commands. With `log`, each
    acceptance is a line `recipient message-id` in that file, in one write(2) before the 250 leaves.
    """

    def __init__(
        self,
        *,
        keep_bodies: bool = False,
        script: Script | None = None,
        log: Path | None = None,
        certificate: Certificate | None = None,
        port: int = 0,
    ) -> None:
        self.keep_bodies = keep_bodies
        self.script = script or Script()
        self.received: list[Received] = []
        self.counts: Counter[str] = Counter()
        self.connections = 0
        self.reads = 0
        self.commands: deque[str] = deque(maxlen=100)
        self.port = port
        self._certificate = certificate
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if log else -1
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._open: set[asyncio.Transport] = set()

    @property
    def url(self) -> str:
        """For SMTP_URL."""
        return f"smtp://127.0.0.1:{self.port}?starttls=never"

    def start(self) -> None:
        """Listen; after a stop, on the same port."""
        ready = threading.Event()
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, args=(listener, ready), daemon=True)
        self._thread.start()
        ready.wait(10)

    def stop(self) -> None:
        """Break every connection and refuse new ones. Idempotent."""
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)

    def break_connections(self) -> None:
        """Break every connection, and go on listening."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(lambda: [transport.abort() for transport in list(self._open)])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def clear(self) -> None:
        """Forget what was received."""
        self.received.clear()
        self.counts.clear()

    def tls_context(self) -> ssl.SSLContext:
        """Of its certificate."""
        assert self._certificate is not None
        return self._certificate.context()

    def accept(self, mail: Received) -> None:
        """Keep it, on disk first."""
        if self._log >= 0:
            os.write(self._log, f"{mail.recipient} {mail.message_id}\n".encode())
        else:
            self.received.append(mail)
        self.counts[mail.recipient] += 1

    def opened(self, transport: asyncio.Transport) -> None:
        """A connection is there."""
        self._open.add(transport)

    def closed(self, transport: asyncio.Transport) -> None:
        """A connection is gone."""
        self._open.discard(transport)

    def _run(self, listener: socket.socket, ready: threading.Event) -> None:
        loop = asyncio.SelectorEventLoop()
        asyncio.set_event_loop(loop)
        context = self.tls_context() if self.script.tls == "implicit" else None
        server = loop.run_until_complete(
            loop.create_server(lambda: Session(self), sock=listener, backlog=200, ssl=context)
        )
        self._loop = loop
        ready.set()
        try:
            loop.run_forever()
        finally:
            server.close()
            for transport in list(self._open):
                transport.abort()
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    given = _arguments()
    script = Script(
        seed=given.seed,
        latency=given.latency,
        reply_delay=given.reply_delay,
        close_after=given.close_after,
        hang=given.hang,
        pipelining=not given.no_pipelining,
        drop_before_share=given.drop_before,
        drop_after_share=given.drop_after,
        shares={reply: float(share) for reply, _, share in (text.rpartition("=") for text in given.share)},
    )
    sink = SmtpSink(script=script, log=given.log, port=given.port)
    asked = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, asked)
    if given.busy_for:
        threading.Timer(given.busy_after, script.busy, (given.busy_for,)).start()
    with sink:
        print(sink.port, flush=True)
        signal.sigwait(asked)
    sys.stdout.flush()
    os._exit(0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A mail server on loopback that notes what it accepts.")
    parser.add_argument("--log", type=Path, help="file that gets a line `recipient message-id` before each 250")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before the answer to each final dot")
    parser.add_argument("--reply-delay", type=float, default=0.0, help="seconds before every answer")
    parser.add_argument("--share", action="append", default=[], metavar="REPLY=SHARE", help="may be given often")
    parser.add_argument("--drop-before", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--drop-after", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--hang", default="", choices=["", "accept", "ehlo", "mail", "rcpt", "data", "final"])
    parser.add_argument("--busy-after", type=float, default=0.0, help="seconds until it begins to answer 421")
    parser.add_argument("--busy-for", type=float, default=0.0, help="seconds for which it does")
    parser.add_argument("--close-after", type=int, default=0, help="mails on one connection")
    parser.add_argument("--no-pipelining", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
