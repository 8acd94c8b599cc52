"""Language cases against whatever is configured: how many come out right, declined, or wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # the package ships no types

from app.ai.alike import alike
from app.ai.compact import catalogue_of, tree_of
from app.ai.planner import ProviderPlanner
from app.ai.provider import configured
from app.ai.suggest import suggest
from app.ai.suggestion import Suggestion
from app.auth.members import system_member
from app.errors import InvalidInput
from app.segments.catalogue import Catalogue

RIGHT, DECLINED, WRONG = "right", "declined", "wrong"


@dataclass
class EvalReport:
    """How each case came out. `wrong` is what must stay empty; declining is honest where a rule was possible."""

    source: str
    verdicts: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """Cases by verdict."""
        return Counter(self.verdicts.values())


async def run_eval(path: Path) -> EvalReport:
    """Run the cases of a YAML file in the compact notation with the configured provider, else with the grammar.

    The provider's calls are kept in the log like all others. Raises InvalidInput when the file is no file of cases.
    """
    document = read_cases(path)
    catalogue = catalogue_of(document)
    name = configured()
    report = EvalReport(source=name or "grammar")
    for case in document["cases"]:
        answer = await suggest(
            system_member(),
            case["prompt"],
            catalogue,
            today=_day(document["context"]["today"]),
            planner=ProviderPlanner(name) if name else None,
        )
        report.verdicts[case["id"]] = judge(case, answer, catalogue)
        if report.verdicts[case["id"]] == WRONG:
            report.wrong.append(f"{case['id']}: {case['prompt']} -> {answer.sentence or answer.outcome}")
    return report


def read_cases(path: Path) -> dict[str, Any]:
    """The document of a file of cases. Raises InvalidInput when it is none."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as problem:
        raise InvalidInput.of("file", f"{path} cannot be read: {problem}") from problem
    if not isinstance(document, dict) or not {"context", "catalogue", "cases"} <= set(document):
        raise InvalidInput.of("file", f"{path} should have context, catalogue and cases")
    return document


def judge(case: dict[str, Any], answer: Suggestion, catalogue: Catalogue) -> str:
    """Whether an answer is `right`, `declined` or `wrong` for a case. A rule where none is expected is wrong."""
    accepted = [case["expect"]] if "expect" in case else []
    accepted += case.get("alt", [])
    if answer.rule is None:
        return RIGHT if case["outcome"] in ("clarify", "refuse") else DECLINED
    if any(alike(answer.rule, tree_of(tree, catalogue), catalogue) for tree in accepted):
        return RIGHT
    return WRONG


def _day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))
