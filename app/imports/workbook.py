"""Excel and OpenDocument workbooks: the first sheet that is not empty, its cells as text."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from app.errors import InvalidInput, TooLarge
from app.imports.limits import MAX_UNPACKED_BYTES
from app.imports.table import Row, checked_header, problem_of


class WorkbookTable:
    """A workbook. Line numbers are the sheet's row numbers as the program that made it shows them."""

    def __init__(self, path: Path) -> None:
        _refuse_bomb(path)
        try:
            self._book = CalamineWorkbook.from_path(path)
            self._sheet = _first_sheet(self._book)
        except PasswordError as problem:
            raise InvalidInput.of("file", "The workbook is protected by a password; save it without one.") from problem
        except (CalamineError, OSError) as problem:
            raise InvalidInput.of("file", f"The workbook cannot be read: {problem}") from problem
        self._read = 0
        header = next(self._cells(), None)
        if header is None:
            raise InvalidInput.of("file", "The workbook has no cells in it.")
        self.columns = checked_header(header[1])
        self.format = f"workbook, sheet {self._sheet.name}"

    def rows(self) -> Iterator[Row]:
        """The rows below the header, without blank ones."""
        cells = self._cells()
        next(cells)
        width = len(self.columns)
        for line, values in cells:
            self._read += 1
            if any(values):
                yield Row(line, values, problem_of(values, width))

    def share_read(self) -> float:
        """How much of the sheet has been read, from 0 to 1."""
        return min((self._read + 1) / max(self._sheet.height, 1), 1.0)

    def close(self) -> None:
        """Let the workbook go."""
        self._book.close()

    def _cells(self) -> Iterator[tuple[int, list[str]]]:
        """(row number, texts) of the used area; rows and columns before it are skipped."""
        self._read = 0
        used = False
        for index, cells in enumerate(self._sheet.iter_rows(), 1):
            values = [text_of(cell) for cell in cells]
            used = used or any(values)
            if used:
                yield index, values


def _first_sheet(book: CalamineWorkbook) -> CalamineSheet:
    sheets = [book.get_sheet_by_index(index) for index in range(len(book.sheet_names))]
    for sheet in sheets:
        if sheet.height:
            return sheet
    raise InvalidInput.of("file", "The workbook has no cells in it.")


def text_of(cell: Any) -> str:
    """A cell as a person would type it; numbers keep the 15 digits that a spreadsheet keeps (ECMA-376, 18.3.1.4)."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return format(Decimal(f"{cell:.15g}"), "f")
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return "" if cell is None else str(cell)


def _refuse_bomb(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError) as problem:
        raise InvalidInput.of("file", f"The workbook cannot be read: {problem}") from problem
    if unpacked > MAX_UNPACKED_BYTES:
        raise TooLarge(f"file: the workbook unpacks to more than {MAX_UNPACKED_BYTES // 2**20:,} MB.")
