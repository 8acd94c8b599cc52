"""A query as react-querybuilder writes it (version 7 and 8), put into the spelling of our rules.

Its components add keys of their own (`id`, `path`, `disabled`, `valueSource`; see "RuleGroupType" and "RuleType" on
react-querybuilder.js.org), keep numbers, lists and pairs as text ("25,34") and know no dates. What means the same here
is translated; what has no equal is refused with its place, never dropped. `disabled` only locks an editor there, so it
changes nothing; what is `muted` does not count there, so it is left out and told. Everything else about a rule is
judged by `parse_rule` afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from app.errors import FieldError
from app.segments.catalogue.fields import Catalogue, Field, FieldType
from app.segments.rule.nodes import MAX_DEPTH

OWN_KEYS = frozenset({"id", "path", "disabled", "muted", "valueSource", "combinatorPreceding"})
NEGATED = {
    "doesNotBeginWith": "beginsWith",
    "doesNotEndWith": "endsWith",
    "notBetween": "between",
}
ON_DATES = {"=": "on", "<": "before", ">": "after", "<=": "before", ">=": "after"}
ON_TAGS = {"=": "anyOf", "in": "anyOf", "!=": "noneOf", "notIn": "noneOf"}
LISTS = frozenset({"in", "notIn", "anyOf", "allOf", "noneOf", "between"})
FLAGS = {"true": True, "false": False}


@dataclass
class Translation:
    """The rule in our spelling, what could not be translated, what was left out, and where each node stood."""

    rule: Any = None
    errors: list[FieldError] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)

    def place(self, path: str) -> str:
        """The place in the file of a path in `rule`."""
        head = max((new for new in self.places if path == new or path.startswith(f"{new}.")), key=len, default="")
        old = self.places.get(head, head)
        return f"{old}{path[len(head) :]}".removeprefix(".")


def translate(raw: object, catalogue: Catalogue) -> Translation:
    """The query in the spelling of our rules. Never raises: whatever is no query is left for `parse_rule` to refuse."""
    found = Translation()
    found.rule = _node(raw, "", "", found, catalogue.fields, catalogue, 0)
    return found


def _node(
    raw: object,
    new: str,
    old: str,
    found: Translation,
    fields: Mapping[str, Field],
    catalogue: Catalogue,
    depth: int,
) -> Any:
    found.places[new] = old
    if not isinstance(raw, dict) or depth > MAX_DEPTH + 1:
        return raw
    node = {key: value for key, value in raw.items() if key not in OWN_KEYS}
    if "field" not in raw:
        return _group(node, new, old, found, fields, catalogue, depth)
    if raw.get("valueSource", "value") not in (None, "value"):
        found.errors.append(FieldError(_at(old, "valueSource"), "compares two fields, which a rule here cannot"))
    if "match" in node:
        found.errors.append(FieldError(_at(old, "match"), "matches the elements of a list, which a rule here cannot"))
    if isinstance(node.get("where"), dict):
        where = _node(
            node["where"], _at(new, "where"), _at(old, "where"), found, catalogue.order_fields, catalogue, depth + 1
        )
        node["where"] = where
    name = node.get("field")
    known = fields.get(name) if isinstance(name, str) else None
    return _condition(node, known)


def _group(
    node: dict[str, Any],
    new: str,
    old: str,
    found: Translation,
    fields: Mapping[str, Field],
    catalogue: Catalogue,
    depth: int,
) -> dict[str, Any]:
    rules = node.get("rules")
    if not isinstance(rules, list):
        return node
    rules = list(enumerate(rules))
    joints = {rule.lower() for _, rule in rules[1::2] if isinstance(rule, str)}
    if "combinator" not in node and _alternate([rule for _, rule in rules]):
        if len(joints) > 1:
            said = (
                "joins its conditions by both and and or, one after the other; put those that belong together in groups"
            )
            found.errors.append(FieldError(_at(old, "rules"), said))
        node["combinator"] = sorted(joints)[0]
        rules = rules[::2]
    kept: list[Any] = []
    for index, rule in rules:
        place = _at(old, f"rules[{index}]")
        if isinstance(rule, dict) and rule.get("muted") is True:
            found.left_out.append(place)
            continue
        kept.append(_node(rule, _at(new, f"rules[{len(kept)}]"), place, found, fields, catalogue, depth + 1))
    return {**node, "rules": kept}


def _alternate(rules: list[Any]) -> bool:
    """Whether these are conditions with a word between each two, as the component with combinators of their own has."""
    return (
        len(rules) > 2
        and len(rules) % 2 == 1
        and all(isinstance(rule, str) == index % 2 for index, rule in enumerate(rules))
    )


def _condition(node: dict[str, Any], known: Field | None) -> dict[str, Any]:
    operator = node.get("operator")
    if not isinstance(operator, str) or node.get("field") in ("segment", "campaign"):
        return node
    if operator in NEGATED:
        node = {**node, "operator": NEGATED[operator], "not": not node.get("not", False)}
    if node["operator"] in LISTS and isinstance(node.get("value"), str):
        node = {**node, "value": [part.strip() for part in _split(node["value"]) if part.strip()]}
    if known is None:
        return node
    if known.type is FieldType.DATE:
        return _dated(node)
    if known.type is FieldType.TAGS and operator in ON_TAGS:
        value = node.get("value")
        return {**node, "operator": ON_TAGS[operator], "value": value if isinstance(value, list) else [value]}
    return {**node, "value": _typed(node["value"], known)} if "value" in node else node


def _dated(node: dict[str, Any]) -> dict[str, Any]:
    """Comparisons of days in words for days: `<=` a day is before the day after it."""
    operator, value = node["operator"], node.get("value")
    value = [_day(item) for item in value] if isinstance(value, list) else _day(value)
    if operator == "!=":
        return {**node, "operator": "on", "value": value, "not": not node.get("not", False)}
    if operator in ("<=", ">=") and isinstance(value, str):
        try:
            value = (date.fromisoformat(value) + timedelta(days=1 if operator == "<=" else -1)).isoformat()
        except (ValueError, OverflowError):
            return {**node, "value": value}
    return {**node, "operator": ON_DATES.get(operator, operator), "value": value}


def _day(value: Any) -> Any:
    """The day of a moment at midnight, as date pickers write it; any other moment stays as it is."""
    if isinstance(value, str) and value[10:].rstrip("Z") in ("T00:00", "T00:00:00", "T00:00:00.000"):
        return value[:10]
    return value


def _typed(value: Any, known: Field) -> Any:
    if isinstance(value, list):
        return [_typed(item, known) for item in value]
    if not isinstance(value, str):
        return value
    text = value.strip()
    if known.type is FieldType.BOOLEAN:
        return FLAGS.get(text.lower(), value)
    if known.type is FieldType.NUMBER:
        return _number(text, value)
    return text if known.type is FieldType.MONEY else value


def _number(text: str, otherwise: str) -> Any:
    try:
        return int(text) if text.lstrip("-").isdigit() and len(text) < 20 else float(text)
    except ValueError:
        return otherwise


def _split(text: str) -> list[str]:
    """The parts of a list that was written as text; a comma that belongs to a part has a backslash before it."""
    parts, part, escaped = [], "", False
    for char in text:
        if escaped or char not in "\\,":
            part, escaped = part + ("\\" if escaped and char != "," else "") + char, False
        elif char == "\\":
            escaped = True
        else:
            parts.append(part)
            part = ""
    return [*parts, part + "\\" * escaped]


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
