"""The compact notation of language cases: `{and: [[total_spent, gt, 10000], [last_order_at, before, 90d ago]]}`.

A leaf is [field, op] or [field, op, value]; `{and|or: [...]}`, `{not: X}`,
`{orders: {measure, op, value, where, window}}`, `{campaign: {event, name, did, window}}`.
Times are "90d ago", "6mo", "2026-03-01", "this month"; units d w mo q y.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.segments.catalogue import Catalogue, Field, FieldType, bare_catalogue

OPERATORS = {
    "eq": "=",
    "neq": "!=",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "between": "between",
    "in": "in",
    "not_in": "notIn",
    "contains": "contains",
    "not_contains": "doesNotContain",
    "starts_with": "beginsWith",
    "ends_with": "endsWith",
    "any_of": "anyOf",
    "all_of": "allOf",
    "none_of": "noneOf",
    "before": "before",
    "after": "after",
    "on": "on",
    "in_last": "inLast",
    "not_in_last": "notInLast",
    "in_next": "inNext",
    "in_period": "inPeriod",
    "anniv_in_next": "anniversaryInNext",
    "anniv_in_period": "anniversaryInPeriod",
    "is_set": "notNull",
    "is_not_set": "null",
}
NAMES = {"avg_order_value": "average_order_value", "created_at": "signed_up_at"}
_UNITS = {"d": "day", "w": "week", "mo": "month", "q": "quarter", "y": "year"}
_TYPES = {"string": FieldType.TEXT, "enum": FieldType.ENUM, "number": FieldType.NUMBER, "money": FieldType.MONEY,
          "date": FieldType.DATE, "boolean": FieldType.BOOLEAN, "tags": FieldType.TAGS}  # fmt: skip


def catalogue_of(document: Mapping[str, Any]) -> Catalogue:
    """The catalogue a file of cases describes, on top of the fields every shop has.

    Campaigns and segments get ids counted from 1, as 24 hexadecimal digits.
    """
    context, described = document["context"], document["catalogue"]
    custom = [_custom(name, about) for name, about in described["fields"].items() if name.startswith("attributes.")]
    bare = bare_catalogue(
        currency=context["currency"], timezone=context["tz"], week_start=context["week_start"], fields=tuple(custom)
    )
    return replace(
        bare,
        fields=_with_values(bare.fields, described["fields"]),
        order_fields=_with_values(bare.order_fields, described["order_filters"]),
        campaigns={f"{n:024x}": name for n, name in enumerate(described["campaigns"], 1)},
        segments={f"{n:024x}": name for n, name in enumerate(described["segments"], 1)},
    )


def tree_of(compact: Any, catalogue: Catalogue) -> dict[str, Any]:
    """A compact tree as the JSON of a rule. Raises KeyError for a word the notation does not have."""
    if isinstance(compact, list):
        return _leaf(compact, catalogue)
    ((key, body),) = compact.items()
    if key == "not":
        return {"combinator": "and", "not": True, "rules": [tree_of(body, catalogue)]}
    if key == "orders":
        return _orders(body or {}, catalogue)
    if key == "campaign":
        return _campaign(body, catalogue)
    return {"combinator": key, "rules": [tree_of(item, catalogue) for item in body]}


def _leaf(leaf: list[Any], catalogue: Catalogue) -> dict[str, Any]:
    name, operator, value = (*leaf, None)[:3]
    name = NAMES.get(name, name)
    if name == "segment":
        return {"field": "segment", "operator": _operator(operator), "value": _id_of(value, catalogue.segments)}
    field = catalogue.fields.get(name) or catalogue.order_fields.get(name)
    dated = field is not None and field.type is FieldType.DATE
    return {"field": name, "operator": _operator(operator), "value": _time(value) if dated else value}


def _operator(word: Any) -> str:
    """Ours for the notation's. An unquoted `on` is true in YAML 1.1."""
    return OPERATORS["on" if word is True else word]


def _orders(body: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    node = {
        "field": "orders",
        "measure": body.get("measure", "count"),
        "operator": _operator(body.get("op", "gte")),
        "value": body.get("value", 1),
    }
    if body.get("where"):
        node["where"] = {"combinator": "and", "rules": [_leaf(leaf, catalogue) for leaf in body["where"]]}
    return node | _window(body)


def _campaign(body: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    name = body.get("name", "any")
    node = {
        "field": "campaign",
        "operator": body["event"],
        "value": "any" if name == "any" else _id_of(name, catalogue.campaigns),
    }
    return node | _window(body) | ({} if body.get("did", True) else {"not": True})


def _window(body: Mapping[str, Any]) -> dict[str, Any]:
    if not body.get("window"):
        return {}
    operator, value = body["window"]
    return {"window": {"operator": _operator(operator), "value": _time(value)}}


def _time(value: Any) -> Any:
    if isinstance(value, list):
        return [_time(item) for item in value]
    text = str(value)
    if length := re.fullmatch(r"([0-9]+)(d|w|mo|q|y)( ago| ahead)?", text):
        span: dict[str, Any] = {"amount": int(length[1]), "unit": _UNITS[length[2]]}
        return {**span, "direction": length[3].strip()} if length[3] else span
    if period := re.fullmatch(r"(this|last|next) (week|month|quarter|year)", text):
        return {"period": period[1], "unit": period[2]}
    return value if value is None else text


def _id_of(name: str, names: Mapping[str, str]) -> str:
    return next(key for key, known in names.items() if known == name)


def _with_values(fields: Mapping[str, Field], described: Mapping[str, Any]) -> dict[str, Field]:
    known = {NAMES.get(name, name): about for name, about in described.items() if isinstance(about, dict)}
    return {
        name: replace(field, values=tuple(known[name].get("values") or known[name].get("distinct") or field.values))
        if name in known
        else field
        for name, field in fields.items()
    }


def _custom(name: str, about: Any) -> Field:
    described = about if isinstance(about, dict) else {"type": about}
    label = described.get("label") or name.removeprefix("attributes.").replace("_", " ").capitalize()
    return Field(name=name, label=label, type=_TYPES[described["type"]], path=name, group="Custom")
