"""A model's reply, read as a plan or refused with the fault it has."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from app.ai.assembly import assemble
from app.ai.faults import Fault
from app.ai.plan_form import MOST_GROUPS, Plan
from app.ai.provider import printable
from app.segments.catalogue import Catalogue

LONGEST_REPLY = 60_000
"""Characters; a plan of fifty conditions has a third of it."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A model's answer with its plan assembled; `rule` is JSON that nobody has checked yet."""

    outcome: Literal["ok", "clarify", "partial", "refuse"]
    rule: dict[str, Any] | None = None
    assumptions: tuple[str, ...] = ()
    question: str = ""
    unsupported: tuple[str, ...] = ()
    note: str = ""


def read_answer(text: str, catalogue: Catalogue) -> Answer:
    """The answer in a model's reply, also when prose or a code fence is around it.

    Models that know the rule language may answer with a rule instead of a plan; that is taken too. Raises Fault `json`
    when there is no whole JSON object, `schema` when it is not a plan, `depth` when groups nest too deep.
    """
    raw = _object_in(text)
    if "rules" in raw or "field" in raw:
        return Answer(outcome="ok", rule=raw)
    plan = _plan(raw)
    return Answer(
        outcome=plan.outcome,
        rule=assemble(plan, catalogue) if plan.conditions and plan.outcome != "refuse" else None,
        assumptions=tuple(filter(None, plan.assumptions)),
        question=plan.question,
        unsupported=tuple(filter(None, plan.unsupported)),
        note=plan.note,
    )


def _plan(raw: dict[str, Any]) -> Plan:
    try:
        plan = Plan.model_validate(raw)
    except ValidationError as problem:
        first = problem.errors()[0]
        if any(error["loc"][:1] == ("groups",) and error["type"] == "too_long" for error in problem.errors()):
            raise Fault("depth", f"groups: at most {MOST_GROUPS} groups are possible") from problem
        path = ".".join(str(part) for part in first["loc"])
        raise Fault("schema", f"{path}: {first['msg']}" if path else first["msg"]) from problem
    if plan.outcome in ("ok", "partial") and not plan.conditions:
        raise Fault("schema", f"conditions: an answer with outcome {plan.outcome} needs at least one condition")
    return plan


def _object_in(text: str) -> dict[str, Any]:
    """The outermost JSON object of a text."""
    if len(text) > LONGEST_REPLY:
        raise Fault("json", f"the reply has {len(text):,} characters; answer with one short JSON object")
    fenced = re.search(r"```(?:json)?\s*(\{.*\})\s*```", text, re.DOTALL)
    start = text.find("{")
    candidates = [fenced[1]] if fenced else []
    candidates += [text[start : text.rfind("}") + 1]] if start >= 0 else []
    for candidate in candidates:
        try:
            raw = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(raw, dict):
            clean: dict[str, Any] = _clean(raw)
            return clean
    raise Fault("json", "the reply holds no complete JSON object; answer with one JSON object and nothing else")


def _clean(value: Any) -> Any:
    """The same JSON without lone surrogates, which escapes such as \\ud800 can hide."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {printable(key): _clean(item) for key, item in value.items()}
    return value
