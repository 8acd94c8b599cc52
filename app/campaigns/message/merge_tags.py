"""The merge tags a message may use, and their values for one customer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
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


class Values:
    """What the tags stand for in messages that use only `uses` (None: all of them), for any customer.

    The shop's name is that of the moment this is made; of a customer only what is used is read.
    """

    def __init__(self, uses: frozenset[str] | None = None) -> None:
        self._shop = shop_name()
        paths = [path.split(".") for path in (uses if uses is not None else MERGE_TAGS) if path.startswith("customer.")]
        self._fields = [(name, _READERS[name]) for name in dict.fromkeys(path[1] for path in paths) if name in _READERS]
        self._attributes = None if uses is None else [path[2] for path in paths if path[1] == "attributes"]

    def of(self, customer: Mapping[str, Any], *, unsubscribe_url: str) -> dict[str, Any]:
        """The values for a customer as MongoDB or `Customer.model_dump` gives it."""
        found = {name: read(customer.get(name)) for name, read in self._fields}
        if self._attributes is None or self._attributes:
            given = customer.get("attributes") or {}
            wanted = given if self._attributes is None else [key for key in self._attributes if key in given]
            found["attributes"] = {key: _attribute(given[key]) for key in wanted}
        return {"customer": found, "shop": self._shop, "unsubscribe_url": unsubscribe_url}

    def finder(self, path: tuple[str, ...]) -> Callable[[Mapping[str, Any], str], Any]:
        """What finds the value of one tag alone, for a customer and their unsubscribe link: the same as in `of`."""
        shop = self._shop
        if path == ("shop",):
            return lambda customer, url: shop
        if path == ("unsubscribe_url",):
            return lambda customer, url: url
        name = path[1] if len(path) > 1 and path[0] == "customer" else ""
        if len(path) == 2 and (read := _READERS.get(name)) is not None:
            return lambda customer, url: read(customer.get(name))
        if len(path) == 3 and name == "attributes":
            key = path[2]
            return lambda customer, url: _attribute((customer.get("attributes") or {}).get(key))
        return lambda customer, url: None


def values_of(customer: Mapping[str, Any], *, unsubscribe_url: str) -> dict[str, Any]:
    """What all tags stand for, from a customer as MongoDB or `Customer.model_dump` gives it."""
    return Values().of(customer, unsubscribe_url=unsubscribe_url)


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


def _text(value: object) -> object:
    return value or ""


_READERS: Mapping[str, Callable[[object], object]] = {
    "first_name": _text,
    "last_name": _text,
    "name": _text,
    "email": _text,
    "city": _text,
    "country": _text,
    "total_spent": _money,
    "order_count": lambda value: value or 0,
    "last_order_at": _day,
}
