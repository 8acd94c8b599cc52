"""What a rule may ask about: field types, the operators of each, and the fields every shop has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from models.order import OrderStatus


class FieldType(StrEnum):
    """The type of a field decides its operators and how its values are written."""

    TEXT = "text"
    ENUM = "enum"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    BOOLEAN = "boolean"
    TAGS = "tags"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of the catalogue.

    `path` is where MongoDB keeps it (the folded shadow for text). `values` are an enum's values, or values known to
    occur, as the shop writes them, most frequent first. `words` are other names people use. `calendar` marks a day
    without a zone.
    """

    name: str
    label: str
    type: FieldType
    path: str = ""
    values: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    calendar: bool = False
    anniversary: bool = False
    group: str = "Profile"


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Everything a rule may mention in this shop at this moment. `campaigns` and `segments` map ids to names."""

    fields: Mapping[str, Field]
    order_fields: Mapping[str, Field]
    campaigns: Mapping[str, str]
    segments: Mapping[str, str]
    currency: str
    timezone: str
    week_start: str


PRESENCE = ("null", "notNull")
TEXT_OPERATORS = ("=", "!=", "in", "notIn", "contains", "doesNotContain", "beginsWith", "endsWith", *PRESENCE)
NUMBER_OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "between")
DAY_OPERATORS = ("before", "after", "on", "between", "inLast", "notInLast", "inNext", "inPeriod")
ANNIVERSARY_OPERATORS = ("anniversaryInNext", "anniversaryInPeriod")

OPERATORS: Mapping[FieldType, tuple[str, ...]] = {
    FieldType.TEXT: TEXT_OPERATORS,
    FieldType.ENUM: ("=", "!=", "in", "notIn", *PRESENCE),
    FieldType.NUMBER: (*NUMBER_OPERATORS, *PRESENCE),
    FieldType.MONEY: (*NUMBER_OPERATORS, *PRESENCE),
    FieldType.DATE: (*DAY_OPERATORS, *ANNIVERSARY_OPERATORS, *PRESENCE),
    FieldType.BOOLEAN: ("=",),
    FieldType.TAGS: ("anyOf", "allOf", "noneOf", *PRESENCE),
}
"""The operators of each type; `operators_of` leaves out the anniversaries where a field has none."""

MEASURES = ("count", "sum", "avg", "max")
CAMPAIGN_OPERATORS = ("sent", "opened", "clicked", "converted")
SEGMENT_OPERATORS = ("in", "notIn")
SPECIAL_FIELDS = ("orders", "campaign", "segment")


def operators_of(field: Field) -> tuple[str, ...]:
    """The operators a condition on this field may use, in the order a menu should show them."""
    operators = OPERATORS[field.type]
    return operators if field.anniversary else tuple(name for name in operators if name not in ANNIVERSARY_OPERATORS)


def _text(name: str, label: str, *words: str) -> Field:
    return Field(name=name, label=label, type=FieldType.TEXT, path=f"folded.{name}", words=words)


def _orders(name: str, label: str, kind: FieldType, *words: str) -> Field:
    return Field(name=name, label=label, type=kind, path=name, words=words, group="Orders")


PROFILE_FIELDS: tuple[Field, ...] = (
    _text("name", "Name", "full name", "called", "named"),
    _text("first_name", "First name", "given name", "forename"),
    _text("last_name", "Last name", "surname", "family name"),
    _text("email", "Email", "email address", "e-mail", "mail address"),
    _text("phone", "Phone", "phone number", "mobile", "telephone"),
    _text("city", "City", "town", "live in", "based in", "from"),
    _text("region", "Region", "state", "province", "county"),
    _text("postal_code", "Postal code", "zip", "zip code", "postcode", "pin code"),
    _text("country", "Country", "nation", "live in", "based in", "from"),
    _text("gender", "Gender", "sex"),
    _text("source", "Source", "acquisition source", "came from", "acquired through", "acquisition channel"),
    Field(
        name="birthday",
        label="Birthday",
        type=FieldType.DATE,
        path="birthday",
        words=("birth date", "date of birth", "born", "dob"),
        calendar=True,
        anniversary=True,
    ),
    Field(
        name="age",
        label="Age",
        type=FieldType.NUMBER,
        path="birthday",
        words=("years old", "older than", "younger than"),
    ),
    Field(
        name="signed_up_at",
        label="Signed up",
        type=FieldType.DATE,
        path="signed_up_at",
        words=("sign-up date", "signup date", "joined", "registered", "customer since", "subscribed"),
    ),
    Field(
        name="tags",
        label="Tags",
        type=FieldType.TAGS,
        path="tags_folded",
        words=("tag", "tagged", "labelled", "labeled"),
    ),
    Field(
        name="email_opt_in",
        label="Accepts email",
        type=FieldType.BOOLEAN,
        path="email_opt_in",
        words=("email consent", "accepts marketing", "subscribed to email", "newsletter", "opted in to email"),
        group="Consent",
    ),
    Field(
        name="sms_opt_in",
        label="Accepts text messages",
        type=FieldType.BOOLEAN,
        path="sms_opt_in",
        words=("sms consent", "accepts sms", "subscribed to sms", "opted in to sms", "opted in to texts"),
        group="Consent",
    ),
    _orders(
        "total_spent",
        "Total spent",
        FieldType.MONEY,
        "spent",
        "spend",
        "lifetime value",
        "ltv",
        "revenue",
        "total spend",
    ),
    _orders("order_count", "Number of orders", FieldType.NUMBER, "orders", "purchases", "order count", "times ordered"),
    _orders(
        "average_order_value",
        "Average order value",
        FieldType.MONEY,
        "aov",
        "average order",
        "average basket",
        "spend per order",
    ),
    _orders(
        "first_order_at", "First order", FieldType.DATE, "first ordered", "first purchase", "first bought", "new buyer"
    ),
    _orders(
        "last_order_at",
        "Last order",
        FieldType.DATE,
        "last ordered",
        "last purchase",
        "ordered",
        "bought",
        "purchased",
        "inactive",
        "lapsed",
    ),
)

ORDER_FIELDS: tuple[Field, ...] = (
    Field(
        name="category",
        label="Category",
        type=FieldType.TEXT,
        path="folded.category",
        words=("product category", "department", "type of product"),
        group="Orders",
    ),
    Field(
        name="product",
        label="Product",
        type=FieldType.TEXT,
        path="folded.product",
        words=("item", "article", "product name"),
        group="Orders",
    ),
    Field(
        name="status",
        label="Status",
        type=FieldType.ENUM,
        path="status",
        values=tuple(status.value for status in OrderStatus),
        words=("order status", "state"),
        group="Orders",
    ),
    Field(
        name="channel",
        label="Sales channel",
        type=FieldType.TEXT,
        path="folded.channel",
        words=("order channel", "ordered through", "bought on", "bought in"),
        group="Orders",
    ),
    Field(
        name="amount",
        label="Order amount",
        type=FieldType.MONEY,
        path="amount",
        words=("order value", "basket", "order total", "worth"),
        group="Orders",
    ),
    Field(
        name="coupon",
        label="Coupon",
        type=FieldType.TEXT,
        path="folded.coupon",
        words=("coupon code", "discount code", "voucher", "promo code"),
        group="Orders",
    ),
)
