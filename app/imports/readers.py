"""Open an uploaded file as a table."""

from __future__ import annotations

import zipfile
from pathlib import Path

from app.errors import InvalidInput, TooLarge
from app.imports.delimited import DelimitedTable
from app.imports.limits import MAX_FILE_BYTES
from app.imports.table import Table
from app.imports.workbook import WorkbookTable


def open_table(path: Path) -> Table:
    """Open a CSV file or a workbook, told apart by content, not by name.

    Raises InvalidInput, with one sentence that says what is wrong, for a file that is empty, no table, or has an
    unusable header, and TooLarge above the limits.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            magic = file.read(8)
    except OSError as problem:
        raise InvalidInput.of("file", f"{path.name} cannot be read: {problem.strerror or problem}") from problem
    if size == 0:
        raise InvalidInput.of("file", "The file is empty.")
    if size > MAX_FILE_BYTES:
        raise TooLarge(
            f"file: {size / 2**20:,.0f} MB is more than the {MAX_FILE_BYTES // 2**20} MB one import may have."
        )
    workbook = magic.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") or zipfile.is_zipfile(path)
    return WorkbookTable(path) if workbook else DelimitedTable(path)
