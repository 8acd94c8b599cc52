"""Upsert of customers, a batch in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from app.bulk import MAX_ROWS, BulkResult, Entry, RowError, read_rows
from app.customers.fields import CustomerInput
from app.customers.writing import changes_of, is_duplicate, new_customer, taken, taken_fields
from app.database import collection, in_transaction
from app.errors import CohortError
from models.values import fold

Raw = dict[str, Any]
Row = tuple[int, Raw]

TRIES = 5


async def upsert_rows(rows: Sequence[Any]) -> BulkResult:
    """Create or update customers by external_id, else by email, and say what became of each row.

    Only the fields that a row carries are changed; a later row of the batch updates what an earlier one made. A row
    with an external id nobody has but a known email takes that customer over when it has no external id yet. Rows
    with neither are refused, because sent twice they would make two customers. The good rows are written in one
    transaction: concurrent batches and orders neither see half of it nor get lost.
    """
    refused = BulkResult()
    read = await asyncio.to_thread(read_rows, CustomerInput, rows, refused)
    good: list[Row] = []
    for index, row in read:
        if row.external_id or row.email:
            good.append((index, row.given()))
        else:
            refused.errors.append(RowError(index, "email", "external_id or email is required to tell rows apart"))
    written = await _write(good) if good else BulkResult()
    errors = sorted([*refused.errors, *written.errors], key=lambda error: error.index)
    return BulkResult(written.created, written.updated, errors)


async def _write(rows: list[Row]) -> BulkResult:
    """One transaction; when uniqueness stands in its way even after fresh looks, one for each row."""
    for _ in range(TRIES):
        try:
            return await in_transaction(lambda session: _write_batch(rows, session))
        except (BulkWriteError, DuplicateKeyError) as problem:
            if not is_duplicate(problem):
                raise
            last = problem
    total = BulkResult()
    if len(rows) == 1:
        total.refuse(rows[0][0], taken(taken_fields(last)))
        return total
    for row in rows:
        one = await _write([row])
        total.created += one.created
        total.updated += one.updated
        total.errors.extend(one.errors)
    return total


async def _write_batch(rows: list[Row], session: AsyncClientSession) -> BulkResult:
    batch = _Batch()
    batch.know(await _existing(rows, session))
    for index, given in rows:
        batch.add(index, given)
    customers = collection("customers")
    # Updates first: they may free an email that a new customer takes.
    updates = [
        UpdateOne({"_id": entry.raw["_id"]}, {"$set": entry.changed})
        for entry in batch.entries
        if not entry.is_new and entry.changed
    ]
    if updates:
        await customers.bulk_write(updates, ordered=False, session=session)
    inserts = [entry.raw for entry in batch.entries if entry.is_new]
    if inserts:
        await customers.insert_many(inserts, ordered=False, session=session)
    return batch.result


async def _existing(rows: Iterable[Row], session: AsyncClientSession) -> list[Raw]:
    external_ids = [given["external_id"] for _, given in rows if given.get("external_id")]
    emails = [fold(given["email"]) for _, given in rows if given.get("email")]
    matches: list[Raw] = []
    if external_ids:
        matches.append({"external_id": {"$in": external_ids}})
    if emails:
        matches.append({"folded.email": {"$in": emails}})
    return await collection("customers").find({"$or": matches}, session=session, batch_size=2 * MAX_ROWS).to_list()


class _Batch:
    """What the rows make of the customers there are, in memory."""

    def __init__(self) -> None:
        self.result = BulkResult()
        self.entries: list[Entry] = []
        self._by_external_id: dict[str, Entry] = {}
        self._by_email: dict[str, Entry] = {}

    def know(self, customers: Iterable[Raw]) -> None:
        """Customers that the rows may mean."""
        for raw in customers:
            self._keep(Entry(raw, is_new=False))

    def add(self, index: int, given: Raw) -> None:
        """Carry out one row, or record why not."""
        try:
            entry = self._meant(given)
            if entry is None:
                self._keep(Entry({"_id": ObjectId(), **new_customer(given)}, is_new=True))
                self.result.created += 1
            else:
                changed = changes_of(entry.raw, given)
                self._drop_names(entry)
                entry.raw.update(changed)
                entry.changed.update(changed)
                self._name(entry)
                self.result.updated += 1
        except CohortError as problem:
            self.result.refuse(index, problem)

    def _meant(self, given: Raw) -> Entry | None:
        external_id, email = given.get("external_id"), given.get("email")
        by_id = self._by_external_id.get(external_id) if external_id else None
        by_email = self._by_email.get(fold(email)) if email else None
        if by_email is None or by_email is by_id:
            return by_id
        if by_id is not None or (external_id and by_email.raw.get("external_id")):
            raise taken(["email"])
        return by_email

    def _keep(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._name(entry)

    def _name(self, entry: Entry) -> None:
        if entry.raw.get("external_id"):
            self._by_external_id[entry.raw["external_id"]] = entry
        if entry.raw.get("email"):
            self._by_email[fold(entry.raw["email"])] = entry

    def _drop_names(self, entry: Entry) -> None:
        if entry.raw.get("external_id"):
            self._by_external_id.pop(entry.raw["external_id"], None)
        if entry.raw.get("email"):
            self._by_email.pop(fold(entry.raw["email"]), None)
