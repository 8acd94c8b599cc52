"""Which character encoding a file is in."""

from __future__ import annotations

import codecs
from typing import BinaryIO

from charset_normalizer import from_bytes

from app.errors import InvalidInput

BLOCK = 1 << 20
SAMPLE_BYTES = 64 * 1024

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

LEGACY = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "koi8_r", "cp932", "euc_jp", "gb18030", "big5", "cp949")
"""What spreadsheets and shop systems still write. Latin-1 is read as its superset cp1252 (WHATWG Encoding Standard)."""

STRAY_BYTES = "cohort-stray-bytes"
"""Decoder error handler: each byte that is no text becomes the lone surrogate U+DC00 + byte.

Python's own `surrogateescape` (PEP 383) gives up on bytes below 0x80, which UTF-16 and the East Asian codecs can meet.
"""

NOT_TEXT = "This is not a text file. Save the table as CSV (UTF-8) or as an Excel workbook (.xlsx)."


def detect_charset(file: BinaryIO) -> str:
    """The name of a codec for the file, which is left at its beginning.

    A byte order mark decides; else UTF-8 if every byte of the file agrees, or if most of what is beyond ASCII does;
    else what charset-normalizer finds most plausible among `LEGACY`. Raises InvalidInput when it is no text at all.
    """
    file.seek(0)
    head = file.read(BLOCK)
    for mark, name in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            file.seek(0)
            return name
    wide = _wide_charset(head[:SAMPLE_BYTES])
    if wide:
        file.seek(0)
        return wide
    if head.count(0) > len(head) // 100 + 1:
        raise InvalidInput.of("file", NOT_TEXT)
    sample = _sample_unless_utf8(file)
    file.seek(0)
    return "utf-8" if sample is None or _mostly_utf8(sample) else _legacy_charset(sample)


def is_stray(text: str) -> bool:
    """Whether the text holds bytes that could not be decoded."""
    return not text.isascii() and any("\udc00" <= character <= "\udcff" for character in text)


def _escape_stray(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(STRAY_BYTES, _escape_stray)


def _wide_charset(head: bytes) -> str | None:
    """UTF-16 without a byte order mark: text in any script has many ASCII characters, so every other byte is NUL."""
    half = len(head) // 2
    if half and not head.startswith((b"PK", b"%PDF", b"\x7fELF")):
        for name, start in (("utf-16-le", 1), ("utf-16-be", 0)):
            if head[start::2].count(0) > half * 0.4 and head[1 - start :: 2].count(0) < half * 0.02:
                return name
    return None


def _sample_unless_utf8(file: BinaryIO) -> bytes | None:
    """None when the whole file is UTF-8, else lines of it that hold bytes beyond ASCII, up to `SAMPLE_BYTES`."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        while block := file.read(BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
        return None
    except UnicodeDecodeError:
        pass
    file.seek(0)
    sample = bytearray()
    while len(sample) < SAMPLE_BYTES and (line := file.readline(BLOCK)):
        if not line.isascii():
            sample += line[:SAMPLE_BYTES]
    return bytes(sample)


def _mostly_utf8(sample: bytes) -> bool:
    """Whether UTF-8 sequences outnumber the bytes that belong to none: legacy text forms one only by rare accident."""
    text = sample.decode("utf-8", "surrogateescape")
    stray = sum("\udc80" <= character <= "\udcff" for character in text)
    beyond_ascii = sum(character > "\x7f" for character in text) - stray
    return beyond_ascii > stray


def _legacy_charset(sample: bytes) -> str:
    if sum(byte < 32 and byte not in b"\t\r\n" for byte in sample) > len(sample) // 50 + 2:
        raise InvalidInput.of("file", NOT_TEXT)
    matches = list(from_bytes(sample, cp_isolation=list(LEGACY)))
    if not matches:
        raise InvalidInput.of("file", NOT_TEXT)
    best = matches[0]
    ties = [match for match in matches if (match.chaos, match.coherence) == (best.chaos, best.coherence)]
    western = any("cp1252" in match.could_be_from_charset for match in ties)
    return "cp1252" if western else str(best.encoding)
