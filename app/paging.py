"""Pages of a sorted collection by keyset: the next page begins after the last row, whatever is added meanwhile."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import BSON, Decimal128, ObjectId
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from pymongo import ASCENDING, DESCENDING

from app.errors import InvalidInput

MAX_LIMIT = 200
MAX_CURSOR_CHARACTERS = 1_000

Keys = Sequence[tuple[str, int]]

_PLAIN = (str, int, float, datetime, Decimal128, ObjectId, type(None))
_AWARE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)


@dataclass(frozen=True)
class Sort:
    """An order of rows: MongoDB paths with directions, the last of them `_id`, so that no two rows are equal."""

    name: str
    keys: tuple[tuple[str, int], ...]


def sorts(table: Mapping[str, Keys]) -> dict[str, Sort]:
    """The sorts a caller may name: each of `table`, and with a leading `-` the reverse.

    Reversing every key lets one index serve both directions.
    """
    found: dict[str, Sort] = {}
    for name, keys in table.items():
        found[name] = Sort(name, tuple(keys))
        found[f"-{name}"] = Sort(f"-{name}", tuple((path, -direction) for path, direction in keys))
    return found


def pick_sort(table: Mapping[str, Sort], name: str) -> Sort:
    """The sort of this name. Raises InvalidInput listing what there is."""
    if name not in table:
        choices = ", ".join(key for key in table if not key.startswith("-"))
        raise InvalidInput.of("sort", f"should be one of {choices}, with - in front for the reverse")
    return table[name]


def check_limit(limit: int) -> int:
    """`limit` itself when it is 1 to 200. Raises InvalidInput."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInput.of("limit", f"should be 1 to {MAX_LIMIT}")
    return limit


def cursor_after(row: Mapping[str, Any], sort: Sort) -> str:
    """An opaque cursor that continues after this raw row."""
    values = [_value(row, path) for path, _ in sort.keys]
    raw = BSON.encode({"s": _fingerprint(sort), "v": values})
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def rows_after(cursor: str, sort: Sort) -> dict[str, Any]:
    """The filter of the rows after this cursor. Raises InvalidInput for one of another list or sort."""
    wrong = InvalidInput.of("cursor", "is not a cursor of this list and sort; leave it out for the first page")
    if not cursor.isascii() or len(cursor) > MAX_CURSOR_CHARACTERS:
        raise wrong
    try:
        raw = BSON(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        decoded = raw.decode(_AWARE)
    except (ValueError, BSONError, OverflowError, IndexError, TypeError) as problem:
        raise wrong from problem
    values = decoded.get("v")
    if decoded.get("s") != _fingerprint(sort) or not isinstance(values, list) or len(values) != len(sort.keys):
        raise wrong
    if not isinstance(values[-1], ObjectId | str | int) or not all(isinstance(value, _PLAIN) for value in values):
        raise wrong
    return _after(sort.keys, values)


def _after(keys: Keys, values: Sequence[Any]) -> dict[str, Any]:
    """Lexicographic: equal in the first keys, past the value in the next. Absent and null sort before every value."""
    choices: list[dict[str, Any]] = []
    for position, ((path, direction), value) in enumerate(zip(keys, values, strict=True)):
        past = _past(direction, value)
        if past is None:
            continue
        equal = {path: value for (path, _), value in zip(keys[:position], values[:position], strict=True)}
        choices.append({**equal, path: past})
    path, direction = keys[0]
    bound: dict[str, Any] = {}
    if direction == DESCENDING and values[0] is not None:
        bound = {path: {"$not": {"$gt": values[0]}}}
    elif direction == ASCENDING and values[0] is not None:
        bound = {path: {"$gte": values[0]}}
    return {"$and": [bound, {"$or": choices}]} if bound else {"$or": choices}


def _past(direction: int, value: Any) -> Any:
    """The condition that a key is past `value`, None when nothing can be.

    `$lt` and `$gt` compare within one type only, so null needs words of its own.
    """
    if direction == ASCENDING:
        return {"$ne": None} if value is None else {"$gt": value}
    return None if value is None else {"$not": {"$gte": value}}


def _value(row: Mapping[str, Any], path: str) -> Any:
    found: Any = row
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _fingerprint(sort: Sort) -> str:
    return hashlib.sha256(repr((sort.name, sort.keys)).encode()).hexdigest()[:8]
