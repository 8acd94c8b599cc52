"""Whether two rules select the same customers, as far as their shape can tell."""

from __future__ import annotations

import json
from typing import Any

from app.segments.catalogue import Catalogue
from app.segments.rule import parse_rule, rule_json
from models.values import fold

_NOT = {
    "=": "!=",
    "!=": "=",
    "in": "notIn",
    "notIn": "in",
    "anyOf": "noneOf",
    "noneOf": "anyOf",
    "contains": "doesNotContain",
    "doesNotContain": "contains",
    "null": "notNull",
    "notNull": "null",
}
_COUNTS = {">": "<=", "<=": ">", "<": ">=", ">=": "<"}
_SETS = {"=": "in", "!=": "notIn"}


def alike(one: object, other: object, catalogue: Catalogue) -> bool:
    """Whether two rules (JSON) come to the same normal form. Raises RuleError when one is no rule."""
    return normal_form(one, catalogue) == normal_form(other, catalogue)


def normal_form(raw: object, catalogue: Catalogue) -> str:
    """A rule with order, nesting and equivalent spellings taken out, as JSON text."""
    return json.dumps(_node(rule_json(parse_rule(raw, catalogue))), sort_keys=True)


def _node(node: dict[str, Any]) -> Any:
    if "combinator" not in node:
        return _leaf(node)
    combinator = node["combinator"]
    if node.get("not"):
        return _denied(_node({**node, "not": False}))
    flat: list[Any] = []
    for rule in map(_node, node["rules"]):
        flat.extend(rule[combinator] if isinstance(rule, dict) and set(rule) == {combinator} else [rule])
    flat = _merged(flat, combinator)
    return flat[0] if len(flat) == 1 else {combinator: sorted(flat, key=lambda item: json.dumps(item, sort_keys=True))}


def _leaf(node: dict[str, Any]) -> Any:
    name, operator = node["field"], node["operator"]
    value: Any = node.get("value")
    if name == "orders":
        return _orders(node)
    if name == "campaign":
        return {**node, "window": _in_days(node.get("window")), "not": bool(node.get("not"))}
    if name == "segment":
        return {
            "field": name,
            "operator": "in" if (operator == "in") != bool(node.get("not")) else "notIn",
            "value": value,
        }
    if operator == "between" and not any(isinstance(item, str | dict) and "-" in str(item) for item in value):
        low, high = (
            {"field": name, "operator": sign, "value": item} for sign, item in zip((">=", "<="), value, strict=True)
        )
        return _node({"combinator": "and", "rules": [low, high]})
    value = _folded(_in_days(value))
    if operator == "notInLast":
        operator, value = "before", {**value, "direction": "ago"}
    if operator in _SETS:
        operator, value = _SETS[operator], [value]
    if operator == "allOf" and len(value) == 1:
        operator = "anyOf"
    if operator in ("in", "notIn", "anyOf", "allOf", "noneOf"):
        value = sorted(value, key=str)
    if name == "order_count":
        operator, value = _at_least(operator, value)
    plain = {"field": name, "operator": operator, "value": value}
    return _denied(plain) if node.get("not") else plain


def _orders(node: dict[str, Any]) -> Any:
    operator, value = node["operator"], node["value"]
    if node["measure"] == "max" and operator in (">", ">="):
        return _orders(_some_order_above(node))
    if node["measure"] == "count":
        if operator == "=" and value == 0:
            operator, value = "<", 1
        operator, value = _at_least(operator, value)
    where = _node(node["where"]) if node.get("where") else None
    window: Any = _in_days(node.get("window"))
    if where is None and window is None and node["measure"] in ("count", "sum"):
        name = {"count": "order_count", "sum": "total_spent"}[node["measure"]]
        return _leaf({"field": name, "operator": operator, "value": value, "not": node.get("not")})
    if where is None and _reaches_today(window) and node["measure"] == "count":
        some = {"field": "last_order_at", **window}
        if (operator, value) in ((">=", 1), ("<", 1)):
            return _denied(some) if (operator == "<") != bool(node.get("not")) else some
    plain = {
        "field": "orders",
        "measure": node["measure"],
        "operator": operator,
        "value": value,
        "where": where,
        "window": window,
    }
    return _denied(plain) if node.get("not") else plain


def _some_order_above(node: dict[str, Any]) -> dict[str, Any]:
    """The largest order is above a limit exactly where some order is."""
    limit = {"field": "amount", "operator": node["operator"], "value": node["value"]}
    rules = [*([node["where"]] if node.get("where") else []), limit]
    where = {"combinator": "and", "rules": rules}
    return {**node, "measure": "count", "operator": ">=", "value": 1, "where": where}


def _folded(value: Any) -> Any:
    """Text is compared without regard to case."""
    if isinstance(value, list):
        return [_folded(item) for item in value]
    return fold(value) if isinstance(value, str) else value


def _in_days(value: Any) -> Any:
    """Two weeks are 14 days and a year is 12 months, wherever a length of time stands."""
    if isinstance(value, list):
        return [_in_days(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "amount" not in value:
        return {key: _in_days(item) for key, item in value.items()}
    times, unit = {"week": (7, "day"), "quarter": (3, "month"), "year": (12, "month")}.get(
        value["unit"], (1, value["unit"])
    )
    return {**value, "amount": value["amount"] * times, "unit": unit}


def _reaches_today(window: Any) -> bool:
    """Whether an order in the window is the same as a last order in it."""
    if window is None:
        return False
    return window["operator"] in ("inLast", "after") or (
        window["operator"] == "inPeriod" and window["value"]["period"] == "this"
    )


def _at_least(operator: str, value: Any) -> tuple[str, Any]:
    """Whole numbers: more than 5 is at least 6; none is fewer than 1."""
    if operator in (">", "<="):
        return {">": ">=", "<=": "<"}[operator], value + 1
    return ("<", 1) if operator in ("=", "in") and value in (0, [0]) else (operator, value)


def _denied(node: Any) -> Any:
    if "not" in node and set(node) == {"not"}:
        return node["not"]
    if "field" not in node:
        return {"not": node}
    if node["field"] == "campaign":
        return {**node, "not": not node["not"]}
    if node["field"] in ("orders", "order_count", "total_spent") and node["operator"] in _COUNTS:
        return {**node, "operator": _COUNTS[node["operator"]]}
    if node["operator"] in _NOT:
        return {**node, "operator": _NOT[node["operator"]]}
    return {"not": node}


def _merged(rules: list[Any], combinator: str) -> list[Any]:
    """`a = 1 or a = 2` is `a in (1, 2)`; `tags any of x and tags any of y` is `all of x, y`."""
    joint = {"or": ("in", "anyOf"), "and": ("notIn", "noneOf")}[combinator]
    merged: dict[tuple[str, str], list[Any]] = {}
    rest = []
    for rule in rules:
        single = rule.get("operator") == "anyOf" and len(rule["value"]) == 1 and combinator == "and"
        if rule.get("operator") in joint and "field" in rule and rule["field"] != "segment":
            merged.setdefault((rule["field"], rule["operator"]), []).extend(rule["value"])
        elif single or (rule.get("operator") == "allOf" and combinator == "and"):
            merged.setdefault((rule["field"], "allOf"), []).extend(rule["value"])
        elif rule not in rest:
            rest.append(rule)
    for (name, operator), values in merged.items():
        distinct = sorted(set(values), key=str)
        operator = "anyOf" if operator == "allOf" and len(distinct) == 1 else operator
        rest.append({"field": name, "operator": operator, "value": distinct})
    return rest
