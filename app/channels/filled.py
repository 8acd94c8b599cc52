"""Texts made of pieces: what all messages of a campaign share is encoded once, and joined only where somebody reads
the whole text. Mail is sent without ever joining it.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence
from functools import cached_property

_SOFT_BREAK = b"=\r\n"
_LINE = 76
_DENSE = 1.35
"""Bytes of quoted-printable for one of UTF-8 from which on base64 is the shorter one."""

_DOTS = re.compile(rb"^\.+", re.MULTILINE)
_READABLE = re.compile(r"(?!\.)[ -<>-~]{0,300}", re.ASCII)
"""What is the same in quoted-printable but for the ends of lines: most names and links."""


class Plan:
    """Lasting texts, and the places of the values between them. One plan serves all messages of a campaign."""

    def __init__(self, pieces: Sequence[str | int]) -> None:
        self._parts = [piece if isinstance(piece, str) else "" for piece in pieces]
        self._gaps = [(number, piece) for number, piece in enumerate(pieces) if isinstance(piece, int)]
        self._places = [place for _, place in self._gaps]
        self._lasting = sum(map(len, self._parts))

    def length(self, values: Sequence[str]) -> int:
        """Characters of the text with these values."""
        length = self._lasting
        for place in self._places:
            length += len(values[place])
        return length

    def join(self, values: Sequence[str]) -> str:
        """The text with these values."""
        parts = self._parts.copy()
        for number, place in self._gaps:
            parts[number] = values[place]
        return "".join(parts)

    def encode(self, values: Sequence[str]) -> bytes | None:
        """The text in quoted-printable, or None when base64 would be shorter."""
        if self._encoded is None:
            return None
        parts = self._encoded.copy()
        for number, place in self._gaps:
            parts[number] = _ended(values[place])
        return b"".join(parts)

    @cached_property
    def _encoded(self) -> list[bytes] | None:
        """Each piece ends with a soft line break, so that the next begins a line wherever it comes."""
        gaps = {number for number, _ in self._gaps}
        encoded = [b"" if number in gaps else _ended(part) for number, part in enumerate(self._parts)]
        plain = sum(len(part.encode("utf-8", "replace")) for part in self._parts)
        return encoded if sum(map(len, encoded)) <= plain * _DENSE + 200 else None


class Filled:
    """A plan and the values filled in; `str` of it is the text."""

    __slots__ = ("plan", "values")

    def __init__(self, plan: Plan, values: Sequence[str]) -> None:
        self.plan = plan
        self.values = values

    def __str__(self) -> str:
        return self.plan.join(self.values)

    def __len__(self) -> int:
        return self.plan.length(self.values)

    def quoted_printable(self) -> bytes | None:
        """In lines of at most 76 characters (RFC 2045 section 6.7), or None when base64 would be shorter."""
        return self.plan.encode(self.values)


Text = str | Filled
"""What a message carries; `str` of it is the text."""


def with_crlf(text: str) -> bytes:
    """UTF-8 with the line ends of mail."""
    raw = text.encode("utf-8", "replace")
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return raw.replace(b"\n", b"\r\n") if b"\n" in raw else raw


def quoted(text: str) -> bytes:
    """Quoted-printable in lines of at most 76 characters that end as mail's do, none of which begins with a dot."""
    raw = with_crlf(text)
    encoded = binascii.b2a_qp(raw, istext=True)
    # It breaks lines as the text does, and with a line feed alone where the text has no line end.
    if b"\n" not in raw and len(encoded) > _LINE:
        encoded = encoded.replace(b"\n", b"\r\n")
    return _DOTS.sub(_without_first_dot, encoded)


def _without_first_dot(dots: re.Match[bytes]) -> bytes:
    """As RFC 2049 section 3 advises, and so that nothing has to be stuffed (RFC 5321 section 4.5.2)."""
    run = dots[0]
    return b"".join(b"=2E" + run[start + 1 : start + 70] + _SOFT_BREAK for start in range(0, len(run), 70))


def _ended(text: str) -> bytes:
    """The same with a soft line break at the end, which needs room in the last line."""
    if _READABLE.fullmatch(text):
        raw = text.encode()
        if len(raw) < _LINE:
            return raw + _SOFT_BREAK
        lines = [raw[start : start + _LINE - 1] for start in range(0, len(raw), _LINE - 1)]
        broken = _SOFT_BREAK.join((*lines, b""))
        if b"\n." not in broken:
            return broken
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
