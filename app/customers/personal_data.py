"""A person's rights over their data (GDPR, articles 15, 17 and 20): all of it handed out, or all of it gone."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from beanie import PydanticObjectId
from bson import Decimal128, ObjectId
from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from app.audit import note
from app.auth.authorize import authorize
from app.customers.service import existing_id, forget_in_deliveries, no_such_customer
from app.customers.writing import OWN_FIELDS, document_of
from app.database import collection, in_transaction
from models.customer import Customer, shadows_of
from models.member import Member
from models.values import fold, now

Raw = dict[str, Any]

_DERIVED = frozenset({"folded", "search", "tags_folded", "rollup_version"})
_INNER = frozenset({"owner", "chunk"})


async def export_customer(member: Member, customer_id: PydanticObjectId | str) -> Raw:
    """Everything that is known of one person, as plain JSON values: profile, orders, messages, suppressions.

    Money is text, times are ISO 8601. Raises NotFound.
    """
    await authorize(member, "customers.export")
    key = existing_id(customer_id)
    customer = await collection("customers").find_one({"_id": key})
    if customer is None:
        raise no_such_customer()
    orders = await collection("orders").find({"customer_id": key}).sort("placed_at", 1).to_list()
    deliveries = await collection("deliveries").find({"customer_id": key}).sort("created_at", 1).to_list()
    ids = [row["_id"] for row in deliveries]
    messages = await collection("outbox").find({"_id": {"$in": ids}}).to_list()
    addresses = [address for _, address in _addresses(customer)]
    suppressions = await collection("suppressions").find({"address": {"$in": addresses}}).to_list()
    await note(member, "customer.export", id=key)
    return {
        "exported_at": now().isoformat(),
        "customer": _plain({name: value for name, value in customer.items() if name not in _DERIVED}),
        "orders": [_plain({k: v for k, v in row.items() if k != "folded"}) for row in orders],
        "deliveries": [_plain({k: v for k, v in row.items() if k not in _INNER}) for row in deliveries],
        "messages": [_plain({k: v for k, v in row.items() if k != "search"}) for row in messages],
        "suppressions": [_plain(row) for row in suppressions],
    }


async def erase_customer(member: Member, customer_id: PydanticObjectId | str) -> Customer:
    """Take the person out and keep the numbers.

    The customer becomes an anonymous record with its rollups, the orders stay with it, messages lose address, name and
    content, and the addresses are suppressed (as folded text, the least that keeps them from being contacted again).
    Raises NotFound.
    """
    await authorize(member, "customers.delete")
    key = existing_id(customer_id)

    async def work(session: AsyncClientSession) -> Customer:
        raw = await collection("customers").find_one({"_id": key}, session=session)
        if raw is None:
            raise no_such_customer()
        addresses = _addresses(raw)
        if addresses:
            await collection("suppressions").bulk_write([_suppress(*pair) for pair in addresses], session=session)
        blank = _blank()
        await collection("customers").update_one({"_id": key}, {"$set": blank}, session=session)
        await forget_in_deliveries(key, session)
        return document_of({**raw, **blank})

    erased = await in_transaction(work)
    await note(member, "customer.erase", id=key)
    return erased


def _addresses(customer: Raw) -> list[tuple[str, str]]:
    pairs = (("email", customer.get("email")), ("sms", customer.get("phone")))
    return [(channel, fold(address)) for channel, address in pairs if address]


def _suppress(channel: str, address: str) -> UpdateOne:
    """A suppression that is there already keeps its first reason."""
    fresh = {"reason": "erased", "campaign_id": None, "created_at": now()}
    return UpdateOne({"channel": channel, "address": address}, {"$setOnInsert": fresh}, upsert=True)


def _blank() -> Raw:
    empty: Raw = dict.fromkeys((name for name in OWN_FIELDS if name != "signed_up_at"), None)
    empty |= {"first_name": "", "last_name": "", "email_opt_in": False, "sms_opt_in": False}
    empty |= {"tags": [], "attributes": {}}
    return {**empty, **shadows_of(empty), "updated_at": now(), "erased_at": now()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {"id" if key == "_id" else key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, ObjectId | Decimal):
        return str(value)
    return str(value.to_decimal()) if isinstance(value, Decimal128) else value
