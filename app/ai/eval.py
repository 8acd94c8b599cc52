"""Language cases against whatever is configured: how many come out right, declined, or wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from app.ai.compact import catalogue_of
from app.ai.judging import DECLINED, OFFLINE, RIGHT, WRONG, judge, read_cases, verdict
from app.ai.planner import ProviderPlanner
from app.ai.provider import configured
from app.ai.suggest import suggest
from app.auth.members import system_member
from app.errors import InvalidInput
from app.segments.catalogue import Catalogue

__all__ = ["DECLINED", "RIGHT", "WRONG", "EvalReport", "judge", "read_cases", "run_eval"]

_NAMES = {"e": "easy", "m": "medium", "h": "hard", "a": "ambiguous", "x": "impossible"}


@dataclass
class EvalReport:
    """How each case came out. `wrong` is what must stay empty; declining is honest where a rule was possible.

    `declined` lists what was declined although an answer without AI is expected (`offline: must`).
    """

    source: str
    verdicts: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    declined: list[str] = field(default_factory=list)
    offline: dict[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> Counter[str]:
        """Cases by verdict."""
        return Counter(self.verdicts.values())

    def by_offline(self) -> dict[str, Counter[str]]:
        """Verdicts by what is expected without AI: must, may, decline."""
        return {name: counts for name in OFFLINE if (counts := self._count(name, self.offline))}

    def by_kind(self) -> dict[str, Counter[str]]:
        """Verdicts by the first letter of the id: easy, medium, hard, ambiguous, impossible; others by the letter."""
        kinds = {case: _NAMES.get(case[:1], case[:1] or "?") for case in self.verdicts}
        return {name: self._count(name, kinds) for name in dict.fromkeys(kinds.values())}

    def table(self) -> Iterator[str]:
        """Lines of a table: a row for each class, a column for each verdict."""
        yield f"{'':<12}{RIGHT:>8}{DECLINED:>10}{WRONG:>8}{'cases':>8}"
        for title, rows in (("offline", self.by_offline()), ("kind", self.by_kind())):
            yield f"{title}:"
            for name, counts in rows.items():
                cells = f"{counts[RIGHT]:>8}{counts[DECLINED]:>10}{counts[WRONG]:>8}{counts.total():>8}"
                yield f"  {name:<10}{cells}"

    def _count(self, name: str, classes: dict[str, str]) -> Counter[str]:
        return Counter(found for case, found in self.verdicts.items() if classes.get(case) == name)


async def run_eval(path: Path) -> EvalReport:
    """Run the cases of a YAML file in the compact notation with the configured provider, else with the grammar.

    The provider's calls are kept in the log like all others. Raises InvalidInput when the file is no file of cases.
    """
    document = read_cases(path)
    catalogue, today = _context(document, path)
    name = configured()
    report = EvalReport(source=name or "grammar")
    for case in document["cases"]:
        answer = await suggest(
            system_member(),
            case["prompt"],
            catalogue,
            today=today,
            planner=ProviderPlanner(name) if name else None,
        )
        found, why = verdict(case, answer, catalogue)
        report.verdicts[case["id"]] = found
        report.offline[case["id"]] = case["offline"]
        if found == WRONG:
            report.wrong.append(f"{case['id']}: {case['prompt']} -> {why}")
        elif found == DECLINED and case["offline"] == "must":
            report.declined.append(f"{case['id']}: {case['prompt']} -> {answer.question or answer.note}")
    return report


def _context(document: dict[str, Any], path: Path) -> tuple[Catalogue, date]:
    try:
        today = document["context"]["today"]
        return catalogue_of(document), today if isinstance(today, date) else date.fromisoformat(str(today))
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise InvalidInput.of("file", f"{path}: its context or catalogue cannot be read: {problem!r}") from problem
