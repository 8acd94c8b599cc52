"""The order figures on each customer: made anew from the orders whenever one changes, never added up by hand."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from bson import Decimal128, ObjectId
from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from app.database import collection
from app.errors import InvalidInput
from app.settings import get_settings
from models.order import COUNTED

MOST_SPENT = Decimal(10) ** 14
_CENTS = Decimal("0.01")
_PLACES = Decimal("0.0001")
_COUNTED = [status.value for status in COUNTED]


async def refresh(customer_ids: Iterable[ObjectId], session: AsyncClientSession) -> None:
    """Recompute the rollups of these customers from their orders, as this transaction sees them.

    Exact under concurrent writers: every writer changes `rollup_version` of the customer, so of two transactions whose
    snapshots miss each other's orders MongoDB aborts one, and `in_transaction` runs it again on a newer snapshot.

    Paid and completed orders count. `order_count`, `first_order_at` and `last_order_at` are over all of them;
    `total_spent` and `average_order_value` over those in the shop's currency, because amounts in different currencies
    cannot be added.
    """
    ids = list(dict.fromkeys(customer_ids))
    if not ids:
        return
    found = await collection("orders").aggregate(_figures(ids), session=session, batchSize=len(ids))
    figures = {row["_id"]: row async for row in found}
    await collection("customers").bulk_write(
        [UpdateOne({"_id": key}, _update(figures.get(key))) for key in ids], ordered=False, session=session
    )


def rollup_fields(figures: dict[str, Any] | None) -> dict[str, Any]:
    """The rollups as they are stored, from one group of the aggregation; None is a customer without counted orders."""
    if figures is None:
        return {
            "order_count": 0,
            "total_spent": Decimal128(Decimal(0)),
            "average_order_value": None,
            "first_order_at": None,
            "last_order_at": None,
        }
    total = _decimal(figures["total"])
    priced = int(figures["priced"])
    if total >= MOST_SPENT:
        raise InvalidInput.of("amount", f"brings the customer's total to {MOST_SPENT:,} or more, which cannot be kept")
    average = Decimal128(_short((total / priced).quantize(_PLACES))) if priced else None
    return {
        "order_count": int(figures["count"]),
        "total_spent": Decimal128(total),
        "average_order_value": average,
        "first_order_at": figures["first"],
        "last_order_at": figures["last"],
    }


def _figures(ids: list[ObjectId]) -> list[dict[str, Any]]:
    own_currency = {"$eq": ["$currency", get_settings().currency]}
    return [
        {"$match": {"customer_id": {"$in": ids}, "status": {"$in": _COUNTED}}},
        {
            "$group": {
                "_id": "$customer_id",
                "count": {"$sum": 1},
                "priced": {"$sum": {"$cond": [own_currency, 1, 0]}},
                "total": {"$sum": {"$cond": [own_currency, "$amount", 0]}},
                "first": {"$min": "$placed_at"},
                "last": {"$max": "$placed_at"},
            }
        },
    ]


def _update(figures: dict[str, Any] | None) -> dict[str, Any]:
    return {"$set": rollup_fields(figures), "$inc": {"rollup_version": 1}}


def _decimal(value: Any) -> Decimal:
    return value.to_decimal() if isinstance(value, Decimal128) else Decimal(value)


def _short(number: Decimal) -> Decimal:
    """Two decimals when nothing is lost by it."""
    cents = number.quantize(_CENTS)
    return cents if cents == number else number
