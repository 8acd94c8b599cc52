"""The mail server SMTP_URL names, and one signed-in connection to it."""

from __future__ import annotations

import errno
import socket
import ssl
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

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
from app.errors import SettingsError

CONNECT_SECONDS = 10.0
REPLY_SECONDS = 30.0
"""How long one reply may take. Shorter than RFC 5321 section 4.5.3.2 asks, because a chunk waits for it."""


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """Where and how to hand mail over. `secure` is TLS from the first byte (RFC 8314), `starttls` the upgrade."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    secure: bool = False
    starttls: Literal["auto", "always", "never"] = "auto"
    verify: bool = True

    @classmethod
    def of(cls, url: str) -> SmtpServer:
        """Read smtp[s]://user:pass@host:port?starttls=auto|always|never&verify=yes|no. Raises SettingsError."""
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        starttls = query.pop("starttls", ["auto"])[-1]
        verify = query.pop("verify", ["yes"])[-1]
        if starttls not in ("auto", "always", "never"):
            raise SettingsError(f"SMTP_URL: starttls should be auto, always or never, not {starttls!r}")
        if verify not in ("yes", "no"):
            raise SettingsError(f"SMTP_URL: verify should be yes or no, not {verify!r}")
        if query:
            raise SettingsError(f"SMTP_URL: {next(iter(query))!r} is not an option; starttls and verify are")
        if not parts.hostname:
            raise SettingsError("SMTP_URL: names no host")
        secure = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if secure else 587 if parts.username else 25),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            secure=secure,
            starttls=starttls,  # type: ignore[arg-type]  # checked above
            verify=verify == "yes",
        )

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
            timeout=CONNECT_SECONDS,
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
            return SmtpConnection(client, timeout=REPLY_SECONDS)
        except (SMTPException, OSError, ValueError, ConnectionLost) as problem:
            client.close()
            raise Unreachable(self.why(problem)) from problem

    def why(self, problem: BaseException) -> str:
        """One sentence on what keeps this server from being used."""
        if isinstance(problem, SMTPAuthenticationError):
            words = words_of(problem.code, problem.message)
            return f"The mail server at {self.place} refuses the sign-in of SMTP_URL: {words}"
        return f"The mail server at {self.place} cannot be reached: {_reason(problem)}"


def _reason(problem: BaseException) -> str:
    if isinstance(problem, SMTPResponseException):
        return f"it answers {words_of(problem.code, problem.message)}"
    cause = _root(problem)
    if isinstance(cause, ssl.SSLError):
        return f"its TLS is not acceptable ({getattr(cause, 'verify_message', '') or cause.reason or cause})"
    if isinstance(cause, socket.gaierror):
        return "its name is unknown"
    if isinstance(problem, SMTPTimeoutError) or isinstance(cause, TimeoutError):
        return f"no answer within {CONNECT_SECONDS:g} s"
    if isinstance(cause, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(cause):
        return "connection refused"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    return " ".join(str(problem).split())[:200] or type(problem).__name__


def _root(problem: BaseException) -> BaseException:
    while problem.__cause__ is not None:
        problem = problem.__cause__
    return problem


def _own_name() -> str:
    """The name to greet with; never looked up, because a broken resolver would hold up every connection."""
    name = socket.gethostname().strip()
    return name if name and name.isascii() and not any(letter.isspace() for letter in name) else "localhost"
