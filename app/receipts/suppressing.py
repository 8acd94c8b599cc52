"""Who is not written to again because of a receipt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from app.campaigns.sending.ledger import DUPLICATE_KEY
from app.database import collection
from app.receipts.moving import is_hard
from models.campaign import Channel
from models.delivery import DeliveryState as State
from models.values import fold, now

LISTS: Mapping[str, str] = {Channel.EMAIL: "email", Channel.OUTBOX: "email", Channel.SMS: "sms"}
"""The list each channel's addresses are on. A simulated vendor knows nothing of real addresses, a webhook has none."""


async def suppress_all(deliveries: Mapping[str, Mapping[str, Any]], receipts: Mapping[str, Sequence[Any]]) -> None:
    """Suppress the address of each raw delivery that bounced for good or was complained about.

    Who is suppressed already stays so, for the first reason.
    """
    moment = now()
    updates: dict[tuple[str, str], UpdateOne] = {}
    for id, delivery in deliveries.items():
        reason = reason_of(receipts.get(id, ()))
        which, address = LISTS.get(delivery["channel"]), delivery.get("address")
        if reason is None or which is None or not address:
            continue
        key = {"channel": which, "address": fold(address)}
        fresh = {"reason": reason, "campaign_id": delivery["campaign_id"], "created_at": moment}
        updates[which, key["address"]] = UpdateOne(key, {"$setOnInsert": fresh}, upsert=True)
    if not updates:
        return
    try:
        await collection("suppressions").bulk_write(list(updates.values()), ordered=False)
    except BulkWriteError as problem:
        if any(error["code"] != DUPLICATE_KEY for error in problem.details.get("writeErrors", [])):
            raise


def reason_of(receipts: Iterable[Any]) -> str | None:
    """Why these raw receipts of one delivery end all contact, or None. A complaint weighs more than a bounce."""
    reason = None
    for receipt in receipts:
        if receipt["event"] == State.COMPLAINED:
            return "complained"
        if is_hard(receipt):
            reason = "bounced"
    return reason
