"""Values that occur in the shop's data, so that a person can pick them and a prompt can be understood.

Only fields with few, impersonal values are read: never names, addresses, emails or phones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.database import collection
from models.values import fold

NEWEST = 20_000
"""How many of the newest documents are looked at. A backward walk of an index with a limit: about 0.1 s at any size."""

MOST_VALUES = 200
LONGEST_VALUE = 100

CUSTOMER_VALUES: Mapping[str, str] = {name: name for name in ("city", "region", "country", "gender", "source", "tags")}
ORDER_VALUES: Mapping[str, str] = {
    "category": "items.category",
    "product": "items.product",
    "channel": "channel",
    "coupon": "coupon",
}


async def customer_values() -> dict[str, tuple[str, ...]]:
    """Field name to its values among the newest customers, most frequent first, at most 200 each."""
    return await _frequent("customers", [("_id", -1)], CUSTOMER_VALUES)


async def order_values() -> dict[str, tuple[str, ...]]:
    """Order field name to its values among the latest orders, most frequent first, at most 200 each."""
    return await _frequent("orders", [("placed_at", -1), ("_id", -1)], ORDER_VALUES)


async def _frequent(name: str, order: list[tuple[str, int]], paths: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    facets: dict[str, list[dict[str, Any]]] = {
        field: [
            *([{"$unwind": "$items"}] if path.startswith("items.") else []),
            *([{"$unwind": "$tags"}] if path == "tags" else []),
            {"$match": {path: {"$type": "string", "$gt": ""}}},
            {"$sortByCount": f"${path}"},
            {"$limit": MOST_VALUES * 2},
        ]
        for field, path in paths.items()
    }
    projection = dict.fromkeys(paths.values(), 1)
    pipeline: list[dict[str, Any]] = [
        {"$sort": dict(order)},
        {"$limit": NEWEST},
        {"$project": projection},
        {"$facet": facets},
    ]
    cursor = await collection(name).aggregate(pipeline)
    found = (await cursor.to_list(1))[0]
    return {field: one_spelling((row["_id"], row["count"]) for row in found[field]) for field in paths}


def one_spelling(counted: Iterable[tuple[Any, int]], most: int = MOST_VALUES) -> tuple[str, ...]:
    """Each value once, in its most frequent spelling, most frequent first (then by the alphabet)."""
    totals: dict[str, int] = {}
    spelling: dict[str, tuple[int, str]] = {}
    for text, count in counted:
        key = fold(text) if isinstance(text, str) and len(text) <= LONGEST_VALUE else ""
        if not key:
            continue
        totals[key] = totals.get(key, 0) + count
        spelling[key] = max(spelling.get(key, (0, "")), (count, text.strip()))
    ranked = sorted(totals, key=lambda key: (-totals[key], key))
    return tuple(spelling[key][1] for key in ranked[:most])
