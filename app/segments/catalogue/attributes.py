"""Custom attributes: which keys the newest customers carry, and of which type their values are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bson import Decimal128

from app.database import collection
from app.segments.catalogue.distincts import one_spelling
from app.segments.catalogue.fields import NUMBER_OPERATORS, OPERATORS, TEXT_OPERATORS, Field, FieldType

NEWEST = 2_000
MOST_KEYS = 200
MOST_VALUES = 50

KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}.*)?")
PERSONAL = re.compile(r"name|mail|phone|mobile|address|street|birth|passport|ssn|iban|card|contact")
PERSONAL_VALUE = re.compile(r"@|\d{6,}|\d[\d ()+.-]{6,}\d")


async def attribute_fields(rules: Iterable[Mapping[str, Any]] = ()) -> tuple[Field, ...]:
    """A field `attributes.<key>` for each key of the 2,000 newest customers, and for each key a saved rule mentions.

    `rules` are stored rules as JSON: what they ask about stays known when no recent customer carries it any more.
    """
    seen: dict[str, list[Any]] = {}
    newest = collection("customers").find({}, {"attributes": 1, "_id": 0}).sort("_id", -1).limit(NEWEST)
    async for row in newest:
        for key, value in (row.get("attributes") or {}).items():
            if value is not None and KEY.fullmatch(key) and (key in seen or len(seen) < MOST_KEYS):
                seen.setdefault(key, []).append(value)
    fields = {key: attribute_field(key, values) for key, values in seen.items()}
    for key, kind in _mentioned(rules).items():
        fields.setdefault(key, _field(key, kind))
    return tuple(fields[key] for key in sorted(fields))


def attribute_field(key: str, values: Iterable[Any]) -> Field:
    """The field of one attribute, typed by the values seen: one type when all agree, text otherwise."""
    kinds = Counter(_kind(value) for value in values)
    kind = next(iter(kinds)) if len(kinds) == 1 else FieldType.TEXT
    return _field(key, kind, _known_values(key, kind, values))


def _field(key: str, kind: FieldType, values: tuple[str, ...] = ()) -> Field:
    shadow = kind in (FieldType.TEXT, FieldType.TAGS)
    label = key.replace("_", " ")
    return Field(
        name=f"attributes.{key}",
        label=label[:1].upper() + label[1:],
        type=kind,
        path=f"folded.attributes.{key}" if shadow else f"attributes.{key}",
        values=values,
        words=(label,) if "_" in key else (),
        group="Custom",
    )


def _kind(value: Any) -> FieldType:
    if isinstance(value, bool):
        return FieldType.BOOLEAN
    if isinstance(value, int | float | Decimal | Decimal128):
        return FieldType.NUMBER
    if isinstance(value, datetime | date) or (isinstance(value, str) and _is_day(value)):
        return FieldType.DATE
    return FieldType.TAGS if isinstance(value, list) else FieldType.TEXT


def _is_day(text: str) -> bool:
    if not DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def _known_values(key: str, kind: FieldType, values: Iterable[Any]) -> tuple[str, ...]:
    """Values worth offering: few, repeated, not about one person. One value like a phone or an email drops them all."""
    if kind not in (FieldType.TEXT, FieldType.TAGS) or PERSONAL.search(key):
        return ()
    texts = [
        item for value in values for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)
    ]
    if any(PERSONAL_VALUE.search(text) for text in texts):
        return ()
    known = one_spelling(Counter(texts).items(), MOST_VALUES + 1)
    return known if len(known) <= MOST_VALUES and len(known) * 2 <= len(texts) else ()


def _mentioned(rules: Iterable[Mapping[str, Any]]) -> dict[str, FieldType]:
    """Attribute keys in stored rules, each with the type its operator and value speak of."""
    kinds: dict[str, FieldType] = {}
    waiting: list[Any] = list(rules)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, Mapping):
            continue
        waiting.extend(node.get("rules") or ())
        field = node.get("field")
        if isinstance(field, str) and field.startswith("attributes.") and KEY.fullmatch(field[11:]):
            kinds.setdefault(field[11:], _asked(node.get("operator"), node.get("value")))
    return kinds


def _asked(operator: Any, value: Any) -> FieldType:
    sample = value[0] if isinstance(value, list) and value else value
    if isinstance(sample, bool):
        return FieldType.BOOLEAN
    if operator in NUMBER_OPERATORS and isinstance(sample, int | float):
        return FieldType.NUMBER
    if operator in TEXT_OPERATORS:
        return FieldType.TEXT
    return FieldType.TAGS if operator in OPERATORS[FieldType.TAGS] else FieldType.DATE
