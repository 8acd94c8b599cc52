"""What is wrong with a rule, collected while it is read: where, what, and what would be right."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from app.errors import FieldError, RuleError
from app.segments.catalogue.fields import Field, FieldType, operators_of

MOST_ERRORS = 10
CUSTOM = "attributes."

MEANT: Mapping[str, tuple[str, ...]] = {
    "==": ("=", "on", "anyOf"),
    "===": ("=", "on", "anyOf"),
    "=": ("on", "anyOf"),
    "is": ("=", "on", "anyOf"),
    "eq": ("=", "on", "anyOf"),
    "equals": ("=", "on", "anyOf"),
    "<>": ("!=", "noneOf"),
    "!=": ("noneOf",),
    "ne": ("!=", "noneOf"),
    "isNot": ("!=", "noneOf"),
    ">": ("after",),
    ">=": ("after",),
    "gt": (">", "after"),
    "gte": (">=", "after"),
    "<": ("before",),
    "<=": ("before",),
    "lt": ("<", "before"),
    "lte": ("<=", "before"),
    "in": ("anyOf", "="),
    "notIn": ("noneOf", "!="),
    "contains": ("anyOf",),
    "doesNotContain": ("noneOf",),
    "like": ("contains", "anyOf"),
    "notContains": ("doesNotContain", "noneOf"),
    "startsWith": ("beginsWith",),
    "prefix": ("beginsWith",),
    "isNull": ("null",),
    "empty": ("null",),
    "isNotNull": ("notNull",),
    "exists": ("notNull",),
    "within": ("inLast",),
    "olderThan": ("notInLast",),
}
"""Operators of other languages, and of other types, with what is meant by them here."""


KINDS: Mapping[FieldType, str] = {
    FieldType.TEXT: "text",
    FieldType.ENUM: "a choice",
    FieldType.NUMBER: "a number",
    FieldType.MONEY: "money",
    FieldType.DATE: "a date",
    FieldType.BOOLEAN: "yes or no",
    FieldType.TAGS: "tags",
}


class Enough(Exception):
    """So much is wrong that reading on would not help."""


class Refusals:
    """The errors found so far, at most ten."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def add(self, path: str, message: str) -> None:
        """Note one error. Raises Enough with the tenth."""
        self.errors.append(FieldError(path or "rule", message))
        if len(self.errors) >= MOST_ERRORS:
            raise Enough

    def as_error(self) -> RuleError:
        """All of them as one error whose detail is the first."""
        first = self.errors[0]
        return RuleError(f"{first.field}: {first.message}", errors=self.errors)


def shown(value: object) -> str:
    """A value as a person may read it in a message: JSON, short, printable, safe to encode."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, str):
        text = json.dumps(value[:60], ensure_ascii=False)
        text = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
        return text if len(value) <= 60 else f'{text[:-1]}…"'
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return str(value)[:60] if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**40) else "that"


def joined(names: Iterable[str]) -> str:
    """Names for a message: a, b or c."""
    listed = list(names)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} or {listed[-1]}"


def nearest(wrong: str, names: Iterable[str]) -> str | None:
    """The name most like the wrong one, if any is like it at all, without regard to case."""
    by_lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(wrong[:100].lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def unknown(wrong: object, kind: str, names: Iterable[str]) -> str:
    """`"x" is not a kind; did you mean "y"?`, or what is possible."""
    possible = list(names)
    near = nearest(wrong, possible) if isinstance(wrong, str) else None
    hint = f'did you mean "{near}"?' if near else f"use {joined(possible)}" if possible else "there is none yet"
    return f"{shown(wrong)} is not {kind}; {hint}"


def unknown_field(wrong: object, fields: Mapping[str, Field], also: Iterable[str] = ()) -> str:
    """An unknown field, with the field whose name, label or synonym is nearest."""
    if isinstance(wrong, str) and wrong.startswith(CUSTOM):
        keys = [name.removeprefix(CUSTOM) for name in fields if name.startswith(CUSTOM)]
        near = nearest(wrong.removeprefix(CUSTOM), keys)
        hint = f'did you mean "{CUSTOM}{near}"?' if near else "no customer has this custom attribute"
        return f"{shown(wrong)} is not a field; {hint}"
    if isinstance(wrong, str):
        called: dict[str, str] = {word.lower(): field.name for field in fields.values() for word in field.words}
        called |= {field.label.lower(): field.name for field in fields.values()}
        called |= {name.lower(): name for name in (*also, *fields)}
        near = nearest(wrong, called)
        if near:
            return f'{shown(wrong)} is not a field; did you mean "{called[near.lower()]}"?'
    return f"{shown(wrong)} is not a field; use {joined((*fields, *also))}"


def wrong_operator(wrong: object, field: Field) -> str:
    """An operator the field does not have, with the one that was probably meant."""
    possible = operators_of(field)
    meant: str | None = None
    if isinstance(wrong, str):
        meant = next((name for name in MEANT.get(wrong, ()) if name in possible), None) or nearest(wrong, possible)
    kind = KINDS[field.type]
    hint = f'did you mean "{meant}"?' if meant else f"use {joined(possible)}"
    return f"{shown(wrong)} does not apply to {field.label} ({kind}); {hint}"


def extra_keys(raw: Mapping[Any, Any], allowed: tuple[str, ...]) -> Iterable[tuple[str, str]]:
    """(key, message) for each key that does not belong there."""
    for key in raw:
        if key not in allowed:
            name = key if isinstance(key, str) and key.isidentifier() and key.isascii() else "?"
            yield name[:40], unknown(key, "a key here", allowed)
