"""Counting right, declined and wrong answers to a file of cases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.ai.eval import run_eval
from app.ai.judging import RIGHT, WRONG, read_cases, verdict
from app.errors import InvalidInput
from app.segments.grammar import parse_words
from models import AiCall
from tests.ai.cases import BY_ID, CASES, CATALOGUE, DOCUMENT, TODAY

VAGUE = {"id": "v", "prompt": "folks who keep coming back one time", "outcome": "clarify"}
"""Nothing the grammar could hold against a rule."""


async def test_grammar(database: object) -> None:
    report = await run_eval(CASES)
    assert report.source == "grammar"
    assert report.wrong == []
    assert report.counts[WRONG] == 0
    assert sum(report.counts.values()) == len(DOCUMENT["cases"])


async def test_provider_that_answers_everything_alike(provider: Any, tmp_path: Path) -> None:
    few = tmp_path / "few.yaml"
    few.write_text(yaml.safe_dump({**DOCUMENT, "cases": [BY_ID["m15"], VAGUE]}))
    plan = '{"outcome": "ok", "conditions": [{"field": "order_count", "operator": "=", "values": ["1"]}]}'
    provider([plan])
    report = await run_eval(few)
    assert report.source == provider.name
    assert report.verdicts["m15"] == "right"
    assert report.verdicts["v"] == WRONG
    assert any(line.startswith("v") for line in report.wrong)
    assert await AiCall.count() > 0


def test_a_guess_that_is_not_shown_is_wrong() -> None:
    shown = parse_words(BY_ID["e01"]["prompt"], CATALOGUE, today=TODAY)
    assert verdict(BY_ID["e01"], shown, CATALOGUE) == (RIGHT, "")
    found, why = verdict(BY_ID["e01"], replace(shown, assumptions=()), CATALOGUE)
    assert found == WRONG
    assert "never_bought_excluded" in why


async def test_table(database: object) -> None:
    report = await run_eval(CASES)
    assert report.by_offline()["must"].total() == sum(case["offline"] == "must" for case in DOCUMENT["cases"])
    assert report.by_offline()["decline"][WRONG] == 0
    assert report.by_kind()["easy"][RIGHT] == 7
    assert any(line.split() == ["easy", "7", "0", "0", "7"] for line in report.table())


@pytest.mark.parametrize(
    "case",
    [{"id": "q"}, {"prompt": "x", "outcome": "maybe"}, {"prompt": "women", "expect": ["city", "huh"]}, 3],
)
async def test_a_bad_case_is_named(case: Any, database: object, tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(yaml.safe_dump({**DOCUMENT, "cases": [case]}))
    with pytest.raises(InvalidInput, match="case"):
        await run_eval(path)


@pytest.mark.parametrize("text", ["", "cases: [", "- 1"])
def test_no_file_of_cases(text: str, tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(text)
    with pytest.raises(InvalidInput):
        read_cases(path)
