"""Upsert of orders, a batch in one transaction, rollups included."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError

from app.bulk import MAX_ROWS, BulkResult, Entry, read_rows
from app.customers.writing import is_duplicate
from app.database import collection, in_transaction
from app.errors import CohortError
from app.orders.fields import OrderInput
from app.orders.rollups import refresh
from app.orders.writing import changes_of, find_customers, new_order, no_customer, reference_of

Raw = dict[str, Any]
Row = tuple[int, OrderInput]

TRIES = 10


async def upsert_rows(rows: Sequence[Any]) -> BulkResult:
    """Create or update orders by number, and say what became of each row.

    Rows without a number are always new. Only the fields that a row carries are changed; a later row of the batch with
    the same number updates the earlier one; an order may move to another customer. The good rows and the rollups of
    their customers are written in one transaction.
    """
    refused = BulkResult()
    good = await asyncio.to_thread(read_rows, OrderInput, rows, refused)
    written = await _write(good) if good else BulkResult()
    errors = sorted([*refused.errors, *written.errors], key=lambda error: error.index)
    return BulkResult(written.created, written.updated, errors)


async def _write(rows: list[Row]) -> BulkResult:
    """A number that somebody else used just now is found on the next try, and updated."""
    for attempt in range(TRIES):
        try:
            return await in_transaction(lambda session: _write_batch(rows, session))
        except BulkWriteError as problem:
            if not is_duplicate(problem) or attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


async def _write_batch(rows: list[Row], session: AsyncClientSession) -> BulkResult:
    batch = _Batch()
    numbers = [row.number for _, row in rows if row.number]
    orders = collection("orders")
    async for raw in orders.find({"number": {"$in": numbers}}, session=session, batch_size=MAX_ROWS):
        batch.know(raw)
    customers = await find_customers((reference_of(row) for _, row in rows), session)
    for index, row in rows:
        customer_id = customers.get(reference_of(row))
        if customer_id is None:
            batch.result.refuse(index, no_customer(reference_of(row)))
        else:
            batch.add(index, row, customer_id)
    updates = [
        UpdateOne({"_id": entry.raw["_id"]}, {"$set": entry.changed})
        for entry in batch.entries
        if entry.changed and not entry.is_new
    ]
    if updates:
        await orders.bulk_write(updates, ordered=False, session=session)
    inserts = [entry.raw for entry in batch.entries if entry.is_new]
    if inserts:
        await orders.insert_many(inserts, ordered=False, session=session)
    await refresh(batch.customers, session)
    return batch.result


class _Batch:
    """What the rows make of the orders there are, in memory; `customers` are those whose rollups change."""

    def __init__(self) -> None:
        self.result = BulkResult()
        self.entries: list[Entry] = []
        self.customers: dict[ObjectId, None] = {}
        self._by_number: dict[str, Entry] = {}

    def know(self, raw: Raw) -> None:
        """An order that a row may mean."""
        self._keep(Entry(raw, is_new=False))

    def add(self, index: int, row: OrderInput, customer_id: ObjectId) -> None:
        """Carry out one row, or record why not."""
        entry = self._by_number.get(row.number) if row.number else None
        given = row.given()
        try:
            if entry is None:
                self._keep(Entry({"_id": ObjectId(), **new_order(given, customer_id, row.currency)}, is_new=True))
                self.customers[customer_id] = None
                self.result.created += 1
            else:
                changed = changes_of(entry.raw, given, customer_id)
                if changed:
                    self.customers[entry.raw["customer_id"]] = None
                    self.customers[customer_id] = None
                entry.raw.update(changed)
                entry.changed.update(changed)
                self.result.updated += 1
        except CohortError as problem:
            self.result.refuse(index, problem)

    def _keep(self, entry: Entry) -> None:
        self.entries.append(entry)
        if entry.raw.get("number"):
            self._by_number[entry.raw["number"]] = entry
