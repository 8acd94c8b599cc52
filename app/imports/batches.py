"""Batches of rows that can be written at the same time without getting in each other's way."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.imports.limits import BATCH_ROWS
from app.imports.opening import Outcome
from models.values import fold

NAMES = ("external_id", "email", "number", "customer_external_id", "customer_email")
"""The fields that say which customer or order a row means; no two of them in one kind of file mean the same thing."""


@dataclass(frozen=True)
class Batch:
    """Consecutive rows of the file, and everything they name."""

    outcomes: list[Outcome]
    names: frozenset[tuple[str, str]]


@dataclass
class Batches:
    """Cuts rows into batches of up to `BATCH_ROWS`.

    Rows of the same customer that follow each other stay together where that is possible, because files are mostly
    sorted that way and two batches with a customer in common have to wait for each other.
    """

    outcomes: Iterator[Outcome]
    _left: list[Outcome] = field(default_factory=list)

    def next(self) -> Batch | None:
        """The next batch; None at the end."""
        rows = self._left + list(itertools.islice(self.outcomes, BATCH_ROWS - len(self._left)))
        cut = len(rows)
        if len(rows) == BATCH_ROWS:
            last = _customer(rows[-1])
            while last is not None and cut > BATCH_ROWS // 2 and _customer(rows[cut - 1]) == last:
                cut -= 1
            cut = cut if cut > BATCH_ROWS // 2 else len(rows)
        rows, self._left = rows[:cut], rows[cut:]
        return Batch(rows, frozenset(_names(rows))) if rows else None


def _customer(outcome: Outcome) -> Any:
    data = outcome.data or {}
    return data.get("customer_external_id") or data.get("customer_email")


def _names(rows: list[Outcome]) -> Iterator[tuple[str, str]]:
    for outcome in rows:
        for name in NAMES:
            value = outcome.data.get(name) if outcome.data else None
            if value is not None:
                yield name, fold(value)
