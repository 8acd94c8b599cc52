"""Customers: the one door through which pages, API, command line and imports change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from app.audit import note
from app.auth.authorize import authorize
from app.auth.permissions import require
from app.bulk import MAX_ROWS, BulkResult, RowError, check_rows
from app.customers.bulk import upsert_rows
from app.customers.fields import CustomerInput, CustomerPatch
from app.customers.listing import SORTS, count_customers, list_customers, page_of_customers
from app.customers.masking import shown_to
from app.customers.writing import changes_of, document_of, new_customer, taken, taken_fields
from app.database import collection, in_transaction
from app.errors import NotFound
from app.validation import checked
from models.customer import Customer
from models.member import Member

__all__ = [
    "MAX_ROWS",
    "SORTS",
    "BulkResult",
    "RowError",
    "bulk_upsert",
    "count_customers",
    "create_customer",
    "delete_customer",
    "get_customer",
    "list_customers",
    "page_of_customers",
    "update_customer",
]


async def create_customer(member: Member, data: dict[str, Any] | CustomerInput) -> Customer:
    """A new customer from `CustomerInput` fields.

    Raises InvalidInput naming each wrong field, Conflict naming `email` or `external_id` when another customer has it.
    """
    await authorize(member, "customers.write")
    raw = new_customer(checked(CustomerInput, data).given())
    try:
        await collection("customers").insert_one(raw)
    except DuplicateKeyError as problem:
        raise taken(taken_fields(problem)) from problem
    await note(member, "customer.create", id=raw["_id"])
    return document_of(raw)


async def get_customer(member: Member, customer_id: PydanticObjectId | str) -> Customer:
    """The customer, as this member may see it (`masking`). Raises NotFound."""
    require(member, "customers.read")
    found = await Customer.get(existing_id(customer_id))
    if found is None:
        raise no_such_customer()
    return shown_to(member, found)


async def update_customer(
    member: Member, customer_id: PydanticObjectId | str, data: dict[str, Any] | CustomerPatch
) -> Customer:
    """Change the given fields alone; rollups and everything else stay as they are, also while orders are written.

    Raises NotFound, InvalidInput, and Conflict when another customer has the email or external id.
    """
    await authorize(member, "customers.write")
    key = existing_id(customer_id)
    given = checked(CustomerPatch, data).given()
    before: dict[str, Any] = {}

    async def work(session: AsyncClientSession) -> Customer:
        raw = await collection("customers").find_one({"_id": key}, session=session)
        if raw is None:
            raise no_such_customer()
        changed = changes_of(raw, given)
        before.update({name: raw.get(name) for name in given})
        if changed:
            await collection("customers").update_one({"_id": key}, {"$set": changed}, session=session)
        return document_of({**raw, **changed})

    try:
        customer = await in_transaction(work)
    except DuplicateKeyError as problem:
        raise taken(taken_fields(problem)) from problem
    await note(member, "customer.update", id=key, before=before, after=given, personal=True)
    return customer


async def delete_customer(member: Member, customer_id: PydanticObjectId | str) -> None:
    """Remove a customer with all orders. Deliveries stay, for the counts of their campaigns, without address and name.

    Raises NotFound.
    """
    await authorize(member, "customers.delete")
    key = existing_id(customer_id)

    async def work(session: AsyncClientSession) -> None:
        gone = await collection("customers").delete_one({"_id": key}, session=session)
        if not gone.deleted_count:
            raise no_such_customer()
        await collection("orders").delete_many({"customer_id": key}, session=session)
        await forget_in_deliveries(key, session)

    await in_transaction(work)
    await note(member, "customer.delete", id=key)


async def forget_in_deliveries(key: ObjectId, session: AsyncClientSession) -> None:
    """Take the person out of the communication log and the built-in outbox; numbers, states and times stay."""
    mine = collection("deliveries").find({"customer_id": key}, {"_id": 1}, session=session)
    ids = [row["_id"] async for row in mine]
    if ids:
        forget = {"$set": {"address": None, "name": ""}}
        await collection("deliveries").update_many({"_id": {"$in": ids}}, forget, session=session)
        await collection("outbox").delete_many({"_id": {"$in": ids}}, session=session)


async def bulk_upsert(member: Member, rows: Sequence[Any]) -> BulkResult:
    """Create or update up to 1,000 customers: by external_id, else by email. See `app.customers.bulk`."""
    await authorize(member, "customers.write")
    check_rows(rows)
    result = await upsert_rows(rows)
    counts = {"created": result.created, "updated": result.updated, "refused": len(result.errors)}
    await note(member, "customer.bulk", after=counts)
    return result


def existing_id(customer_id: PydanticObjectId | str) -> PydanticObjectId:
    """The id as the database has it. Raises NotFound for text that is no id."""
    if isinstance(customer_id, str) and (len(customer_id) != 24 or not ObjectId.is_valid(customer_id)):
        raise no_such_customer()
    return PydanticObjectId(customer_id)


def no_such_customer() -> NotFound:
    """What is said when there is none."""
    return NotFound("There is no customer with this id.")
