"""Documents keep what is derived from other fields true, through a real database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pymongo.errors import DuplicateKeyError

from app.database import collection
from models import Customer, Member, Order
from models.values import fold


async def test_customer_round_trip_keeps_money_exact_and_times_aware(database):
    customer = await Customer(
        first_name="İpek",
        last_name="Straße",
        email="Ipek@Example.com",
        birthday=date(1990, 2, 28),
        total_spent=Decimal("12.3400"),
    ).insert()
    read = await Customer.get(customer.id)
    assert read is not None
    assert (read.total_spent, read.birthday, read.signed_up_at.tzinfo) == (Decimal("12.3400"), date(1990, 2, 28), UTC)
    assert read.folded["email"] == "ipek@example.com"
    assert read.folded["birthday"] == 228
    assert fold("STRASSE") in read.search


async def test_email_is_unique_without_regard_to_case_and_only_where_given(database):
    await Customer(email="a@example.com").insert()
    await Customer().insert()
    await Customer().insert()
    with pytest.raises(DuplicateKeyError):
        await Customer(email="A@EXAMPLE.com").insert()


async def test_saving_refreshes_the_shadows(database):
    customer = await Customer(first_name="Ann", city="Pune", tags=["VIP"]).insert()
    customer.city = "MUMBAI"
    await customer.save()
    raw = await collection("customers").find_one({"_id": customer.id})
    assert raw is not None
    assert (raw["folded"]["city"], raw["tags_folded"]) == ("mumbai", ["vip"])


async def test_order_amount_is_exact(database, alice: Member):
    customer = await Customer().insert()
    order = await Order(
        customer_id=customer.id, amount=Decimal("0.1"), currency="USD", placed_at=datetime(2026, 1, 1, tzinfo=UTC)
    ).insert()
    read = await Order.get(order.id)
    assert read is not None
    assert read.amount + Decimal("0.2") == Decimal("0.3")
