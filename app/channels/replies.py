"""Reading an SMTP server's reply: temporary or permanent, and whose fault."""

from __future__ import annotations

import re

from app.channels.base import Outcome, Result

_ENHANCED = re.compile(r"^\s*([245])\.(\d{1,3})\.(\d{1,3})\b")

SIGN_IN_CODES = frozenset({530, 534, 535, 538})
"""Replies that ask for another sign-in, whichever command they answer (RFC 4954 section 6)."""

_NOT_THE_ADDRESS = frozenset({"7", "8"})
"""5.1.7 and 5.1.8 are about the sender's address (RFC 3463 section 3.2)."""


def enhanced_code(text: str) -> tuple[str, str, str] | None:
    """The class, subject and detail of an enhanced status code (RFC 3463) at the head of a reply."""
    found = _ENHANCED.match(text)
    return (found[1], found[2], found[3]) if found else None


def words_of(code: int, text: str) -> str:
    """The reply on one line, at most 500 characters, printable."""
    line = " ".join(f"{code} {text}".split())
    return "".join(letter if letter.isprintable() else "?" for letter in line)[:500]


def outcome_of(code: int, text: str) -> Outcome:
    """4xx is temporary and 5xx permanent (RFC 5321 section 4.2.1); 5.1.x says that the address is wrong."""
    if 200 <= code < 300:
        return Outcome(result=Result.ACCEPTED, words=words_of(code, text))
    if 500 <= code < 600:
        enhanced = enhanced_code(text)
        bad = enhanced is not None and enhanced[:2] == ("5", "1") and enhanced[2] not in _NOT_THE_ADDRESS
        return Outcome(result=Result.PERMANENT, words=words_of(code, text), bad_address=bad)
    return Outcome(result=Result.TEMPORARY, words=words_of(code, text))
