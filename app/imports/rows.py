"""Rows of cells become rows for the bulk services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from app.imports.columns import Reader, reader_for
from app.imports.fields import ATTRIBUTE_PREFIX, REQUIRED, ImportField
from app.imports.mapping import ColumnMapping

ITEM_FIELDS = ("product", "category", "quantity", "price")


class RowProblem(ValueError):
    """One row cannot be used; the message says which column and why."""


class RowReader:
    """Turns rows of cells into rows for the bulk services, as decided by the mapping and a sample of the file."""

    def __init__(self, mapping: ColumnMapping, sample: Sequence[Sequence[str]], zone: ZoneInfo) -> None:
        self._kind = mapping.kind
        self._cells: list[tuple[int, str, ImportField, Reader]] = []
        for used in mapping.used:
            cells = [row[used.index] for row in sample]
            reader = reader_for(used.column, used.field, used.hint, cells, zone)
            self._cells.append((used.index, used.column, used.field, reader))

    def read(self, values: Sequence[str]) -> dict[str, Any]:
        """The row as `bulk_upsert` or `bulk_orders` takes it. Blank cells are left out, so they change nothing.

        Raises RowProblem for the first cell that cannot be read, or when nothing says whose row it is.
        """
        found: dict[str, Any] = {}
        for index, column, field, reader in self._cells:
            text = values[index]
            if not text or text.isspace():
                continue
            try:
                found[field.name] = reader(text)
            except ValueError as problem:
                raise RowProblem(f"{column}: {problem}") from problem
        return self._customer(found) if self._kind == "customers" else self._order(found)

    def _customer(self, found: dict[str, Any]) -> dict[str, Any]:
        if "external_id" not in found and "email" not in found:
            raise RowProblem(f"{self._columns('external_id', 'email')}: is blank, so nothing says who this is")
        row = {name: value for name, value in found.items() if not name.startswith(ATTRIBUTE_PREFIX)}
        attributes = {
            name.removeprefix(ATTRIBUTE_PREFIX): value
            for name, value in found.items()
            if name.startswith(ATTRIBUTE_PREFIX)
        }
        if attributes:
            row["attributes"] = attributes
        return row

    def _order(self, found: dict[str, Any]) -> dict[str, Any]:
        for group in REQUIRED["orders"]:
            if not any(name in found for name in group):
                raise RowProblem(f"{self._columns(*group)}: is blank")
        if "customer_external_id" in found and "customer_email" in found:
            del found["customer_email"]
        if "status" in found:
            found["status"] = found["status"].lower()
        item = {name: found.pop(name) for name in ITEM_FIELDS if name in found}
        if item:
            found["items"] = [item]
        return found

    def _columns(self, *names: str) -> str:
        """The file's own names of these fields."""
        return " or ".join(column for _, column, field, _ in self._cells if field.name in names)
