"""Counting right, declined and wrong answers to a file of cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.ai.eval import WRONG, read_cases, run_eval
from app.errors import InvalidInput
from models import AiCall
from tests.ai.cases import BY_ID, CASES, DOCUMENT


async def test_grammar(database: object) -> None:
    report = await run_eval(CASES)
    assert report.source == "grammar"
    assert report.wrong == []
    assert report.counts[WRONG] == 0
    assert sum(report.counts.values()) == len(DOCUMENT["cases"])


async def test_provider_that_answers_everything_alike(provider: Any, tmp_path: Path) -> None:
    few = tmp_path / "few.yaml"
    few.write_text(yaml.safe_dump({**DOCUMENT, "cases": [BY_ID["m15"], BY_ID["e03"]]}))
    plan = '{"outcome": "ok", "conditions": [{"field": "order_count", "operator": "=", "values": ["1"]}]}'
    provider([plan])
    report = await run_eval(few)
    assert report.source == provider.name
    assert report.verdicts["m15"] == "right"
    assert report.verdicts["e03"] == WRONG
    assert any(line.startswith("e03") for line in report.wrong)
    assert await AiCall.count() > 0


@pytest.mark.parametrize("text", ["", "cases: [", "- 1"])
def test_no_file_of_cases(text: str, tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(text)
    with pytest.raises(InvalidInput):
        read_cases(path)
