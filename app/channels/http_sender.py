"""One HTTP sender for the vendors that take JSON: text messages and webhooks.

Its address comes from the operator's settings alone, never from a member or a customer: one in digits may be of the
same house, a name may not lead there unless it is listed (`app.outgoing`).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from app.channels.base import Outcome, Result, Unreachable
from app.channels.http_answers import outcome_of, printable, said_in
from app.errors import SettingsError
from app.outgoing.transport import GuardedTransport

AT_ONCE = 16
"""Requests under way in one process."""

TIMEOUT = httpx.Timeout(connect=5.0, write=10.0, read=30.0, pool=None)
LONGEST_SECONDS = 60.0
"""For one request from beginning to end, however slowly its answer drips."""

IDLE_SECONDS = 4.0
"""Shorter than most servers keep an unused connection (Node and uvicorn: 5 s), so that they do not break under us."""

ANSWER_BYTES = 64 * 1024
FIRST_RETRY_SECONDS = 1.0
LAST_RETRY_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """One message: `id` is the delivery's, which is the same at every try, `body` its JSON."""

    id: str
    body: bytes


class _Withdrawn(Exception):
    """The message must not be offered any more."""


class _Progress:
    """How far a request came. Until the other side can have the whole body, trying again cannot double anything."""

    def __init__(self, id: str, offer: Callable[[str], bool] | None) -> None:
        self._id = id
        self._offer = offer
        self.begun = False
        self.gone = False

    async def note(self, event: str, info: dict[str, Any]) -> None:
        """Called by httpcore (https://www.encode.io/httpcore/extensions/#trace)."""
        if event == "http11.send_request_headers.started":
            if self._offer is not None and not self._offer(self._id):
                raise _Withdrawn
            self.begun = True
        elif event == "http11.send_request_body.complete":
            self.gone = True


class HttpSender:
    """Posts to one address over connections kept open, at most `AT_ONCE` at a time. One per event loop.

    `setting` is the name of the setting that holds `url`; `token` goes out as a bearer token (RFC 6750); with `secret`
    each request is signed: `X-Cohort-Signature: t=<unix time>,v1=<HMAC-SHA256 of "t.body" in hex>`.
    """

    def __init__(
        self,
        url: str,
        *,
        setting: str,
        token: str = "",
        secret: str = "",
        accepted: Callable[[str], None] | None = None,
        offer: Callable[[str], bool] | None = None,
    ) -> None:
        try:
            self._url = httpx.URL(url)
        except httpx.InvalidURL as problem:
            raise SettingsError(f"{setting}: {problem}") from problem
        self._setting = setting
        self._secret = secret.encode()
        self._accepted = accepted
        self._offer = offer
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "Cohort",
            **({"Authorization": f"Bearer {token}"} if token else {}),
        }
        self._client: httpx.AsyncClient | None = None
        self._free = asyncio.Semaphore(AT_ONCE)
        self._failures = 0
        self._away_until = 0.0
        self._away = ""

    @property
    def place(self) -> str:
        """The vendor's host, for logs and sentences."""
        return self._url.netloc.decode("ascii", "replace").rpartition("@")[2]

    async def ready(self) -> None:
        """Return unless the vendor is known to be away; after a failure nobody knocks until the pause is over."""
        left = self._away_until - time.monotonic()
        if left > 0:
            raise Unreachable(self._away, retry_in=left)

    async def send(self, posts: Sequence[Post]) -> list[Outcome]:
        """Post all of them and answer in the same order. What could not be offered at all comes back `untouched`."""
        outcomes: list[Outcome | None] = [None] * len(posts)
        todo = deque(range(len(posts)))

        async def lane() -> None:
            while todo:
                number = todo.popleft()
                try:
                    outcomes[number] = await self._post(posts[number])
                except _Withdrawn:
                    outcomes[number] = Outcome(result=Result.UNTOUCHED)
                except Unreachable as problem:
                    untouched = Outcome(result=Result.UNTOUCHED, words=problem.detail, server=self.place)
                    for waiting in (number, *todo):
                        outcomes[waiting] = untouched
                    todo.clear()

        await asyncio.gather(*(lane() for _ in range(min(AT_ONCE, len(posts)))))
        return [outcome or Outcome(result=Result.UNTOUCHED, words=self._away) for outcome in outcomes]

    async def close(self) -> None:
        """Close the connections; the next `send` opens others."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _post(self, post: Post) -> Outcome:
        progress = _Progress(post.id, self._offer)
        try:
            # Waiting for one's turn is no fault of the vendor, so it does not count as time it takes.
            async with self._free, asyncio.timeout(LONGEST_SECONDS):
                status, headers, text = await self._ask(post, progress)
        except (httpx.HTTPError, TimeoutError, OSError) as problem:
            return self._lost(problem, progress)
        if status == HTTPStatus.UNAUTHORIZED:
            said = said_in(text)
            raise self._failed(f"{self.place} refuses our sign-in (401{f': {said}' if said else ''}).")
        self._failures, self._away_until = 0, 0.0
        outcome = outcome_of(status, headers, text, server=self.place)
        if outcome.result is Result.ACCEPTED and self._accepted is not None:
            self._accepted(post.id)
        return outcome

    async def _ask(self, post: Post, progress: _Progress) -> tuple[int, httpx.Headers, str]:
        request = self._open().build_request(
            "POST",
            self._url,
            content=post.body,
            headers={**self._headers, "Idempotency-Key": post.id, **self._signature(post.body)},
            extensions={"trace": progress.note},
        )
        response = await self._open().send(request, stream=True)
        try:
            return response.status_code, response.headers, await _beginning(response)
        finally:
            await response.aclose()

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            limits = httpx.Limits(
                max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE, keepalive_expiry=IDLE_SECONDS
            )
            self._client = httpx.AsyncClient(
                timeout=TIMEOUT, transport=GuardedTransport(limits), follow_redirects=False, trust_env=False
            )
        return self._client

    def _signature(self, body: bytes) -> dict[str, str]:
        if not self._secret:
            return {}
        moment = str(int(time.time()))
        digest = hmac.new(self._secret, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Cohort-Signature": f"t={moment},v1={digest}"}

    def _lost(self, problem: Exception, progress: _Progress) -> Outcome:
        """What a request without an answer means. Raises Unreachable when it never began."""
        late = isinstance(problem, httpx.TimeoutException | TimeoutError)
        if not progress.begun:
            cause = printable(str(problem))[:300] or "no connection"
            why = "does not answer" if late else f"cannot be reached: {cause}"
            raise self._failed(f"{self.place} {why} ({self._setting}).")
        if progress.gone:
            how = "gave no answer in time" if late else "broke the connection without an answer"
            words = f"{self.place} {how}; the message may or may not have arrived."
            return Outcome(result=Result.AMBIGUOUS, words=words, server=self.place)
        words = f"The connection to {self.place} broke before the message was handed over."
        return Outcome(result=Result.TEMPORARY, words=words, server=self.place)

    def _failed(self, words: str) -> Unreachable:
        """Remember that the vendor is away: 1 s after the first failure, doubling up to 30 s."""
        pause = min(FIRST_RETRY_SECONDS * 2**self._failures, LAST_RETRY_SECONDS)
        if time.monotonic() >= self._away_until:
            self._failures = min(self._failures + 1, 16)
            self._away_until = time.monotonic() + pause
        self._away = words
        return Unreachable(words, retry_in=max(self._away_until - time.monotonic(), 0.05))


async def _beginning(response: httpx.Response) -> str:
    """The answer's body as text, 64 KB at most. The status has said it all: trouble here changes nothing."""
    got = bytearray()
    try:
        async for piece in response.aiter_bytes():
            got += piece
            if len(got) >= ANSWER_BYTES:
                break
    except (httpx.HTTPError, OSError):
        pass
    return got[:ANSWER_BYTES].decode("utf-8", "replace")
