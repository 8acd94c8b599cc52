"""From what is given to what is stored, and whose order it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bson import Decimal128, ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from app.bulk import MAX_ROWS
from app.database import collection
from app.errors import Conflict, FieldError, InvalidInput
from app.orders.fields import REFERENCES, OrderInput, fit_currency
from models.order import OrderStatus, shadows_of
from models.values import fold, now

Raw = dict[str, Any]
Reference = tuple[str, str]
"""How a row names its customer: the field, and its value as it is looked up."""


def reference_of(order: OrderInput) -> Reference:
    """The one reference an order was given with."""
    for name in REFERENCES:
        value = getattr(order, name)
        if value is not None:
            return name, fold(value) if name == "customer_email" else value
    raise AssertionError("OrderInput takes exactly one reference")


async def find_customers(references: Iterable[Reference], session: AsyncClientSession) -> dict[Reference, ObjectId]:
    """The ids of those customers that exist."""
    wanted: dict[str, list[Any]] = {name: [] for name in REFERENCES}
    for name, value in dict.fromkeys(references):
        wanted[name].append(value)
    found: dict[Reference, ObjectId] = {}
    ids = [ObjectId(value) for value in wanted["customer_id"] if len(value) == 24 and ObjectId.is_valid(value)]
    lookups = (
        ("customer_id", "_id", ids),
        ("customer_external_id", "external_id", wanted["customer_external_id"]),
        ("customer_email", "folded.email", wanted["customer_email"]),
    )
    for name, path, values in lookups:
        if not values:
            continue
        rows = collection("customers").find({path: {"$in": values}}, {path: 1}, session=session, batch_size=MAX_ROWS)
        async for row in rows:
            value = row["folded"]["email"] if path == "folded.email" else str(row[path])
            found[(name, value)] = row["_id"]
    for name, value in [("customer_id", value) for value in wanted["customer_id"]]:
        if (name, value.lower()) in found:
            found[(name, value)] = found[(name, value.lower())]
    return found


def no_customer(reference: Reference) -> InvalidInput:
    """The error for a reference to nobody."""
    return InvalidInput.of(reference[0], "there is no such customer")


def new_order(given: Raw, customer_id: ObjectId, currency: str) -> Raw:
    """The document of a new order, without `_id`."""
    moment = now()
    raw: Raw = {
        "number": None,
        "customer_id": customer_id,
        "status": OrderStatus.PAID.value,
        "currency": currency,
        "items": [],
        "channel": None,
        "coupon": None,
        "placed_at": moment,
        "created_at": moment,
        "updated_at": moment,
    }
    raw.update(stored({key: value for key, value in given.items() if key not in REFERENCES}))
    raw.update(shadows_of(raw))
    return raw


def changes_of(raw: Mapping[str, Any], given: Raw, customer_id: ObjectId) -> Raw:
    """What to set on the stored order `raw` so that it has the `given` fields and is this customer's; nothing if it is.

    Raises InvalidInput when amount and currency do not go together.
    """
    changed = {key: value for key, value in given.items() if key not in REFERENCES}
    try:
        if "currency" in changed and "amount" not in changed:
            fit_currency({"amount": raw["amount"].to_decimal()}, changed["currency"])
        fit_currency(changed, changed.get("currency", raw["currency"]))
    except ValueError as problem:
        raise InvalidInput.of("amount", str(problem)) from problem
    wanted = {**stored(changed), "customer_id": customer_id}
    wanted.update(shadows_of({**raw, **wanted}))
    differing = {key: value for key, value in wanted.items() if key not in raw or raw[key] != value}
    return {**differing, "updated_at": now()} if differing else {}


def stored(given: Raw) -> Raw:
    """The values in the form in which MongoDB keeps them."""
    found = dict(given)
    if "amount" in found:
        found["amount"] = Decimal128(found["amount"])
    if "status" in found:
        found["status"] = OrderStatus(found["status"]).value
    if "items" in found:
        found["items"] = [
            {**item, "price": None if item.get("price") is None else Decimal128(item["price"])}
            for item in found["items"]
        ]
    return found


def number_taken() -> Conflict:
    """The error for an order number that is there already."""
    message = "is the number of another order already"
    return Conflict(f"number: {message}", errors=[FieldError("number", message)])
