"""The figures on a customer are those of the orders, whoever writes at the same time."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal

from app.customers.service import bulk_upsert, update_customer
from app.database import collection
from app.orders.service import bulk_orders, create_order, delete_order, update_order
from models import Customer, Member, Order
from models.order import COUNTED


async def assert_exact(currency: str = "USD") -> None:
    """Every customer's rollups equal a plain pass over the orders."""
    orders = await Order.find_all().to_list()
    for customer in await Customer.find_all().to_list():
        mine = [order for order in orders if order.customer_id == customer.id and order.status in COUNTED]
        priced = [order.amount for order in mine if order.currency == currency]
        assert customer.order_count == len(mine)
        assert customer.total_spent == sum(priced, Decimal(0))
        average = (sum(priced, Decimal(0)) / len(priced)).quantize(Decimal("0.0001")) if priced else None
        assert customer.average_order_value == average
        assert customer.first_order_at == min((order.placed_at for order in mine), default=None)
        assert customer.last_order_at == max((order.placed_at for order in mine), default=None)


async def test_fifty_writers_of_one_customer_and_a_batch_over_it(database, bob: Member):
    customer = await Customer(email="a@example.com").insert()
    other = await Customer(email="b@example.com").insert()

    async def write(number: int) -> None:
        order = await create_order(
            bob,
            {"customer_id": str(customer.id), "amount": f"{number}.10", "placed_at": f"2026-01-{number % 28 + 1:02}"},
        )
        if number % 5 == 0:
            await update_order(bob, order.id, {"status": "refunded"})
        if number % 7 == 0:
            await delete_order(bob, order.id)

    rows = [{"number": f"B{n}", "customer_id": str((customer, other)[n % 2].id), "amount": n} for n in range(200)]
    await asyncio.gather(
        *(write(number) for number in range(50)),
        bulk_orders(bob, rows[:100]),
        bulk_orders(bob, rows[100:]),
        *(update_customer(bob, customer.id, {"city": f"City {n}"}) for n in range(5)),
        bulk_upsert(bob, [{"email": "a@example.com", "first_name": "A"}]),
    )
    assert await collection("orders").count_documents({}) == 50 + 200 - 8
    await assert_exact()
    found = await Customer.get(customer.id)
    assert found is not None
    assert (found.first_name, found.city[:4]) == ("A", "City")


async def test_random_changes_leave_exact_figures(database, bob: Member):
    chance = random.Random(7)
    customers = [await Customer(first_name=f"C{n}").insert() for n in range(4)]
    for step in range(60):
        number = f"N{chance.randrange(20)}"
        row = {
            "number": number,
            "customer_id": str(chance.choice(customers).id),
            "amount": str(Decimal(chance.randrange(10_000)) / 100),
            "status": chance.choice(["paid", "completed", "pending", "cancelled", "refunded"]),
            "currency": chance.choice(["USD", "USD", "EUR"]),
            "placed_at": f"2026-0{chance.randrange(1, 10)}-11T10:00:00Z",
        }
        result = await bulk_orders(bob, [row])
        assert result.errors == [], step
    await assert_exact()


async def test_another_currency_counts_as_an_order_but_is_not_added(database, bob: Member):
    customer = await Customer(email="a@example.com").insert()
    await create_order(bob, {"customer_email": "A@example.com", "amount": "10", "placed_at": "2026-01-01T00:00:00Z"})
    await create_order(
        bob, {"customer_email": "a@example.com", "amount": "99", "currency": "EUR", "placed_at": "2026-02-01T00:00:00Z"}
    )
    found = await Customer.get(customer.id)
    assert found is not None
    assert (found.order_count, found.total_spent, found.average_order_value) == (2, Decimal(10), Decimal("10.00"))
    assert found.last_order_at is not None
    assert found.last_order_at.month == 2
    await assert_exact()


async def test_writing_an_order_leaves_the_rest_of_the_customer_alone(database, bob: Member):
    customer = await Customer(email="a@example.com", tags=["x"], attributes={"a": 1}).insert()
    before = await collection("customers").find_one({"_id": customer.id})
    await create_order(bob, {"customer_id": str(customer.id), "amount": "10"})
    after = await collection("customers").find_one({"_id": customer.id})
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {
        *("order_count", "total_spent", "average_order_value", "first_order_at", "last_order_at", "rollup_version")
    }
