"""A file of language cases, and whether an answer to one of them is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # the package ships no types

from app.ai.alike import alike
from app.ai.compact import tree_of
from app.ai.suggestion import Suggestion
from app.errors import InvalidInput, RuleError
from app.segments.catalogue import Catalogue

RIGHT, DECLINED, WRONG = "right", "declined", "wrong"
OUTCOMES = ("ok", "clarify", "partial", "refuse")
OFFLINE = ("must", "may", "decline")


def read_cases(path: Path) -> dict[str, Any]:
    """The document of a file of cases. Raises InvalidInput, naming the case, when it is none."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise InvalidInput.of("file", f"{path} cannot be read: {problem}") from problem
    if not isinstance(document, dict) or not {"context", "catalogue", "cases"} <= set(document):
        raise InvalidInput.of("file", f"{path} should have context, catalogue and cases")
    cases = document["cases"]
    if not isinstance(cases, list):
        raise InvalidInput.of("file", f"{path}: cases should be a list")
    for number, case in enumerate(cases, 1):
        _check(case, number)
    return document


def judge(case: dict[str, Any], answer: Suggestion, catalogue: Catalogue) -> str:
    """Whether an answer is `right`, `declined` or `wrong` for a case; see `verdict`."""
    return verdict(case, answer, catalogue)[0]


def verdict(case: dict[str, Any], answer: Suggestion, catalogue: Catalogue) -> tuple[str, str]:
    """`right`, `declined` or `wrong`, and why it is wrong.

    A rule where none is expected is wrong, unless it comes with the question that was expected. So is a rule whose
    assumptions (`assume`) are not shown: a guess must not be silent. Raises InvalidInput where a tree of the case
    cannot be read.
    """
    if answer.rule is None:
        return (RIGHT if case["outcome"] in ("clarify", "refuse") else DECLINED), ""
    if not any(alike(answer.rule, tree, catalogue) for tree in _accepted(case, catalogue)):
        if case["outcome"] == answer.outcome == "clarify" and "expect" not in case:
            return RIGHT, ""
        return WRONG, getattr(answer, "sentence", "") or answer.outcome
    shown = {assumption.code for assumption in answer.assumptions}
    silent = [code for code in case.get("assume") or () if code not in shown]
    if silent:
        return WRONG, f"does not show that it assumed {', '.join(silent)}"
    if case["outcome"] == "partial" and not answer.unsupported:
        return WRONG, "does not say what was left out"
    return RIGHT, ""


def _accepted(case: dict[str, Any], catalogue: Catalogue) -> list[dict[str, Any]]:
    trees = [*([case["expect"]] if case.get("expect") is not None else []), *(case.get("alt") or [])]
    try:
        read = [tree_of(tree, catalogue) for tree in trees]
        for tree in read:
            alike(tree, tree, catalogue)
    except (KeyError, ValueError, TypeError, AttributeError, StopIteration, RuleError) as problem:
        raise InvalidInput.of("file", f"case {case['id']}: its tree cannot be read: {problem}") from problem
    return read


def _check(case: object, number: int) -> None:
    if not isinstance(case, dict) or not isinstance(case.get("prompt"), str):
        raise InvalidInput.of("file", f"case {number} has no prompt")
    case.setdefault("id", f"#{number}")
    case["id"] = str(case["id"])
    for key, known, default in (("outcome", OUTCOMES, "ok"), ("offline", OFFLINE, "may")):
        if case.setdefault(key, default) not in known:
            raise InvalidInput.of("file", f"case {case['id']}: {key} should be one of {', '.join(known)}")
