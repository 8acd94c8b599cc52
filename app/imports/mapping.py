"""Which column fills which field, and the rows that come of it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.errors import FieldError, InvalidInput
from app.imports.columns import HINTS
from app.imports.fields import (
    ATTRIBUTE,
    ATTRIBUTE_PREFIX,
    FIELDS,
    REQUIRED,
    ImportField,
    Kind,
    attribute_field,
    field_for_header,
)
from models.values import fold


@dataclass(frozen=True, kw_only=True)
class MappedColumn:
    """One column in use: its place in the file, its name there, the field it fills, and a hint on how to read it."""

    index: int
    column: str
    field: ImportField
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class ColumnMapping:
    """The columns in use, and the names of those that are not."""

    kind: Kind
    used: tuple[MappedColumn, ...]
    ignored: tuple[str, ...]

    def names(self) -> dict[str, str]:
        """{column of the file: field of ours}, hints included."""
        return {used.column: f"{used.field.name}:{used.hint}" if used.hint else used.field.name for used in self.used}


def map_columns(kind: Kind, columns: Sequence[str], explicit: Mapping[str, str] | None = None) -> ColumnMapping:
    """Map a file's columns: as `explicit` says, {column: field}, or by their names when it is None.

    An explicit mapping is complete: columns it does not name, or maps to "", are ignored. A field may be followed by
    how to read it: `placed_at:day-first`, `amount:comma`. By names, the first column that means a field fills it.
    Raises InvalidInput for a column the file does not have, an unknown field, a field filled twice, and when a field
    without which rows make no sense is missing.
    """
    if explicit is None:
        mapping = columns_by_name(kind, columns)
    else:
        mapping = _mapping(kind, columns, _by_hand(kind, columns, explicit))
    _require_fields(mapping, columns)
    return mapping


def columns_by_name(kind: Kind, columns: Sequence[str]) -> ColumnMapping:
    """What the header says by itself, even when a field that is needed is missing."""
    return _mapping(kind, columns, _by_name(kind, columns))


def _mapping(kind: Kind, columns: Sequence[str], used: Sequence[MappedColumn]) -> ColumnMapping:
    taken = {column.index for column in used}
    ignored = tuple(column for index, column in enumerate(columns) if index not in taken)
    return ColumnMapping(kind=kind, used=tuple(used), ignored=ignored)


def _by_name(kind: Kind, columns: Sequence[str]) -> list[MappedColumn]:
    used: dict[str, MappedColumn] = {}
    exact = [index for index, column in enumerate(columns) if fold(column) in FIELDS[kind]]
    others = [index for index in range(len(columns)) if index not in exact]
    for index in (*exact, *others):
        field = field_for_header(kind, columns[index])
        if field is not None and field.name not in used:
            used[field.name] = MappedColumn(index=index, column=columns[index], field=field)
    return sorted(used.values(), key=lambda column: column.index)


def _by_hand(kind: Kind, columns: Sequence[str], explicit: Mapping[str, str]) -> list[MappedColumn]:
    places = {fold(column): index for index, column in enumerate(columns)}
    used: dict[str, MappedColumn] = {}
    for column, target in explicit.items():
        index = places.get(fold(column))
        if index is None:
            raise InvalidInput.of(f"mapping.{column}", f"The file has no such column.{_did_you_mean(column, columns)}")
        if not target:
            continue
        name, _, hint = target.strip().partition(":")
        field = _target(kind, column, name.strip())
        if hint and hint not in HINTS.get(field.type, ()):
            known = ", ".join(f"{name}:{way}" for way in HINTS.get(field.type, ())) or name
            raise InvalidInput.of(f"mapping.{column}", f"{target!r} is not a way to read a column; use {known}.")
        if field.name in used:
            raise InvalidInput.of(
                f"mapping.{column}", f"{field.name} is filled by the column {used[field.name].column!r} already."
            )
        used[field.name] = MappedColumn(index=index, column=columns[index], field=field, hint=hint)
    return sorted(used.values(), key=lambda column: column.index)


def _target(kind: Kind, column: str, name: str) -> ImportField:
    if name in FIELDS[kind]:
        return FIELDS[kind][name]
    if kind == "customers" and name.startswith(ATTRIBUTE_PREFIX):
        if ATTRIBUTE.fullmatch(name):
            return attribute_field(name)
        raise InvalidInput.of(
            f"mapping.{column}",
            f"{name!r} is not an attribute: the key takes small letters, digits and _, begins with a letter and has "
            "at most 64 characters.",
        )
    meant = field_for_header(kind, name)
    names = [*FIELDS[kind], *([ATTRIBUTE_PREFIX + "<key>"] if kind == "customers" else [])]
    hint = f" Did you mean {meant.name}?" if meant else _did_you_mean(name, names)
    raise InvalidInput.of(f"mapping.{column}", f"{name!r} is not a field of {kind}.{hint} Fields: {', '.join(names)}.")


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word.lower(), [name.lower() for name in known], n=1, cutoff=0.6)
    return next((f" Did you mean {name}?" for name in known if close and name.lower() == close[0]), "")


def _require_fields(mapping: ColumnMapping, columns: Sequence[str]) -> None:
    filled = {column.field.name for column in mapping.used}
    errors = []
    for group in REQUIRED[mapping.kind]:
        if filled.isdisjoint(group):
            fields = FIELDS[mapping.kind]
            names = " or ".join(f"{name} ({fields[name].names[0]})" for name in group)
            errors.append(FieldError(group[0], f"No column for {names}."))
    if errors:
        seen = ", ".join(columns[:12]) + (", …" if len(columns) > 12 else "")
        needed = " ".join(error.message for error in errors)
        header = "" if mapping.used else " Is the first line a header?"
        raise InvalidInput(f"mapping: {needed} The file's columns are: {seen}.{header}", errors=errors)
