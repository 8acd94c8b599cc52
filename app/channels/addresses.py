"""Mail addresses on the wire: ASCII domains, and UTF-8 local parts only where a server takes them."""

from __future__ import annotations

import re
from email.utils import parseaddr
from functools import lru_cache

import idna

from app.errors import InvalidInput

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f<>,;]")


def wire_address(address: str) -> str:
    """The address with its domain in ASCII (IDNA 2008, UTS 46). Raises InvalidInput naming `email`."""
    local, at, domain = address.strip().rpartition("@")
    if not at or not local or not domain or _FORBIDDEN.search(address.strip()):
        raise InvalidInput.of("email", f"{address[:120]!r} is not an address mail can be sent to")
    return f"{local}@{_ascii_domain(domain, address)}"


def needs_utf8(address: str) -> bool:
    """Whether the server must know SMTPUTF8 (RFC 6531) for this wire address."""
    return not address.isascii()


@lru_cache(maxsize=8)
def sender_parts(sender: str) -> tuple[str, str]:
    """Display name and wire address of `Name <address>`. Raises InvalidInput naming `MAIL_FROM`."""
    name, address = parseaddr(sender)
    try:
        return name, wire_address(address)
    except InvalidInput:
        raise InvalidInput.of("MAIL_FROM", f"should be `Name <address>`, not {sender!r}") from None


def _ascii_domain(domain: str, address: str) -> str:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        raise InvalidInput.of("email", f"the domain of {address[:120]!r} is not a valid name") from None
