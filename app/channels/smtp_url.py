"""SMTP_URL: one mail server or several, each with its options."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from app.channels.smtp_server import SmtpServer
from app.errors import SettingsError

MOST_CONNECTIONS = 50
MOST_WEIGHT = 1000
_HOST = re.compile(r"[\w.:%-]+\Z")
OPTIONS = ("starttls", "verify", "name", "weight", "per_second", "connections")


def servers_of(urls: str) -> list[SmtpServer]:
    """The servers of SMTP_URL, which are separated by blanks. Raises SettingsError with one line that says what to do.

    smtp[s]://user:pass@host:port?starttls=auto|always|never&verify=yes|no&name=...&weight=1&per_second=0&connections=8
    """
    servers = [server_of(url) for url in urls.split()]
    if not servers:
        raise _wrong("names no server")
    names = [server.name for server in servers]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise _wrong(f"two servers are called {twice!r}; give each a name= of its own")
    if not any(server.weight for server in servers):
        raise _wrong("every weight is 0; at least one server needs 1 or more")
    return servers


def server_of(url: str) -> SmtpServer:
    """One server. Raises SettingsError, whose words never hold a password."""
    try:
        parts = urlsplit(url)
    except ValueError as problem:
        raise _wrong(f"holds no address that can be read ({problem})") from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        shown = url if "@" not in url else f"...@{url.rpartition('@')[2]}"
        raise _wrong(f"each server should be a URL such as smtp://user:pass@host:587, not {shown!r}")
    if not _HOST.match(parts.hostname):
        raise _wrong(f"{parts.hostname!r} is no host name; several servers are separated by blanks alone")
    if unknown := next((name for name in options if name not in OPTIONS), ""):
        raise _wrong(f"{unknown!r} is not an option; {', '.join(OPTIONS)} are")
    try:
        port = parts.port
    except ValueError:
        raise _wrong(f"the port of {parts.hostname} should be a number from 1 to 65535") from None
    secure = parts.scheme == "smtps"
    place_port = port or (465 if secure else 587 if parts.username else 25)
    return SmtpServer(
        host=parts.hostname,
        port=place_port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        secure=secure,
        starttls=_one_of(options, "starttls", ("auto", "always", "never")),  # type: ignore[arg-type]  # one of these
        verify=_one_of(options, "verify", ("yes", "no")) == "yes",
        name=_name(options, f"{parts.hostname}:{place_port}"),
        weight=_number(options, "weight", 1, 0, MOST_WEIGHT),
        per_second=_number(options, "per_second", 0, 0, 100_000),
        connections=_number(options, "connections", 8, 1, MOST_CONNECTIONS),
    )


def _one_of(options: dict[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = options.get(name, allowed[0])
    if value not in allowed:
        raise _wrong(f"{name} should be {', '.join(allowed[:-1])} or {allowed[-1]}, not {value!r}")
    return value


def _number(options: dict[str, str], name: str, default: int, least: int, most: int) -> int:
    value = options.get(name, str(default))
    if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
        raise _wrong(f"{name} should be a whole number from {least} to {most}, not {value!r}")
    return int(value)


def _name(options: dict[str, str], default: str) -> str:
    name = options.get("name", default).strip()
    if not name or len(name) > 60 or not name.isprintable():
        raise _wrong(f"name should be 1 to 60 letters, not {name[:60]!r}")
    return name


def _wrong(words: str) -> SettingsError:
    return SettingsError(f"SMTP_URL: {words}")
