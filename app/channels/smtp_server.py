"""One mail server of SMTP_URL, and a signed-in connection to it."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from dataclasses import dataclass, field
from typing import Literal

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPTimeoutError,
)

from app.channels.base import Unreachable
from app.channels.replies import words_of
from app.channels.smtp_connection import ConnectionLost, SmtpConnection

CONNECT_SECONDS = 15.0
"""For greeting, encryption and sign-in together."""

REPLY_SECONDS = 20.0
"""How long the reply to a command may take, and..."""

FINAL_SECONDS = 60.0
"""...that to the final dot, when the server may look for spam first. Both are shorter than the 5 and 10 minutes of RFC
5321 section 4.5.3.2, because a chunk waits for it."""


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """Where and how to hand mail over. `secure` is TLS from the first byte (RFC 8314), `starttls` the upgrade.

    `weight` is its share among several servers, 0 for when the others are away; `per_second` the most it is given by
    all processes together, 0 for no limit; `connections` the most that one process opens.
    """

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    secure: bool = False
    starttls: Literal["auto", "always", "never"] = "auto"
    verify: bool = True
    name: str = ""
    weight: int = 1
    per_second: int = 0
    connections: int = 8
    connect_seconds: float = field(default_factory=lambda: CONNECT_SECONDS)
    reply_seconds: float = field(default_factory=lambda: REPLY_SECONDS)
    final_seconds: float = field(default_factory=lambda: FINAL_SECONDS)

    @property
    def place(self) -> str:
        """host:port, for people."""
        return f"{self.host}:{self.port}"

    async def connect(self) -> SmtpConnection:
        """A connection that has greeted, is encrypted as asked and signed in. Raises Unreachable in one sentence."""
        client = SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user or None,
            password=self.password if self.user else None,
            use_tls=self.secure,
            start_tls=False if self.secure else {"auto": None, "always": True, "never": False}[self.starttls],
            validate_certs=self.verify,
            local_hostname=_own_name(),
            timeout=self.connect_seconds,
        )
        try:
            async with asyncio.timeout(self.connect_seconds):
                await client.connect()
                if client.is_ehlo_or_helo_needed:
                    await client.ehlo()
            return SmtpConnection(client)
        except (SMTPException, OSError, ValueError, ConnectionLost) as problem:
            client.close()
            raise Unreachable(self._why(problem)) from problem

    def _why(self, problem: BaseException) -> str:
        """One sentence on what keeps this server from being used."""
        if isinstance(problem, SMTPAuthenticationError):
            words = words_of(problem.code, problem.message)
            return f"The mail server at {self.place} refuses the sign-in of SMTP_URL: {words}"
        return f"The mail server at {self.place} cannot be reached: {self._reason(problem)}"

    def _reason(self, problem: BaseException) -> str:
        if isinstance(problem, SMTPResponseException):
            return f"it answers {words_of(problem.code, problem.message)}"
        cause = _root(problem)
        if isinstance(cause, ssl.SSLError):
            return f"its TLS is not acceptable ({getattr(cause, 'verify_message', '') or cause.reason or cause})"
        if isinstance(cause, socket.gaierror):
            return "its name is unknown"
        if isinstance(problem, (SMTPTimeoutError, TimeoutError)) or isinstance(cause, TimeoutError):
            return f"no answer within {self.connect_seconds:g} s"
        if isinstance(cause, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(cause):
            return "connection refused"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        return " ".join(str(problem).split())[:200] or "it closed the connection without a word"


def _root(problem: BaseException) -> BaseException:
    while problem.__cause__ is not None:
        problem = problem.__cause__
    return problem


def _own_name() -> str:
    """The name to greet with; never looked up, because a broken resolver would hold up every connection."""
    name = socket.gethostname().strip()
    return name if name and name.isascii() and not any(letter.isspace() for letter in name) else "localhost"
