"""Which index can count a filter without reading a customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.segments.compile.operators import Filter
from models.customer import Customer

LISTS = frozenset({"tags_folded", "search"})
"""Fields whose index has an entry for each element, so it does not cover them."""

_INDEXES: tuple[tuple[str, ...], ...] = tuple(
    tuple(index.document["key"])
    for index in Customer.Settings.indexes
    if "partialFilterExpression" not in index.document and "wildcardProjection" not in index.document
)
_KEYS: Mapping[tuple[str, ...], dict[str, int]] = {
    tuple(index.document["key"]): dict(index.document["key"]) for index in Customer.Settings.indexes
}


def covering_index(wanted: Filter) -> dict[str, int] | None:
    """The keys of the index that has all fields of the filter and begins with one of them, the tightest of several.

    None when there is no such index, or the filter has alternatives or ids.
    """
    if len(wanted) < 2 or any(path.startswith("$") or path == "_id" for path in wanted):
        return None
    begins = {path for path, test in wanted.items() if _narrows(test)}
    able = [keys for keys in _INDEXES if keys[0] in begins and wanted.keys() <= set(keys) - LISTS]
    return dict(_KEYS[max(able, key=lambda keys: _tightness(keys, wanted))]) if able else None


def _narrows(test: Any) -> bool:
    return not isinstance(test, dict) or not test.keys() & {"$not", "$ne", "$nin"}


def _tightness(keys: tuple[str, ...], wanted: Filter) -> tuple[int, int, int]:
    """Leading equalities, then leading fields that are asked for at all, then fewer fields."""
    equal = asked = 0
    for key in keys:
        if key not in wanted:
            break
        asked += 1
        if equal == asked - 1 and (not isinstance(wanted[key], dict) or "$in" in wanted[key]):
            equal += 1
    return equal, asked, -len(keys)
