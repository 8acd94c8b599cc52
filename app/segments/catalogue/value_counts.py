"""How many customers (or orders) have which value of a field, for the menus of the segment builder."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ExecutionTimeout

from app.auth.permissions import require
from app.database import collection, database
from app.errors import InvalidInput
from app.segments.catalogue import load_catalogue
from app.segments.catalogue.distincts import CUSTOMER_VALUES, LONGEST_VALUE, ORDER_VALUES, one_spelling
from app.segments.catalogue.fields import Field, FieldType
from models.member import Member
from models.values import fold

MOST_VALUES = 1_000
LONGEST_MS = 3_000
MOST_ORDERS = 200_000
"""Over this many orders theirs are not counted: it would read every one of them."""

KEPT_SECONDS = 60.0
KEPT_PER_SECOND = 600.0
"""Seconds that numbers are kept for each second that counting them took: ten minutes after one second of work."""


@dataclass(frozen=True, kw_only=True)
class ValueCount:
    """One value as the shop writes it, and how many customers (for an order's field: orders) have it."""

    value: str
    count: int


_Kept = tuple[AsyncDatabase[dict[str, Any]], float, tuple[ValueCount, ...]]
_kept: dict[tuple[str, bool], _Kept] = {}
_counting: dict[tuple[str, bool], asyncio.Task[tuple[ValueCount, ...]]] = {}


async def value_counts(member: Member, field: str, *, of_orders: bool = False) -> tuple[ValueCount, ...]:
    """The values of a text, choice or tags field with their numbers, most frequent first, at most 1,000.

    Upper and lower case count as one value. Nothing for fields whose values are personal (names, addresses), for
    orders beyond 200,000, and when counting takes more than three seconds. Kept for a minute, or ten minutes for each
    second it took; whoever asks meanwhile waits for the same count. Cost: the index on the field where there is one
    (city, country), else one pass over the customers. Raises InvalidInput for a field that is not in the catalogue.
    """
    require(member, "segments.read")
    key, source = (field, of_orders), database()
    catalogue = await load_catalogue()
    found = (catalogue.order_fields if of_orders else catalogue.fields).get(field)
    if found is None:
        raise InvalidInput.of("field", f'"{field}" is not a field of this shop')
    if not _countable(found, of_orders=of_orders):
        return ()
    if key in _kept and _kept[key][0] is source and time.monotonic() < _kept[key][1]:
        return _kept[key][2]
    task = _counting.get(key)
    if task is None or task.get_loop() is not asyncio.get_running_loop():
        task = asyncio.create_task(_count_and_keep(key, source, found), name=f"value counts of {field}")
        _counting[key] = task
        task.add_done_callback(lambda _: _counting.pop(key, None))
    return await asyncio.shield(task)


def forget_value_counts() -> None:
    """Count anew at the next use."""
    _kept.clear()


def _countable(field: Field, *, of_orders: bool) -> bool:
    if of_orders:
        return field.name in ORDER_VALUES or field.type is FieldType.ENUM
    custom = field.name.startswith("attributes.") and field.type in (FieldType.TEXT, FieldType.ENUM, FieldType.TAGS)
    return field.name in CUSTOMER_VALUES or (custom and bool(field.values))


async def _count_and_keep(
    key: tuple[str, bool], source: AsyncDatabase[dict[str, Any]], field: Field
) -> tuple[ValueCount, ...]:
    began = time.monotonic()
    try:
        counted = await (_of_orders(field) if key[1] else _of_customers(field))
    except ExecutionTimeout:
        counted = ()
    now = time.monotonic()
    _kept[key] = (source, now + max(KEPT_SECONDS, (now - began) * KEPT_PER_SECOND), counted)
    return counted


async def _of_customers(field: Field) -> tuple[ValueCount, ...]:
    """Grouped by the folded shadow, which an index may cover; spelled as the catalogue does, or as they occur."""
    path = field.path
    rows = await _grouped("customers", [{"$match": {path: {"$gt": ""}}}, {"$unwind": f"${path}"}], path)
    spelled = {fold(value): value for value in field.values}
    unknown = [key for key in rows if key not in spelled]
    if unknown:
        raw = field.name
        stages: list[dict[str, Any]] = [{"$match": {path: {"$in": unknown}}}, {"$unwind": f"${raw}"}]
        written = await _grouped("customers", stages, raw, most=MOST_VALUES * 4)
        spelled = {fold(value): value for value in one_spelling(written.items(), MOST_VALUES * 4)} | spelled
    return tuple(ValueCount(value=spelled.get(key, key), count=count) for key, count in rows.items())


async def _of_orders(field: Field) -> tuple[ValueCount, ...]:
    """Each order counts once for a value, however many of its items have it."""
    if await collection("orders").estimated_document_count() > MOST_ORDERS:
        return ()
    path = ORDER_VALUES.get(field.name, field.name)
    once: list[dict[str, Any]] = [{"$project": {"v": f"${path}"}}]
    if path.startswith("items."):
        once = [{"$project": {"v": {"$setUnion": [{"$ifNull": [f"${path}", []]}, []]}}}, {"$unwind": "$v"}]
    written = await _grouped("orders", [*once, {"$match": {"v": {"$type": "string", "$gt": ""}}}], "v", MOST_VALUES * 2)
    return _one_each(written)


async def _grouped(name: str, stages: list[dict[str, Any]], path: str, most: int = MOST_VALUES) -> Mapping[str, int]:
    pipeline = [*stages, {"$sortByCount": f"${path}"}, {"$limit": most}]
    cursor = await collection(name).aggregate(pipeline, maxTimeMS=LONGEST_MS)
    return {
        row["_id"]: row["count"]
        for row in await cursor.to_list()
        if isinstance(row["_id"], str) and row["_id"] and len(row["_id"]) <= LONGEST_VALUE
    }


def _one_each(written: Mapping[str, int]) -> tuple[ValueCount, ...]:
    totals = _totals(written.items())
    return tuple(ValueCount(value=value, count=totals[fold(value)]) for value in one_spelling(written.items()))


def _totals(written: Iterable[tuple[str, int]]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for value, count in written:
        totals[fold(value)] = totals.get(fold(value), 0) + count
    return totals
