"""CSV files as people really have them: any common delimiter and charset, stray quotes, torn rows."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from app.errors import InvalidInput
from app.imports.charset import STRAY_BYTES, detect_charset, is_stray
from app.imports.limits import MAX_FIELD_CHARACTERS, MAX_LINE_CHARACTERS
from app.imports.table import Row, checked_header, problem_of

DELIMITERS = (",", ";", "\t", "|")
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SNIFFED_LINES = 200


class _Lines:
    """Physical lines of the file, which can be handed back when a record made of several turns out to be torn."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self._returned: list[str] = []
        self.record: list[str] = []
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._returned.pop() if self._returned else self._stream.readline(MAX_LINE_CHARACTERS)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) >= MAX_LINE_CHARACTERS:
            raise InvalidInput.of("file", f"Line {self.number} does not end: this does not look like a CSV file.")
        self.record.append(line)
        return line

    def start_record(self) -> int:
        """Forget the lines of the last record; the number of the line before the next."""
        self.record.clear()
        return self.number

    def keep_first(self) -> str:
        """Hand back every line of the current record but the first, which is returned."""
        first, *rest = self.record
        self._returned.extend(reversed(rest))
        self.number -= len(rest)
        return first


class DelimitedTable:
    """A CSV file. A row that the format does not allow comes out with a problem and the next line starts afresh."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._size = max(path.stat().st_size, 1)
        self._text: io.TextIOWrapper | None = None
        try:
            self._charset = detect_charset(self._file)
            self._skip = 0
            self._delimiter = self._sniff()
            self.columns = self._header()
        except BaseException:
            self.close()
            raise
        self.format = f"CSV, {self._charset}, {DELIMITER_NAMES.get(self._delimiter, self._delimiter)}"

    def rows(self) -> Iterator[Row]:
        """The rows below the header, without blank ones."""
        records = self._records(self._open())
        next(records)
        width = len(self.columns)
        for line, values, problem in records:
            if problem is None:
                if not any(values):
                    continue
                problem = problem_of(values, width) or self._undecodable(values)
            yield Row(line, values, problem)

    def share_read(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        return 0.0 if self._file.closed else min(self._file.tell() / self._size, 1.0)

    def close(self) -> None:
        """Let the file go."""
        if self._text is not None:
            self._text.detach()
            self._text = None
        self._file.close()

    def _open(self) -> _Lines:
        """The lines from the beginning. Bytes that are no text become lone surrogates, so only their row is refused."""
        if self._text is not None:
            self._text.detach()
        self._file.seek(0)
        self._text = io.TextIOWrapper(self._file, encoding=self._charset, errors=STRAY_BYTES, newline="")
        lines = _Lines(self._text)
        for _ in range(self._skip):
            next(lines)
        return lines

    def _records(self, lines: _Lines) -> Iterator[tuple[int, list[str], str | None]]:
        """(first line, fields, problem) of every record, blank lines left out.

        The parser is strict: what follows a closing quote, or a quote that never closes, ends the record at once, its
        first line is refused alone and reading goes on with the line after it. So one stray quote costs one row.
        """
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        while True:
            before = lines.start_record()
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                first = lines.keep_first()
                yield before + 1, [first.rstrip("\r\n")[:MAX_FIELD_CHARACTERS]], _explain(error)
                reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
            else:
                if values:
                    yield before + 1, values, None

    def _sniff(self) -> str:
        """The delimiter under which the header has several columns and most rows agree with it; comma if none does."""
        head = self._head()
        if head and head[0].strip().lower() in {f"sep={mark}" for mark in DELIMITERS}:
            self._skip = 1
            return head[0].strip()[4:] or "\t"
        best = max(DELIMITERS, key=lambda delimiter: _agreement(head, delimiter))
        return best if _agreement(head, best) > (0, 0) else ","

    def _head(self) -> list[str]:
        lines = self._open()
        return [line for line, _ in zip(lines, range(SNIFFED_LINES), strict=False)]

    def _header(self) -> list[str]:
        first = next(self._records(self._open()), None)
        if first is None:
            raise InvalidInput.of("file", "The file is empty.")
        line, values, problem = first
        if problem:
            raise InvalidInput.of("file", f"The header (line {line}) cannot be read: the line {problem}.")
        if undecodable := self._undecodable(values):
            raise InvalidInput.of("file", f"The header (line {line}) {undecodable}.")
        return checked_header(values)

    def _undecodable(self, values: list[str]) -> str | None:
        if "".join(values).isascii():
            return None
        for number, value in enumerate(values, 1):
            if is_stray(value):
                return f"field {number} has bytes that are not {self._charset.removesuffix('-sig').upper()} text"
        return None


def _agreement(head: list[str], delimiter: str) -> tuple[float, int]:
    """(share of records with as many fields as the header, fields of the header); (0, 0) when it has but one."""
    widths: list[int] = []
    reader = csv.reader(iter(head), delimiter=delimiter)
    with contextlib.suppress(csv.Error):
        widths.extend(len(record) for record in reader if record)
    if not widths or widths[0] < 2:
        return (0, 0)
    return (round(widths.count(widths[0]) / len(widths), 1), widths[0])


def _explain(error: csv.Error) -> str:
    words = str(error)
    if "unexpected end of data" in words or "field larger than" in words:
        return "opens a quote that is never closed"
    if "expected after" in words:
        return "has text after a closing quote"
    return f"is not valid CSV ({words})"
