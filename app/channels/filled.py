"""Texts that were joined from pieces: what all messages of a campaign share is encoded once, not for each of them."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from operator import itemgetter

_SOFT_BREAK = b"=\r\n"
_LINE = 76
_DENSE = 1.35
"""Bytes of quoted-printable for one of UTF-8 from which on base64 is the shorter one."""

_READABLE = re.compile(r"[ -<>-~]{0,75}", re.ASCII)
"""What is the same in quoted-printable and leaves room for a soft line break: most names and links."""


class Plan:
    """Lasting texts, and the places of the values between them. One plan serves all messages of a campaign.

    Kept as formats, which `%` fills in without a loop of ours.
    """

    def __init__(self, pieces: Sequence[str | int]) -> None:
        self._pieces = tuple(pieces)
        places = [piece for piece in self._pieces if isinstance(piece, int)]
        self._pick = _picker(places)
        self._format = "".join("%s" if isinstance(piece, int) else piece.replace("%", "%%") for piece in self._pieces)

    def join(self, values: Sequence[str]) -> str:
        """The text with these values."""
        return self._format % self._pick(values)

    def encode(self, values: Sequence[str]) -> bytes | None:
        """The text in quoted-printable, or None when base64 would be shorter."""
        encoded = self._encoded
        return None if encoded is None else encoded % tuple(map(_ended, self._pick(values)))

    @cached_property
    def _encoded(self) -> bytes | None:
        """Each piece ends with a soft line break, so that the next begins a line wherever it comes."""
        texts = [piece for piece in self._pieces if isinstance(piece, str)]
        size = sum(len(_ended(text)) for text in texts)
        if size > sum(len(text.encode("utf-8", "replace")) for text in texts) * _DENSE + 200:
            return None
        return b"".join(
            b"%b" if isinstance(piece, int) else _ended(piece).replace(b"%", b"%%") for piece in self._pieces
        )


class Filled(str):
    """The text, which remembers its plan and the values filled in."""

    __slots__ = ("plan", "values")

    plan: Plan
    values: Sequence[str]

    @classmethod
    def of(cls, plan: Plan, values: Sequence[str]) -> Filled:
        """Joined."""
        text = cls(plan.join(values))
        text.plan = plan
        text.values = values
        return text

    def quoted_printable(self) -> bytes | None:
        """In lines of at most 76 characters (RFC 2045 section 6.7), or None when base64 would be shorter."""
        return self.plan.encode(self.values)


def _picker(places: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """What takes the values at these places, in order."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: tuple(values[place] for place in places)


def with_crlf(text: str) -> bytes:
    """UTF-8 with the line ends of mail."""
    raw = text.encode("utf-8", "replace")
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return raw.replace(b"\n", b"\r\n") if b"\n" in raw else raw


def quoted(text: str) -> bytes:
    """Quoted-printable in lines of at most 76 characters that end as mail's do."""
    raw = with_crlf(text)
    encoded = binascii.b2a_qp(raw, istext=True)
    # It breaks lines as the text does, and with a line feed alone where the text has no line end.
    return encoded if b"\n" in raw or len(encoded) <= _LINE else encoded.replace(b"\n", b"\r\n")


def _ended(text: str) -> bytes:
    """The same with a soft line break at the end, which needs room in the last line."""
    if _READABLE.fullmatch(text):
        return text.encode() + _SOFT_BREAK
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
