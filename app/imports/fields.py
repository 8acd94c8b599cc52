"""What a column of a file can become, and the names by which files call it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from models.values import fold

Kind = Literal["customers", "orders"]


class ValueType(StrEnum):
    """How a cell is read."""

    TEXT = "text"
    BOOLEAN = "boolean"
    DAY = "day"
    MOMENT = "moment"
    MONEY = "money"
    WHOLE = "whole"
    TAGS = "tags"
    ATTRIBUTE = "attribute"


@dataclass(frozen=True, kw_only=True)
class ImportField:
    """One field that a column can fill. `names` are the headers, besides its own name, that fill it by themselves."""

    name: str
    label: str
    type: ValueType = ValueType.TEXT
    names: tuple[str, ...] = ()


def _field(name: str, label: str, *names: str, type: ValueType = ValueType.TEXT) -> ImportField:
    return ImportField(name=name, label=label, type=type, names=names)


CUSTOMER_FIELDS: tuple[ImportField, ...] = (
    _field("external_id", "Customer id", "customer_id", "id", "customer_number", "customer_no", "client_id", "user_id"),
    _field("email", "Email", "email_address", "e-mail", "e-mail address", "mail", "customer_email"),
    _field("first_name", "First name", "firstname", "given_name", "forename", "vorname", "prénom"),
    _field("last_name", "Last name", "lastname", "surname", "family_name", "nachname", "nom"),
    _field("name", "Full name", "full_name", "customer_name", "display_name"),
    _field("phone", "Phone", "phone_number", "mobile", "mobile_number", "telephone", "tel", "cell", "telefon"),
    _field("street", "Street", "address", "address1", "address_line_1", "street_address", "default_address_address1"),
    _field("city", "City", "town", "default_address_city", "ort", "stadt", "ville"),
    _field("region", "Region", "state", "province", "county", "default_address_province_code"),
    _field("postal_code", "Postal code", "postcode", "zip", "zip_code", "zipcode", "pincode", "plz"),
    _field("country", "Country", "country_code", "default_address_country_code", "land", "pays"),
    _field("gender", "Gender", "sex"),
    _field("birthday", "Birthday", "birth_date", "birthdate", "date_of_birth", "dob", type=ValueType.DAY),
    _field("source", "Source", "acquisition_source", "utm_source", "lead_source", "origin"),
    _field(
        "email_opt_in",
        "Accepts email",
        "accepts_marketing",
        "accepts_email_marketing",
        "accepts_email",
        "email_consent",
        "email_marketing_consent",
        "marketing_opt_in",
        "opt_in",
        "newsletter",
        type=ValueType.BOOLEAN,
    ),
    _field(
        "sms_opt_in",
        "Accepts SMS",
        "accepts_sms_marketing",
        "accepts_sms",
        "sms_consent",
        "sms_marketing_consent",
        type=ValueType.BOOLEAN,
    ),
    _field("tags", "Tags", "tag", "labels", "groups", type=ValueType.TAGS),
    _field(
        "signed_up_at",
        "Signed up",
        "signup_date",
        "sign_up_date",
        "signed_up",
        "registered_at",
        "registration_date",
        "created_at",
        "created",
        "date_joined",
        "joined_at",
        "customer_since",
        type=ValueType.MOMENT,
    ),
)

ORDER_FIELDS: tuple[ImportField, ...] = (
    _field("number", "Order number", "order_id", "order_number", "order_no", "order", "id", "order_name"),
    _field(
        "customer_external_id", "Customer id", "customer_id", "customer_number", "customer_no", "client_id", "customer"
    ),
    _field("customer_email", "Customer's email", "email", "email_address", "e-mail", "billing_email"),
    _field(
        "placed_at",
        "Placed at",
        "order_date",
        "date",
        "ordered_at",
        "created_at",
        "purchased_at",
        "purchase_date",
        "paid_at",
        type=ValueType.MOMENT,
    ),
    _field(
        "amount",
        "Amount",
        "total",
        "order_total",
        "total_price",
        "total_amount",
        "order_amount",
        "grand_total",
        "revenue",
        type=ValueType.MONEY,
    ),
    _field("currency", "Currency", "currency_code"),
    _field("status", "Status", "order_status", "state", "financial_status"),
    _field("channel", "Channel", "sales_channel", "order_channel"),
    _field("coupon", "Coupon", "coupon_code", "discount_code", "voucher", "promo_code"),
    _field("product", "Product", "product_name", "item", "item_name", "lineitem_name", "sku", "title"),
    _field("category", "Category", "product_category", "product_type", "item_category"),
    _field("quantity", "Quantity", "qty", "units", "item_count", "lineitem_quantity", type=ValueType.WHOLE),
    _field("price", "Price of one piece", "unit_price", "item_price", "lineitem_price", type=ValueType.MONEY),
)

FIELDS: Mapping[Kind, Mapping[str, ImportField]] = {
    "customers": {field.name: field for field in CUSTOMER_FIELDS},
    "orders": {field.name: field for field in ORDER_FIELDS},
}

REQUIRED: Mapping[Kind, tuple[tuple[str, ...], ...]] = {
    "customers": (("external_id", "email"),),
    "orders": (("number",), ("customer_external_id", "customer_email"), ("placed_at",), ("amount",)),
}
"""Of each group at least one field is needed. Without them a second import of the same file would double everything."""

ATTRIBUTE_PREFIX = "attributes."
ATTRIBUTE = re.compile(r"attributes\.[a-z][a-z0-9_]{0,63}")


def squeezed(header: str) -> str:
    """A header without case, blanks and punctuation: "E-Mail Address" and "email_address" are the same."""
    return re.sub(r"[\W_]+", "", fold(header))


def field_for_header(kind: Kind, header: str) -> ImportField | None:
    """The field that a header names by itself, if it is one we know."""
    name = fold(header)
    if kind == "customers" and ATTRIBUTE.fullmatch(name):
        return attribute_field(name)
    return _BY_HEADER[kind].get(squeezed(header))


def attribute_field(name: str) -> ImportField:
    """The field of a custom attribute, `attributes.<key>`."""
    key = name.removeprefix(ATTRIBUTE_PREFIX)
    return ImportField(name=name, label=key.replace("_", " ").capitalize(), type=ValueType.ATTRIBUTE)


def _by_header(kind: Kind) -> dict[str, ImportField]:
    known: dict[str, ImportField] = {}
    for field in FIELDS[kind].values():
        known[squeezed(field.name)] = field
    for field in FIELDS[kind].values():
        for name in field.names:
            known.setdefault(squeezed(name), field)
    return known


_BY_HEADER: Mapping[Kind, Mapping[str, ImportField]] = {
    "customers": _by_header("customers"),
    "orders": _by_header("orders"),
}
