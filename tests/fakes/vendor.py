"""A vendor of text messages, or whoever takes webhooks: a real HTTP server on loopback that answers from a script."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Post:
    """One request as it arrived, whole."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    def signed_with(self, secret: str) -> bool:
        """Whether the signature is that of this body and this secret, and its moment is of the last minute."""
        parts = dict(part.split("=", 1) for part in self.headers["x-cohort-signature"].split(","))
        digest = hmac.new(secret.encode(), f"{parts['t']}.".encode() + self.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(digest, parts["v1"]) and abs(time.time() - int(parts["t"])) < 60


@dataclass(frozen=True)
class Say:
    """An answer. `body` None gives one with an id."""

    status: int = 202
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    drip: bool = False
    """Send the head and the beginning of the body, and then nothing until the vendor closes."""


@dataclass(frozen=True)
class Hang:
    """Take the message and say nothing until the vendor closes."""


@dataclass(frozen=True)
class DropBefore:
    """End the connection before anything is read from it."""


@dataclass(frozen=True)
class DropAfter:
    """Take the message and end the connection without an answer."""


Step = Say | Hang | DropBefore | DropAfter


class Vendor:
    """Answers with the next step of `script`, then with `Say()`. `got` has every message that came whole."""

    def __init__(self, *script: Step) -> None:
        self.script = list(script)
        self.got: list[Post] = []
        self.connections = 0
        self.busiest = 0
        self.closing = threading.Event()
        self._busy = 0
        self._lock = threading.Lock()
        self._server = _Server(self)

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/messages"

    @property
    def ids(self) -> list[str]:
        """The idempotency keys in the order of arrival."""
        return [post.headers["idempotency-key"] for post in self.got]

    def take(self, post: Post) -> tuple[Step, int]:
        """Remember a message that came whole; what to do now, and how many there are."""
        with self._lock:
            self.got.append(post)
            return self.script.pop(0) if self.script else Say(), len(self.got)

    def count(self, change: int) -> None:
        with self._lock:
            self._busy += change
            self.busiest = max(self.busiest, self._busy)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self.server.vendor.connections += 1

    def handle(self) -> None:
        script = self.server.vendor.script
        if script and isinstance(script[0], DropBefore):
            script.pop(0)
            return
        super().handle()

    def do_POST(self) -> None:
        vendor = self.server.vendor
        vendor.count(1)
        try:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {key.lower(): value for key, value in self.headers.items()}
            step, number = vendor.take(Post(self.path, headers, body))
            if isinstance(step, Say):
                self._say(step, number)
                return
            self.close_connection = True
            if isinstance(step, Hang):
                vendor.closing.wait()
        finally:
            vendor.count(-1)

    def _say(self, step: Say, number: int) -> None:
        body = step.body if step.body is not None else {"id": f"v{number}"}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(step.status)
        for key, value in step.headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(raw) + (1 if step.drip else 0)))
        self.end_headers()
        self.wfile.write(raw)
        if step.drip:
            self.wfile.flush()
            self.server.vendor.closing.wait()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""
