"""What a file looks like before anybody decides to import it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from app.errors import InvalidInput
from app.imports.fields import FIELDS, Kind
from app.imports.mapping import columns_by_name
from app.imports.opening import open_import
from app.imports.readers import open_table

SHOWN_ROWS = 5


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """A file's columns and first rows, how they would be used, and what, if anything, stands against importing it.

    `mapping` is {column: field} for the columns in use; `fields` is {field: label} of all there are. `problem` is None
    when `start_import` would take the file with the mapping that was asked about.
    """

    format: str
    columns: list[str]
    rows: list[list[str]]
    mapping: dict[str, str]
    ignored_columns: list[str]
    fields: dict[str, str]
    problem: str | None


def inspect_file(path: Path, kind: Kind, mapping: Mapping[str, str] | None, zone: ZoneInfo) -> Inspection:
    """Look at a file. Raises InvalidInput or TooLarge when it is no table at all."""
    table = open_table(path)
    try:
        rows = [row.values for row in itertools.islice(table.rows(), SHOWN_ROWS)]
        by_name = columns_by_name(kind, table.columns)
    finally:
        table.close()
    used, ignored = by_name.names() if mapping is None else dict(mapping), list(by_name.ignored)
    problem = None
    try:
        opened = open_import(path, kind, mapping, zone)
        opened.table.close()
        used, ignored = opened.mapping.names(), list(opened.mapping.ignored)
    except InvalidInput as refusal:
        problem = refusal.detail
    return Inspection(
        format=table.format,
        columns=table.columns,
        rows=rows,
        mapping=used,
        ignored_columns=ignored,
        fields={field.name: field.label for field in FIELDS[kind].values()},
        problem=problem,
    )
