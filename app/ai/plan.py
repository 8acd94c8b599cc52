"""The flat plan a model fills in, and its assembly into a rule. Recursive schemas hit providers' limits."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.ai.faults import Fault
from app.segments.catalogue import Catalogue, FieldType

MOST_GROUPS = 30
_MOST_DEPTH = 12


class _Flat(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PlanGroup(_Flat):
    """A group of conditions; `parent` is the id of the group it lies in. Group 0 is the root."""

    id: int
    parent: int = 0
    combinator: Literal["and", "or"] = "and"
    negated: bool = False


class PlanTest(_Flat):
    """A condition on the orders that count, inside a condition on `orders`."""

    field: str
    operator: str
    values: list[str] = Field(default_factory=list)


class PlanCondition(_Flat):
    """One condition. Which of the value fields count depends on the operator; the rest stay empty."""

    group: int = 0
    field: str
    operator: str
    negated: bool = False
    values: list[str] = Field(default_factory=list)
    amount: int = 0
    unit: str = ""
    direction: str = ""
    period: str = ""
    measure: str = ""
    where: list[PlanTest] = Field(default_factory=list)
    window_operator: str = ""
    window_values: list[str] = Field(default_factory=list)
    window_amount: int = 0
    window_unit: str = ""
    window_direction: str = ""
    window_period: str = ""


class Plan(_Flat):
    """A model's whole answer."""

    outcome: Literal["ok", "clarify", "partial", "refuse"]
    groups: list[PlanGroup] = Field(default_factory=list, max_length=MOST_GROUPS)
    conditions: list[PlanCondition] = Field(default_factory=list)
    assumptions: list[str] = Field(default_factory=list)
    question: str = ""
    unsupported: list[str] = Field(default_factory=list)
    note: str = ""


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


def assemble(plan: Plan, catalogue: Catalogue) -> dict[str, Any]:
    """The plan as the JSON of a rule. Raises Fault `schema` for stray groups, `depth` for too many levels."""
    groups = {0: PlanGroup(id=0)}
    for group in plan.groups:
        groups[group.id] = group
    inside: dict[int, list[dict[str, Any]]] = {key: [] for key in groups}
    for n, condition in enumerate(plan.conditions):
        if condition.group not in inside:
            raise Fault("schema", f"conditions[{n}].group: there is no group {condition.group}")
        inside[condition.group].append(_condition(condition, catalogue))
    for group in groups.values():
        _check_ancestry(group, groups)
    return _group(0, groups, inside)


def _check_ancestry(group: PlanGroup, groups: dict[int, PlanGroup]) -> None:
    seen = 0
    while group.id != 0:
        parent = groups.get(group.parent)
        if parent is None:
            raise Fault("schema", f"groups: group {group.id} lies in group {group.parent}, which does not exist")
        group, seen = parent, seen + 1
        if seen >= _MOST_DEPTH:
            raise Fault("depth", "groups: nested too deep or in a circle; at most 5 levels are possible")


def _group(key: int, groups: dict[int, PlanGroup], inside: dict[int, list[dict[str, Any]]]) -> dict[str, Any]:
    group = groups[key]
    children = [_group(child.id, groups, inside) for child in groups.values() if child.parent == key and child.id != 0]
    body: dict[str, Any] = {"combinator": group.combinator, "rules": [*inside[key], *children]}
    return {**body, "not": True} if group.negated else body


def _condition(condition: PlanCondition, catalogue: Catalogue) -> dict[str, Any]:
    node: dict[str, Any] = {"field": condition.field, "operator": condition.operator}
    if condition.negated:
        node["not"] = True
    if condition.field == "campaign":
        node["value"] = _id_of(condition.values, catalogue.campaigns, "any")
    elif condition.field == "segment":
        node["value"] = _id_of(condition.values, catalogue.segments, "")
    elif condition.field == "orders":
        node["measure"] = condition.measure or "count"
        node["value"] = _numbers(condition.values, condition.operator)
        if condition.where:
            node["where"] = {"combinator": "and", "rules": [_test(test, catalogue) for test in condition.where]}
    else:
        node["value"] = _value(condition, catalogue)
    if condition.window_operator:
        window = _time(
            condition.window_operator, condition.window_values, condition.window_amount, condition.window_unit,
            condition.window_direction, condition.window_period,
        )  # fmt: skip
        node["window"] = {"operator": condition.window_operator, "value": window}
    return node


def _test(test: PlanTest, catalogue: Catalogue) -> dict[str, Any]:
    field = catalogue.order_fields.get(test.field)
    numeric = field is not None and field.type in (FieldType.NUMBER, FieldType.MONEY)
    value = _numbers(test.values, test.operator) if numeric else _texts(test.values, test.operator)
    return {"field": test.field, "operator": test.operator, "value": value}


def _value(condition: PlanCondition, catalogue: Catalogue) -> Any:
    field = catalogue.fields.get(condition.field)
    kind = field.type if field else FieldType.TEXT
    if kind is FieldType.DATE and condition.operator not in ("null", "notNull"):
        return _time(
            condition.operator,
            condition.values,
            condition.amount,
            condition.unit,
            condition.direction,
            condition.period,
        )
    if kind in (FieldType.NUMBER, FieldType.MONEY):
        return _numbers(condition.values, condition.operator)
    if kind is FieldType.BOOLEAN:
        return {"true": True, "false": False}.get(_first(condition.values).lower(), _first(condition.values))
    return _texts(condition.values, condition.operator)


def _time(operator: str, values: Sequence[str], amount: int, unit: str, direction: str, period: str) -> Any:
    if operator == "between":
        return list(values)
    if period:
        return {"period": period, "unit": unit}
    if amount or unit:
        span: dict[str, Any] = {"amount": amount, "unit": unit}
        return {**span, "direction": direction or "ago"} if operator in ("before", "after", "on") else span
    return _first(values)


def _numbers(values: Sequence[str], operator: str) -> Any:
    read = [_number(value) for value in values]
    return read[0] if len(read) == 1 and operator != "between" else read or None


def _number(text: str) -> Any:
    try:
        value = Decimal(text.replace(",", "").strip())
        return int(value) if value == value.to_integral_value() else float(value)
    except (InvalidOperation, ValueError, OverflowError):
        return text


def _texts(values: Sequence[str], operator: str) -> Any:
    if operator in ("in", "notIn", "anyOf", "allOf", "noneOf"):
        return list(values)
    return None if operator in ("null", "notNull") else _first(values)


def _first(values: Sequence[str]) -> str:
    return values[0] if values else ""


def _id_of(values: Sequence[str], names: Mapping[str, str], default: str) -> str:
    """The id of a campaign or segment that the model named by name or id."""
    said = _first(values) or default
    known = {name.casefold(): key for key, name in names.items()}
    return known.get(said.casefold(), said)


def _object_in(text: str) -> dict[str, Any]:
    """The outermost JSON object of a text."""
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
            return raw
    raise Fault("json", "the reply holds no complete JSON object; answer with one JSON object and nothing else")
