"""Read the shipped sample, moved in time so that its latest order was yesterday."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

from app.demo.music import CATEGORY_OF

END = date(1998, 6, 30)
"""The last day of the sample, and of its source."""


def days_to_move(today: date) -> timedelta:
    """How far to move every date of the sample, whole days; `today` is the shop's."""
    return today - timedelta(days=1) - END


def customers(move: timedelta) -> Iterator[dict[str, Any]]:
    """Rows for `bulk_upsert`. Times have no zone, so they are the shop's local time."""
    for row in _rows("customers.csv.gz"):
        given: dict[str, Any] = {key: value for key, value in row.items() if value and "." not in key}
        given["external_id"] = given.pop("customer_id")
        given["signed_up_at"] = datetime.fromisoformat(row["signed_up_at"]) + move
        if row["birthday"]:
            given["birthday"] = date.fromisoformat(row["birthday"]) + move
        for key in ("email_opt_in", "sms_opt_in"):
            given[key] = row[key] == "yes"
        given["tags"] = [tag for tag in row["tags"].split(";") if tag]
        given["attributes"] = {
            "favourite_genre": row["attributes.favourite_genre"],
            "loyalty_points": int(row["attributes.loyalty_points"]),
            "loyalty_card": row["attributes.loyalty_card"] == "yes",
        }
        yield given


def orders(move: timedelta, places: int) -> Iterator[dict[str, Any]]:
    """Rows for `bulk_orders`, in the shop's currency, whose amounts have `places` digits after the point."""
    for row in _rows("orders.csv.gz"):
        given: dict[str, Any] = {
            "number": row["order_id"],
            "customer_external_id": row["customer_id"],
            "placed_at": datetime.fromisoformat(row["placed_at"]) + move,
            "amount": _rounded(row["amount"], places),
            "status": row["status"],
            "channel": row["channel"],
            "items": [_item(text, places) for text in row["items"].split(";")],
        }
        if row["coupon"]:
            given["coupon"] = row["coupon"]
        yield given


def _item(text: str, places: int) -> dict[str, Any]:
    title, count, price = text.split("|")
    return {
        "product": title,
        "category": CATEGORY_OF[title],
        "quantity": int(count),
        "price": _rounded(price, places),
    }


def _rounded(text: str, places: int) -> Decimal:
    amount = Decimal(text)
    return amount if places >= 2 else amount.quantize(Decimal(1).scaleb(-places))


def _rows(name: str) -> Iterator[dict[str, str]]:
    content = gzip.decompress(files("app.demo").joinpath(name).read_bytes()).decode()
    yield from csv.DictReader(content.splitlines())
