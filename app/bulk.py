"""Many rows at once: the good ones are written, the wrong ones are told apart with their reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.errors import CohortError, InvalidInput
from app.validation import errors_of

MAX_ROWS = 1_000

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class RowError:
    """What is wrong with one row; `index` counts from 0 in the order given, `field` is empty for the row as a whole."""

    index: int
    field: str
    message: str


@dataclass
class BulkResult:
    """How many rows made something new, how many changed something, and which were refused; together all rows.

    A row refused for several reasons has an error for each.
    """

    created: int = 0
    updated: int = 0
    errors: list[RowError] = field(default_factory=list)

    def refuse(self, index: int, problem: CohortError) -> None:
        """Record why a row was refused."""
        for wrong in problem.errors:
            self.errors.append(RowError(index, wrong.field, wrong.message))
        if not problem.errors:
            self.errors.append(RowError(index, "", problem.detail))


def check_rows(rows: Sequence[Any]) -> None:
    """Raise InvalidInput for more rows than one batch takes."""
    if len(rows) > MAX_ROWS:
        raise InvalidInput.of("body", f"should have {MAX_ROWS:,} rows at most, not {len(rows):,}")


def read_rows(model: type[Model], rows: Sequence[Any], result: BulkResult) -> list[tuple[int, Model]]:
    """The rows that are right, with their index; the others are recorded as errors."""
    good: list[tuple[int, Model]] = []
    for index, row in enumerate(rows):
        try:
            good.append((index, model.model_validate(row)))
        except ValidationError as problem:
            for wrong in errors_of(problem, model):
                name = "" if wrong.field == "body" else wrong.field
                result.errors.append(RowError(index, name, wrong.message))
    return good


@dataclass(eq=False)
class Entry:
    """One document of a batch: as it will be, and what has to be set for that."""

    raw: dict[str, Any]
    is_new: bool
    changed: dict[str, Any] = field(default_factory=dict)
