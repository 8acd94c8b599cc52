"""A flat plan as the JSON of a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from app.ai.faults import Fault
from app.ai.plan_form import Plan, PlanCondition, PlanGroup, PlanTest
from app.segments.catalogue import Catalogue, FieldType

_MOST_DEPTH = 12
_LONGEST_NUMBER = 40
"""Characters; a longer one is no amount, and reading it as a number could take minutes."""


def assemble(plan: Plan, catalogue: Catalogue) -> dict[str, Any]:
    """The plan as the JSON of a rule. Raises Fault `schema` for stray groups, `depth` for too many levels."""
    groups = {0: PlanGroup(id=0)}
    seen = set[int]()
    for group in plan.groups:
        if group.id in seen:
            raise Fault("schema", f"groups: there are two groups with the id {group.id}")
        seen.add(group.id)
        groups[group.id] = group
    inside: dict[int, list[dict[str, Any]]] = {key: [] for key in groups}
    for n, condition in enumerate(plan.conditions):
        if condition.group not in inside:
            raise Fault("schema", f"conditions[{n}].group: there is no group {condition.group}")
        node = _condition(condition, catalogue)
        if node not in inside[condition.group]:
            inside[condition.group].append(node)
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
    children = [child for child in children if child["rules"] or child.get("not")]
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
    except InvalidOperation:
        return text
    if len(text) > _LONGEST_NUMBER or not value.is_finite() or abs(value.adjusted()) > _LONGEST_NUMBER:
        return text
    return int(value) if value == value.to_integral_value() else float(value)


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
