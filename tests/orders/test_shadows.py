"""The folded text of orders: kept by every write, and filled in for orders of older versions."""

from __future__ import annotations

from typing import Any

import pytest

from app.database import collection, database
from app.orders.service import bulk_orders, create_order, update_order
from app.orders.shadows import fill_shadows
from models import Customer, Member, Order
from models.order import shadows_of

ITEMS = [{"product": "Runner ", "category": "SHOES"}, {"product": "Straße", "category": "Shoes"}]
FOLDED = {"category": ["shoes"], "product": ["runner", "strasse"], "channel": "web", "coupon": "summer"}


@pytest.fixture
async def customer(database: object) -> Customer:
    return await Customer(external_id="7", email="ann@example.com").insert()


def test_what_is_folded() -> None:
    assert shadows_of({"items": ITEMS, "channel": "Web", "coupon": " SUMMER"}) == {"folded": FOLDED}
    assert shadows_of({"items": [{"product": "", "category": None}], "coupon": "", "channel": None}) == {"folded": {}}
    assert shadows_of({}) == {"folded": {}}


async def test_every_write_keeps_it(bob: Member, customer: Customer) -> None:
    given: dict[str, Any] = {"customer_external_id": "7", "amount": 5, "number": "A1", "items": ITEMS, "channel": "Web"}
    order = await create_order(bob, {**given, "coupon": "Summer"})
    assert (await collection("orders").find_one({"_id": order.id}))["folded"] == FOLDED  # type: ignore[index]
    await update_order(bob, str(order.id), {"coupon": None})
    assert "coupon" not in (await collection("orders").find_one({"_id": order.id}))["folded"]  # type: ignore[index]
    result = await bulk_orders(bob, [{**given, "coupon": "FLASH"}, {**given, "number": "A2", "channel": "Store"}])
    assert (result.created, result.updated) == (1, 1)
    folded = {row["number"]: row["folded"] async for row in collection("orders").find()}
    assert (folded["A1"]["coupon"], folded["A2"]["channel"]) == ("flash", "store")
    saved = await Order.get(order.id)
    assert saved is not None
    saved.channel = "Phone"
    await saved.save()
    assert (await collection("orders").find_one({"_id": order.id}))["folded"]["channel"] == "phone"  # type: ignore[index]


async def test_older_orders_get_it_once(customer: Customer) -> None:
    old = {"customer_id": customer.id, "items": ITEMS, "channel": "Web", "coupon": "SUMMER"}
    await collection("orders").insert_many([dict(old) for _ in range(5)])
    await fill_shadows(database())
    assert [row["folded"] async for row in collection("orders").find()] == [FOLDED] * 5
    await collection("orders").insert_one(dict(old))
    await fill_shadows(database())
    assert await collection("orders").count_documents({"folded": {"$exists": False}}) == 1
