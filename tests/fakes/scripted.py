"""A real HTTP server on loopback that answers from a script and remembers what it was asked."""

from __future__ import annotations

import json
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def text(self) -> str:
        """The whole body as text, to search for what must not be in it."""
        return json.dumps(self.body, ensure_ascii=False)


@dataclass(frozen=True)
class Say:
    """A model's answer. `cut` ends it at the limit of output tokens."""

    text: str
    cut: bool = False


@dataclass(frozen=True)
class Status:
    """An HTTP error in the vendor's own shape."""

    code: int


@dataclass(frozen=True)
class Hang:
    """No answer for so many seconds, then the connection ends."""

    seconds: float


@dataclass(frozen=True)
class Blocked:
    """Declined for safety."""


@dataclass(frozen=True)
class Empty:
    """An answer without any content."""


@dataclass(frozen=True)
class Nothing:
    """The protocol, but without any answer in it."""


@dataclass(frozen=True)
class Called:
    """A function called with these arguments instead of text."""

    arguments: str


@dataclass(frozen=True)
class Garbage:
    """A 200 that is not the protocol at all."""


@dataclass(frozen=True)
class Drop:
    """The connection ends without a byte."""


@dataclass(frozen=True)
class Stall:
    """A stream that says `text` and then nothing more for so many seconds; then it ends without its end."""

    text: str
    seconds: float = 0.0


Reply = str | Say | Status | Hang | Blocked | Empty | Nothing | Called | Garbage | Drop | Stall
Script = Sequence[Reply] | Callable[[Asked], Reply]


@dataclass
class ScriptedServer(ABC):
    """Base of the fakes. Replies are taken in order; the last one repeats. `with Fake(replies=[...]) as server`."""

    replies: Script = ()
    requests: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._answered = 0
        self._stopping = threading.Event()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @abstractmethod
    def answer(self, asked: Asked, reply: Reply) -> tuple[int, dict[str, Any] | bytes]:
        """Status and body for a reply, in the vendor's shape."""

    def stream(self, asked: Asked, reply: Reply) -> list[bytes] | None:
        """The server-sent events of a streamed answer, one by one; None when this request does not stream.

        Of a `Stall` only those that carry its text.
        """
        return None

    def next_reply(self, asked: Asked) -> Reply:
        """The reply whose turn it is."""
        if callable(self.replies):
            return self.replies(asked)
        with self._lock:
            at = min(self._answered, len(self.replies) - 1)
            self._answered += 1
        return self.replies[at] if self.replies else Status(500)

    def __enter__(self) -> Self:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                raw = self.rfile.read(length)
                asked = Asked(self.path, dict(self.headers.items()), json.loads(raw or b"{}"))
                with fake._lock:
                    fake.requests.append(asked)
                fake._respond(self, asked, fake.next_reply(asked))

            def log_message(self, *_: object) -> None:
                """Keep the test output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)

    def _respond(self, handler: BaseHTTPRequestHandler, asked: Asked, reply: Reply) -> None:
        if isinstance(reply, Hang):
            self._stopping.wait(reply.seconds)
        if isinstance(reply, Hang | Drop):
            handler.close_connection = True
            return
        streamed = self.stream(asked, reply)
        if streamed is not None:
            self._stream(handler, streamed, reply)
            return
        status, body = self.answer(asked, reply)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    def _stream(self, handler: BaseHTTPRequestHandler, events: list[bytes], reply: Reply) -> None:
        """Event by event in chunks, as the vendors do; after a `Stall` the connection breaks off."""
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        try:
            for event in events:
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
                handler.wfile.flush()
            if isinstance(reply, Stall):
                self._stopping.wait(reply.seconds)
                handler.close_connection = True
            else:
                handler.wfile.write(b"0\r\n\r\n")
        except OSError:  # the client left before the end
            handler.close_connection = True


def say(reply: Reply) -> Say:
    """A plain string as an answer."""
    if isinstance(reply, str | Stall):
        return Say(reply if isinstance(reply, str) else reply.text)
    return reply if isinstance(reply, Say) else Say("")


def pieces(text: str, most: int = 24) -> list[str]:
    """The text as a provider streams it, in two pieces or more; a single empty piece for none."""
    size = max(1, min(most, -(-len(text) // 2)))
    return [text[at : at + size] for at in range(0, len(text), size)] or [""]


def moment() -> int:
    """Seconds since the epoch, as the protocols want them."""
    return int(time.time())
