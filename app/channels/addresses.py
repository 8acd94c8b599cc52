"""Mail addresses on the wire: ASCII domains, and UTF-8 local parts only where a server takes them."""

from __future__ import annotations

import re
from email.utils import parseaddr
from functools import lru_cache

import idna

from app.errors import InvalidInput

LONGEST_ADDRESS = 254
LONGEST_LOCAL = 64
"""Octets (RFC 5321 sections 4.5.3.1.1 and 4.5.3.1.3; the path's 256 hold the brackets too)."""

_LOCAL = re.compile(r"[^\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff<>()\[\]\\,;:@\"]+\Z")
_BREAK = re.compile(r"[\x00-\x1f\x7f]")
_DOMAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\Z")
_LITERAL = re.compile(r"\[(?:IPv6:)?[0-9A-Fa-f:.]+\]\Z")


def wire_address(address: str) -> str:
    """The address with its domain in ASCII (IDNA 2008, UTS 46). Raises InvalidInput naming `email`."""
    local, _, domain = address.strip().rpartition("@")
    if not _LOCAL.match(local):
        raise _unusable(address)
    try:
        wire = f"{local}@{_ascii_domain(domain)}"
    except ValueError:
        raise InvalidInput.of("email", f"the domain of {address[:120]!r} is not a valid name") from None
    if _octets(local) > LONGEST_LOCAL or _octets(wire) > LONGEST_ADDRESS:
        raise InvalidInput.of("email", f"{address[:60]!r}... is longer than a mail address may be")
    return wire


def _octets(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def needs_utf8(address: str) -> bool:
    """Whether the server must know SMTPUTF8 (RFC 6531) for this wire address."""
    return not address.isascii()


@lru_cache(maxsize=8)
def sender_parts(sender: str) -> tuple[str, str]:
    """Display name and wire address of `Name <address>`. Raises InvalidInput naming `MAIL_FROM`."""
    name, address = parseaddr(sender) if not _BREAK.search(sender) else ("", "")
    try:
        return name, wire_address(address)
    except InvalidInput:
        raise InvalidInput.of("MAIL_FROM", f"should be `Name <address>`, not {sender!r}") from None


@lru_cache(maxsize=4096)
def _ascii_domain(domain: str) -> str:
    """Raises ValueError (idna.IDNAError is one) for what is no domain."""
    wire = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    if not _DOMAIN.match(wire) and not _LITERAL.match(wire):
        raise ValueError(domain)
    return wire


def _unusable(address: str) -> InvalidInput:
    return InvalidInput.of("email", f"{address[:120]!r} is not an address mail can be sent to")
