"""CSV that a spreadsheet may open without executing what customers typed into it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""First characters that make a spreadsheet read a cell as a formula (OWASP, "CSV Injection")."""

HARMLESS = re.compile(r"[+-]?\d+(?:[.,]\d+)*|\+\d[\d ()./-]*", re.ASCII)
"""Plain numbers and telephone numbers."""


def safe_cell(text: str) -> str:
    """The text, with an apostrophe in front when a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(RISKY) and not HARMLESS.fullmatch(text) else text


def csv_lines(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows as CSV in UTF-8 with CRLF (RFC 4180), every cell made safe."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([safe_cell(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8", "replace")
