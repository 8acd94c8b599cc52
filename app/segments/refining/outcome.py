"""The answers of a refinement: a whole new rule, or a question that leaves the present one as it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.ai.suggestion import Assumption, Outcome, Suggestion
from app.errors import RuleError
from app.segments.catalogue import Catalogue
from app.segments.rule import parse_rule, rule_json
from app.segments.sentence import sentence

Json = dict[str, Any]


class Refused(Exception):
    """The words cannot be followed; `suggestion` says so."""

    def __init__(self, suggestion: Suggestion) -> None:
        super().__init__(suggestion.question or suggestion.note or "")
        self.suggestion = suggestion


def declined(words: str, spans: Iterable[str] = (), *, outcome: Outcome = "clarify") -> Suggestion:
    """No new rule: a question, or why not."""
    asked = outcome == "clarify"
    return Suggestion(
        outcome=outcome,
        source="grammar",
        question=words if asked else None,
        note=None if asked else words,
        unsupported=tuple(spans),
    )


def accepted(present: Json, tree: Json, catalogue: Catalogue, assumptions: Iterable[Assumption] = ()) -> Suggestion:
    """The new rule, checked like every other; a question when it is impossible or says nothing new."""
    try:
        rule = parse_rule(tree, catalogue)
    except RuleError as error:
        return declined(f"This rule is not possible: {error.detail}. Could you say it differently?")
    if rule == parse_rule(present, catalogue):
        return declined("The rule says that already. What should change?")
    return Suggestion(
        outcome="ok",
        source="grammar",
        rule=rule_json(rule),
        sentence=sentence(rule, catalogue),
        assumptions=tuple(assumptions),
    )


def choice(code: str, text: str, alternative: Json | None, catalogue: Catalogue) -> Assumption:
    """An assumption whose alternative is offered only when it is a possible rule."""
    other: Json | None = None
    if alternative is not None:
        try:
            other = rule_json(parse_rule(alternative, catalogue))
        except RuleError:
            other = None
    return Assumption(code=code, text=text, alternative=other)
