"""The merge tags a message may use, and their values for one customer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from bson import Decimal128

from app.channels.addresses import sender_parts
from app.settings import get_settings

MERGE_TAGS: Mapping[str, str] = {
    "customer.first_name": "First name",
    "customer.last_name": "Last name",
    "customer.name": "Full name",
    "customer.email": "Email address",
    "customer.city": "City",
    "customer.country": "Country",
    "customer.total_spent": "Total spent",
    "customer.order_count": "Number of orders",
    "customer.last_order_at": "Date of the last order",
    "shop": "Name of the shop",
    "unsubscribe_url": "Unsubscribe link",
}
"""Every tag but `customer.attributes.<key>`, with its label."""

_ATTRIBUTE = re.compile(r"customer\.attributes\.[a-z][a-z0-9_]{0,63}(\.(size|first|last))?")

CUSTOMER_FIELDS: Mapping[str, int] = {
    "first_name": 1,
    "last_name": 1,
    "name": 1,
    "email": 1,
    "city": 1,
    "country": 1,
    "total_spent": 1,
    "order_count": 1,
    "last_order_at": 1,
    "attributes": 1,
}
"""The projection of a customer that the tags need."""


class ShopDay(datetime):
    """A moment in the shop's zone that reads `3 March 2026` in a message; the `date` filter formats it otherwise."""

    def __str__(self) -> str:
        return f"{self.day} {self:%B} {self.year}"


def known_tag(path: str) -> bool:
    """Whether a message may use this dotted path."""
    return path in MERGE_TAGS or _ATTRIBUTE.fullmatch(path) is not None


def values_of(customer: Mapping[str, Any], *, unsubscribe_url: str) -> dict[str, Any]:
    """What the tags stand for, from a customer as MongoDB or `Customer.model_dump` gives it."""
    attributes = customer.get("attributes") or {}
    return {
        "customer": {
            "first_name": customer.get("first_name") or "",
            "last_name": customer.get("last_name") or "",
            "name": customer.get("name") or "",
            "email": customer.get("email") or "",
            "city": customer.get("city") or "",
            "country": customer.get("country") or "",
            "total_spent": _money(customer.get("total_spent")),
            "order_count": customer.get("order_count") or 0,
            "last_order_at": _day(customer.get("last_order_at")),
            "attributes": {key: _attribute(value) for key, value in attributes.items()},
        },
        "shop": shop_name(),
        "unsubscribe_url": unsubscribe_url,
    }


def shop_name() -> str:
    """The shop's name: the one MAIL_FROM shows, else its domain."""
    name, address = sender_parts(get_settings().mail_from)
    return name or address.rpartition("@")[2]


def _money(value: object) -> Decimal:
    if isinstance(value, Decimal128):
        value = value.to_decimal()
    return Decimal(str(value or 0)).quantize(Decimal("0.01"))


def _day(value: object) -> ShopDay | str:
    if not isinstance(value, datetime):
        return ""
    local = value.astimezone(get_settings().zone)
    return ShopDay(local.year, local.month, local.day, local.hour, local.minute, local.second, tzinfo=local.tzinfo)


def _attribute(value: object) -> object:
    if isinstance(value, datetime):
        return _day(value)
    return value.to_decimal() if isinstance(value, Decimal128) else value
