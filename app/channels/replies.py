"""Reading an SMTP server's reply: temporary or permanent, and whose fault."""

from __future__ import annotations

import re

from app.channels.base import Outcome, Result

CLOSING = 421
"""The server ends the connection after this reply (RFC 5321 section 3.8)."""

SIGN_IN_CODES = frozenset({530, 534, 535, 538})
"""Replies that ask for another sign-in, whichever command they answer (RFC 4954 section 6)."""

_ENHANCED = re.compile(r"^\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_SLOW_DOWN_CODES = frozenset({421, 450, 451, 452})
_NOT_THE_ADDRESS = frozenset({"7", "8"})
"""5.1.7 and 5.1.8 are about the sender's address (RFC 3463 section 3.2)."""

_POLICY = {
    "1": "The receiving server refuses mail like this from you by its own rules",
    "8": "The mail server refuses your sign-in",
    "9": "The mail server refuses this way of signing in",
    "20": "The receiving server misses a valid DKIM signature",
    "21": "The receiving server does not accept your DKIM signature",
    "22": "Your DKIM signature is not of your sender's domain",
    "23": "The receiving server's SPF check fails for your mail server",
    "24": "The receiving server could not evaluate your domain's SPF record",
    "25": "Your mail server's address has no valid reverse name",
    "26": "The receiving server's SPF and DKIM checks both fail for your mail",
    "27": "The sender's domain says that it takes no mail",
}
"""By the detail of a 5.7 code: RFC 3463 section 3.8, RFC 4954, RFC 7372, RFC 7505."""


def enhanced_code(text: str) -> tuple[str, str, str] | None:
    """The class, subject and detail of an enhanced status code (RFC 3463) at the head of a reply."""
    found = _ENHANCED.match(text)
    return (found[1], found[2], found[3]) if found else None


def words_of(code: int, text: str) -> str:
    """The reply on one line, at most 500 characters, printable."""
    line = " ".join(f"{code} {text}".split())
    return line[:500] if line.isprintable() else "".join(c if c.isprintable() else "?" for c in line)[:500]


def outcome_of(code: int, text: str, server: str = "") -> Outcome:
    """What a reply to a mail means: 4xx is temporary and 5xx permanent (RFC 5321 section 4.2.1).

    5.1.x says that the address is wrong; 421, 450, 451, 452 and 4.7.x that the server wants less at a time.
    """
    words = words_of(code, text)
    if 200 <= code < 300:
        return Outcome(result=Result.ACCEPTED, words=words, server=server)
    enhanced = enhanced_code(text)
    if 500 <= code < 600:
        bad = enhanced is not None and enhanced[:2] == ("5", "1") and enhanced[2] not in _NOT_THE_ADDRESS
        return Outcome(result=Result.PERMANENT, words=words, bad_address=bad, server=server)
    slow = code in _SLOW_DOWN_CODES or (enhanced is not None and enhanced[:2] == ("4", "7"))
    return Outcome(result=Result.TEMPORARY, words=words, slow_down=slow, server=server)


def alert_of(words: str) -> str | None:
    """One sentence for whoever runs the shop when a refusal is about them and not about the address, else None.

    `words` is a reply as `words_of` gives it; a refusal by policy (5.7.x) hits every next message too.
    """
    code, _, text = words.partition(" ")
    enhanced = enhanced_code(text)
    if not (len(code) == 3 and code.startswith("5")) or enhanced is None or enhanced[:2] != ("5", "7"):
        return None
    meaning = _POLICY.get(enhanced[2], _POLICY["1"])
    return f"{meaning}: {words}"
