"""From what is given to what is stored: merged with what is there, shadows made anew, conflicts named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from bson import Decimal128
from pymongo.errors import BulkWriteError, DuplicateKeyError

from app.customers.fields import IDENTITY, MAX_ATTRIBUTES, resolved_phone
from app.errors import Conflict, FieldError, InvalidInput
from models.customer import Customer, shadows_of
from models.values import now

Raw = dict[str, Any]

_EMPTY: Mapping[str, Any] = {
    "external_id": None,
    "first_name": "",
    "last_name": "",
    "email": None,
    "phone": None,
    "street": None,
    "city": None,
    "region": None,
    "postal_code": None,
    "country": None,
    "gender": None,
    "birthday": None,
    "source": None,
    "email_opt_in": False,
    "sms_opt_in": False,
    "tags": (),
    "attributes": {},
}
OWN_FIELDS = (*_EMPTY, "signed_up_at")
"""The fields a person fills in; the rest of the document is derived from them or from orders."""


def new_customer(given: Raw) -> Raw:
    """The document of a new customer, without `_id`. Raises InvalidInput naming the field."""
    moment = now()
    raw: Raw = {
        **_EMPTY,
        "tags": [],
        "attributes": {},
        "signed_up_at": moment,
        "created_at": moment,
        "order_count": 0,
        "total_spent": Decimal128(Decimal(0)),
        "average_order_value": None,
        "first_order_at": None,
        "last_order_at": None,
        "rollup_version": 0,
    }
    raw.update(changes_of(raw, given))
    return raw


def changes_of(raw: Mapping[str, Any], given: Raw) -> Raw:
    """What to set on the stored customer `raw` so that it has the `given` fields: those, the shadows, the time.

    Nothing when it has them already, so that bringing in the same file again costs no writes.
    Raises InvalidInput naming the field when the two do not go together.
    """
    changed = dict(given)
    try:
        resolved_phone(dict(raw), changed)
    except ValueError as problem:
        raise InvalidInput.of("phone", str(problem)) from problem
    if "attributes" in changed:
        merged = {**(raw.get("attributes") or {}), **changed["attributes"]}
        changed["attributes"] = {key: value for key, value in merged.items() if value is not None}
        if len(changed["attributes"]) > MAX_ATTRIBUTES:
            raise InvalidInput.of("attributes", f"should have {MAX_ATTRIBUTES} entries at most, with those there are")
    birthday = changed.get("birthday")
    if isinstance(birthday, date) and not isinstance(birthday, datetime):
        changed["birthday"] = datetime(birthday.year, birthday.month, birthday.day, tzinfo=UTC)
    changed = {key: value for key, value in changed.items() if key not in raw or raw[key] != value}
    if not changed and "folded" in raw:
        return {}
    whole = {**raw, **changed}
    if not any(whole.get(key) for key in IDENTITY):
        raise InvalidInput.of("email", "one of email, phone, external_id or a name has to remain")
    return {**changed, **shadows_of(whole), "updated_at": now()}


def taken(fields: Iterable[str]) -> Conflict:
    """The error for a unique field that another customer has."""
    errors = [FieldError(field, "belongs to another customer already") for field in fields]
    return Conflict(f"{errors[0].field}: {errors[0].message}", errors=errors)


def taken_fields(problem: DuplicateKeyError | BulkWriteError) -> list[str]:
    """The fields whose uniqueness a write would have broken."""
    details: Mapping[str, Any] = problem.details or {}
    found = [details, *details.get("writeErrors", ())]
    names = {path.removeprefix("folded.") for error in found for path in error.get("keyPattern", {})}
    return sorted(names) or ["email"]


def is_duplicate(problem: DuplicateKeyError | BulkWriteError) -> bool:
    """Whether uniqueness is what stopped the write."""
    if isinstance(problem, DuplicateKeyError):
        return True
    return any(error.get("code") == 11000 for error in (problem.details or {}).get("writeErrors", ()))


def document_of(raw: Mapping[str, Any]) -> Customer:
    """The document for a raw customer."""
    customer: Customer = Customer.model_validate(raw)
    return customer
