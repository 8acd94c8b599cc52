"""A file as columns and rows of text, whatever format it came in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from app.errors import InvalidInput, TooLarge
from app.imports.limits import MAX_COLUMNS, MAX_FIELD_CHARACTERS
from models.values import fold


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `line` is the file's own count from 1; `problem` says why the row cannot be read, if it cannot."""

    line: int
    values: list[str]
    problem: str | None = None


class Table(Protocol):
    """An open file. `rows` can be called again and starts over; it reads as it goes and holds one row at a time."""

    columns: list[str]
    format: str

    def rows(self) -> Iterator[Row]:
        """The rows below the header, without blank ones."""

    def share_read(self) -> float:
        """How much of the file has been read, from 0 to 1."""

    def close(self) -> None:
        """Let the file go."""


def checked_header(cells: list[str]) -> list[str]:
    """The names of the columns; an unnamed one is called by its number. Raises InvalidInput for an unusable header."""
    columns = [cell.strip() for cell in cells]
    while columns and not columns[-1]:
        columns.pop()
    if not columns:
        raise InvalidInput.of("file", "The first line has no column names.")
    if len(columns) > MAX_COLUMNS:
        raise TooLarge(f"file: {len(columns)} columns are more than the {MAX_COLUMNS} one import may have.")
    if any("\0" in column for column in columns):
        raise InvalidInput.of("file", "The header has a NUL byte in it, so this is not a clean CSV file.")
    seen: dict[str, str] = {}
    for number, column in enumerate(columns, 1):
        if len(column) > 200:
            raise InvalidInput.of("file", f"The name of column {number} is longer than 200 characters.")
        name = columns[number - 1] = column or f"column {number}"
        if fold(name) in seen:
            raise InvalidInput.of(
                "file", f"The header names the column {name!r} twice; every column needs its own name."
            )
        seen[fold(name)] = name
    return columns


def problem_of(values: list[str], columns: int) -> str | None:
    """Why a row of a table with that many columns cannot be used; None when it can. Cuts surplus empty cells off."""
    if len(values) != columns:
        while len(values) > columns and not values[-1]:
            values.pop()
        if len(values) != columns:
            return f"has {len(values)} {'field' if len(values) == 1 else 'fields'} where the header has {columns}"
    whole = "".join(values)
    if len(whole) <= MAX_FIELD_CHARACTERS and "\0" not in whole:
        return None
    for number, value in enumerate(values, 1):
        if len(value) > MAX_FIELD_CHARACTERS:
            return f"field {number} is longer than {MAX_FIELD_CHARACTERS:,} characters"
        if "\0" in value:
            return f"field {number} has a NUL byte in it"
    return None
