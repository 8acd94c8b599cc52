"""A mail server on loopback that keeps what it gets and misbehaves as told.

It speaks SMTP with pipelining (RFC 5321, RFC 2920) on a thread of its own, fast enough to be the sink of a benchmark:

    with SmtpSink() as sink:
        settings = settings.model_copy(update={"smtp_url": sink.url})
        ...
        assert sink.counts["ann@example.com"] == 1
        sink.stop()      # connections break, new ones are refused
        sink.start()     # the same port again
"""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import threading
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

_MESSAGE_ID = re.compile(rb"^message-id:[ \t]*(<[^>\r\n]*>)", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"<([^>]*)>")


@dataclass(frozen=True, slots=True)
class Received:
    """One accepted mail. `content` is empty unless bodies are kept."""

    sender: str
    recipient: str
    message_id: str
    content: bytes = b""


@dataclass
class Script:
    """How to misbehave. Replies are whole lines such as `451 4.3.0 try later`.

    A list is used up reply by reply and then all is well; a text is given each time.
    """

    greeting: str = "220 sink ESMTP"
    rcpt: dict[str, str | list[str]] = field(default_factory=dict)
    data: dict[str, str | list[str]] = field(default_factory=dict)
    share: float = 0.0
    share_reply: str = "550 5.2.1 mailbox disabled"
    drop_before_data: set[str] = field(default_factory=set)
    drop_after_data: set[str] = field(default_factory=set)
    latency: float = 0.0
    close_after: int = 0
    users: dict[str, str] = field(default_factory=dict)
    smtputf8: bool = True
    pipelining: bool = True
    data_without_recipient: str = "503 5.5.1 no valid recipients"


class SmtpSink:
    """The server. `received` lists what was accepted, `counts` how often each recipient got something."""

    def __init__(self, *, keep_bodies: bool = False, script: Script | None = None) -> None:
        self.keep_bodies = keep_bodies
        self.script = script or Script()
        self.received: list[Received] = []
        self.counts: Counter[str] = Counter()
        self.connections = 0
        self.port = 0
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

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def clear(self) -> None:
        """Forget what was received."""
        self.received.clear()
        self.counts.clear()

    def _run(self, listener: socket.socket, ready: threading.Event) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(loop.create_server(lambda: _Session(self), sock=listener, backlog=200))
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


class _Session(asyncio.Protocol):
    def __init__(self, sink: SmtpSink) -> None:
        self._sink = sink
        self._buffer = b""
        self._in_data = False
        self._sender = ""
        self._recipient = ""
        self._accepted = False
        self._taken = 0
        self._signed_in = False
        self._login: list[str] = []
        self._resting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._sink._open.add(transport)
        self._sink.connections += 1
        self._say(self._sink.script.greeting)
        if not self._sink.script.greeting.startswith("220"):
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._sink._open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._work()

    def _work(self) -> None:
        while not self._resting:
            if self._in_data:
                if self._buffer.startswith(b".\r\n"):
                    content, self._buffer = b"", self._buffer[3:]
                else:
                    content, found, rest = self._buffer.partition(b"\r\n.\r\n")
                    if not found:
                        return
                    self._buffer = rest
                self._in_data = False
                self._end_of_data(content)
                continue
            line, found, rest = self._buffer.partition(b"\r\n")
            if not found:
                return
            self._buffer = rest
            self._command(line.decode("utf-8", "replace"))

    def _command(self, line: str) -> None:
        script = self._sink.script
        verb = line[:4].upper()
        if self._login:
            self._continue_login(line)
        elif verb == "EHLO":
            lines = ["sink", "8BITMIME", "ENHANCEDSTATUSCODES"]
            lines += ["PIPELINING"] if script.pipelining else []
            lines += ["SMTPUTF8"] if script.smtputf8 else []
            lines += ["AUTH PLAIN LOGIN"] if script.users else []
            self._say("\r\n".join([*(f"250-{text}" for text in lines), "250 HELP"]))
        elif verb == "AUTH":
            self._auth(line)
        elif verb == "MAIL":
            if script.users and not self._signed_in:
                self._say("530 5.7.0 Authentication required")
                return
            self._sender, self._recipient, self._accepted = _address(line), "", False
            self._say("250 2.1.0 Ok")
        elif verb == "RCPT":
            self._recipient = _address(line)
            reply = _next(script.rcpt, self._recipient) or self._shared() or "250 2.1.5 Ok"
            self._accepted = reply.startswith("250")
            self._say(reply)
        elif verb == "DATA":
            if self._recipient in script.drop_before_data:
                script.drop_before_data.discard(self._recipient)
                self._transport.abort()
                return
            reply = "354 go ahead" if self._accepted else script.data_without_recipient
            self._in_data = reply.startswith("354")
            self._say(reply)
        elif verb == "QUIT":
            self._say("221 2.0.0 Bye")
            self._transport.close()
        else:
            self._say("250 2.0.0 Ok")

    def _end_of_data(self, content: bytes) -> None:
        script = self._sink.script
        if self._recipient in script.drop_after_data:
            script.drop_after_data.discard(self._recipient)
            self._transport.abort()
            return
        if not self._accepted:
            self._answer("554 5.5.1 no valid recipients")
            return
        reply = _next(script.data, self._recipient) or "250 2.0.0 Ok: queued"
        if reply.startswith("250"):
            found = _MESSAGE_ID.search(content)
            kept = Received(
                self._sender,
                self._recipient,
                found[1].decode() if found else "",
                content.replace(b"\r\n..", b"\r\n.") if self._sink.keep_bodies else b"",
            )
            self._sink.received.append(kept)
            self._sink.counts[self._recipient] += 1
        self._taken += 1
        if script.latency:
            self._resting = True
            asyncio.get_running_loop().call_later(script.latency, self._answer_later, reply)
        else:
            self._answer(reply)

    def _answer_later(self, reply: str) -> None:
        self._resting = False
        self._answer(reply)
        self._work()

    def _answer(self, reply: str) -> None:
        self._say(reply)
        limit = self._sink.script.close_after
        if limit and self._taken >= limit:
            self._say("421 4.7.0 enough for one connection")
            self._transport.close()

    def _auth(self, line: str) -> None:
        words = line.split()
        if len(words) >= 3 and words[1].upper() == "PLAIN":
            _, user, password = base64.b64decode(words[2]).decode().split("\0")
            self._decide(user, password)
        else:
            self._login = ["LOGIN", *words[2:3]]
            self._say("334 " + base64.b64encode(b"Password:" if len(words) > 2 else b"Username:").decode())

    def _continue_login(self, line: str) -> None:
        self._login.append(line)
        if len(self._login) < 3:
            self._say("334 " + base64.b64encode(b"Password:").decode())
            return
        _, user, password = self._login
        self._login = []
        self._decide(base64.b64decode(user).decode(), base64.b64decode(password).decode())

    def _decide(self, user: str, password: str) -> None:
        self._signed_in = self._sink.script.users.get(user) == password
        self._say("235 2.7.0 Ok" if self._signed_in else "535 5.7.8 Authentication credentials invalid")

    def _shared(self) -> str | None:
        """The share is by address, so the same ones are refused each time."""
        share = self._sink.script.share
        return (
            self._sink.script.share_reply
            if share and zlib.crc32(self._recipient.encode()) % 1000 < share * 1000
            else None
        )

    def _say(self, text: str) -> None:
        if not self._transport.is_closing():
            self._transport.write(text.encode() + b"\r\n")


def _address(line: str) -> str:
    found = _ADDRESS.search(line)
    return found[1].lower() if found else ""


def _next(replies: dict[str, str | list[str]], recipient: str) -> str | None:
    reply = replies.get(recipient)
    if isinstance(reply, list):
        return reply.pop(0) if reply else None
    return reply
