"""A rule as the flat plan a model reads and writes: the way back from `app.ai.assembly`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.segments.catalogue import Catalogue

Json = dict[str, Any]


def plan_of(rule: Json, catalogue: Catalogue) -> Json | None:
    """A rule (canonical JSON) as a plan; campaigns and segments by name. None when a plan cannot hold it."""
    groups: list[Json] = []
    conditions: list[Json] = []
    if any(_nested(node) for node in _leaves(rule)):
        return None

    def walk(node: Json, key: int, parent: int) -> None:
        groups.append({"id": key, "parent": parent, "combinator": node["combinator"], "negated": bool(node.get("not"))})
        for child in node["rules"]:
            if "rules" in child:
                walk(child, len(groups), key)
            else:
                conditions.append({"group": key, **_condition(child, catalogue)})

    walk(rule, 0, 0)
    return {"outcome": "ok", "groups": groups, "conditions": conditions}


def _leaves(node: Json) -> list[Json]:
    return [leaf for child in node["rules"] for leaf in _leaves(child)] if "rules" in node else [node]


def _nested(leaf: Json) -> bool:
    value = leaf.get("value")
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return True
    where = leaf.get("where")
    if where is None:
        return False
    plain = where["combinator"] == "and" or len(where["rules"]) == 1
    return not plain or bool(where.get("not")) or any("rules" in test or test.get("not") for test in where["rules"])


def _condition(node: Json, catalogue: Catalogue) -> Json:
    body: Json = {"field": node["field"], "operator": node["operator"]}
    if node.get("not"):
        body["negated"] = True
    if node["field"] == "orders":
        body["measure"] = node["measure"]
        if "where" in node:
            body["where"] = [
                {"field": test["field"], "operator": test["operator"], "values": _texts(test["value"])}
                for test in node["where"]["rules"]
            ]
    body |= _value(_named(node, catalogue))
    if "window" in node:
        body["window_operator"] = node["window"]["operator"]
        body |= {f"window_{key}": value for key, value in _value(node["window"]["value"]).items()}
    return body


def _named(node: Json, catalogue: Catalogue) -> Any:
    names: Mapping[str, str] = {"campaign": catalogue.campaigns, "segment": catalogue.segments}.get(node["field"], {})
    value = node.get("value")
    return names.get(value, value) if isinstance(value, str) else value


def _value(value: Any) -> Json:
    return dict(value) if isinstance(value, dict) else {"values": _texts(value)}


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in items]
