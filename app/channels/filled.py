"""Texts that were joined from pieces: what all messages of a campaign share is encoded once, not for each of them."""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from functools import lru_cache

_SOFT_BREAK = b"=\r\n"
_LINE = 76
_DENSE = 1.35
"""Bytes of quoted-printable for one of UTF-8 from which on base64 is the shorter one."""

Plan = tuple[str | int, ...]
"""Lasting texts, and the places of the values between them."""


class Filled(str):
    """The text, which remembers its plan and the values filled in. One plan serves all messages of a campaign."""

    __slots__ = ("plan", "values")

    plan: Plan
    values: Sequence[str]

    @classmethod
    def of(cls, plan: Plan, values: Sequence[str]) -> Filled:
        """Joined."""
        text = cls("".join([piece if isinstance(piece, str) else values[piece] for piece in plan]))
        text.plan = plan
        text.values = values
        return text

    def quoted_printable(self) -> bytes | None:
        """In lines of at most 76 characters (RFC 2045 section 6.7), or None when base64 would be shorter.

        Each piece ends with a soft line break, so that the next begins at the start of a line wherever it comes.
        """
        encoded = _encoded(self.plan)
        if encoded is None:
            return None
        values = self.values
        return b"".join([piece if isinstance(piece, bytes) else _ended(values[piece]) for piece in encoded])


def with_crlf(text: str) -> bytes:
    """UTF-8 with the line ends of mail."""
    raw = text.encode("utf-8", "replace")
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return raw.replace(b"\n", b"\r\n") if b"\n" in raw else raw


@lru_cache(maxsize=64)
def _encoded(plan: Plan) -> tuple[bytes | int, ...] | None:
    encoded = tuple(piece if isinstance(piece, int) else _ended(piece) for piece in plan)
    size = sum(len(piece) for piece in encoded if isinstance(piece, bytes))
    plain = sum(len(piece.encode("utf-8", "replace")) for piece in plan if isinstance(piece, str))
    return encoded if size <= plain * _DENSE + 200 else None


def quoted(text: str) -> bytes:
    """Quoted-printable in lines of at most 76 characters that end as mail's do."""
    raw = with_crlf(text)
    encoded = binascii.b2a_qp(raw, istext=True)
    # It breaks lines as the text does, and with a line feed alone where the text has no line end.
    return encoded if b"\n" in raw or len(encoded) <= _LINE else encoded.replace(b"\n", b"\r\n")


def _ended(text: str) -> bytes:
    """The same with a soft line break at the end, which needs room in the last line."""
    encoded = quoted(text)
    last = len(encoded) - encoded.rfind(b"\n") - 1
    if last < _LINE:
        return encoded + _SOFT_BREAK
    cut = len(encoded) - 3
    if encoded[cut - 1 : cut] == b"=":
        cut -= 1
    elif encoded[cut - 2 : cut - 1] == b"=":
        cut -= 2
    return encoded[:cut] + _SOFT_BREAK + encoded[cut:] + _SOFT_BREAK
