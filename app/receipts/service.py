"""Receipts: kept first, then taken in when they are due."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo.errors import BulkWriteError

from app.campaigns.record import signals
from app.campaigns.sending.ledger import DUPLICATE_KEY
from app.database import collection
from app.receipts.ingesting import due_receipts, ingest_due
from app.receipts.resolving import resolve_all_unknown, resolve_unknown
from models.receipt import Receipt
from models.values import now

__all__ = ["due_receipts", "ingest_due", "receipt_key", "record", "resolve_all_unknown", "resolve_unknown", "store"]


def receipt_key(
    about: str, event: str, *, vendor_id: str | None = None, at: datetime | None = None, said: str = ""
) -> str:
    """The `_id` of a receipt about a delivery (or a vendor's reference): the same for the same content.

    `vendor_id` is the vendor's own id of the event, and all that counts where there is one. `said` is the rest.
    """
    content = f"id {vendor_id}" if vendor_id else f"{at.isoformat() if at else ''} {said}"
    return f"{about}:{event}:{hashlib.blake2b(content.encode(), digest_size=8).hexdigest()}"


async def record(receipts: Sequence[Receipt]) -> int:
    """Keep these receipts and return how many are new; a repeat changes nothing. They are on disk when this returns.

    What is due already is taken in within a second, the rest when its time comes.
    """
    added = await store([_row(receipt) for receipt in receipts])
    moment = now()
    if added and any(receipt.due_at is not None and receipt.due_at <= moment for receipt in receipts):
        await signals.wake()
    return added


async def store(rows: Sequence[Mapping[str, Any]]) -> int:
    """`record` for raw receipts that are not due yet: one write."""
    if not rows:
        return 0
    try:
        await collection("receipts").insert_many([dict(row) for row in rows], ordered=False)
    except BulkWriteError as problem:
        errors = (problem.details or {}).get("writeErrors", [])
        if any(error["code"] != DUPLICATE_KEY for error in errors) or problem.details.get("writeConcernErrors"):
            raise
        return len(rows) - len(errors)
    return len(rows)


def _row(receipt: Receipt) -> dict[str, Any]:
    """As `models.receipt.Receipt` has it, without what is empty."""
    fields = receipt.model_dump(exclude={"id", "revision_id"}, exclude_none=True)
    return {"_id": receipt.id, **fields, "event": str(receipt.event)}
