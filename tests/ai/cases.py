"""The language cases of tests/data, ready for the tests of the grammar and of the planner."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from app.ai.compact import catalogue_of
from app.ai.eval import read_cases

CASES = Path(__file__).parents[1] / "data" / "language_cases.yaml"
DOCUMENT: dict[str, Any] = read_cases(CASES)
CATALOGUE = catalogue_of(DOCUMENT)
TODAY: date = DOCUMENT["context"]["today"]
BY_ID: dict[str, dict[str, Any]] = {case["id"]: case for case in DOCUMENT["cases"]}
