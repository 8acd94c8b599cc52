"""From a file to rows ready to be written: what an import does before it writes anything."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.errors import InvalidInput
from app.imports.fields import Kind
from app.imports.limits import SAMPLE_ROWS
from app.imports.mapping import ColumnMapping, map_columns
from app.imports.readers import open_table
from app.imports.rows import RowProblem, RowReader
from app.imports.table import Row, Table


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One row of the file: `data` for the bulk service, or the `reason` why it cannot be used."""

    row: Row
    data: dict[str, Any] | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class OpenImport:
    """A file whose columns are mapped and understood."""

    table: Table
    mapping: ColumnMapping
    reader: RowReader

    def outcomes(self, skip: int = 0) -> Iterator[Outcome]:
        """Every row below the header after the first `skip`."""
        for row in itertools.islice(self.table.rows(), skip, None):
            if row.problem is not None:
                yield Outcome(row=row, data=None, reason=f"The row {row.problem}.")
                continue
            try:
                yield Outcome(row=row, data=self.reader.read(row.values), reason="")
            except RowProblem as problem:
                yield Outcome(row=row, data=None, reason=str(problem))


def open_import(path: Path, kind: Kind, mapping: Mapping[str, str] | None, zone: ZoneInfo) -> OpenImport:
    """Open a file and settle how each column is read. The caller closes `table`.

    Raises InvalidInput or TooLarge for everything that makes the file as a whole unusable: see `open_table`,
    `map_columns` and `reader_for`; also when there is no row below the header.
    """
    table = open_table(path)
    try:
        columns = map_columns(kind, table.columns, mapping)
        sample = list(itertools.islice(table.rows(), SAMPLE_ROWS))
        if not sample:
            raise InvalidInput.of("file", "There are no rows below the header.")
        readable = [row.values for row in sample if row.problem is None]
        reader = RowReader(columns, readable, zone)
    except BaseException:
        table.close()
        raise
    return OpenImport(table=table, mapping=columns, reader=reader)
