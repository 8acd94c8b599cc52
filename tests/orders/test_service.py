"""Orders as the services take them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from app.orders.service import bulk_orders, create_order, delete_order, get_order, list_orders, page_of_orders
from app.orders.service import update_order as change
from models import Customer, Member, Order


@pytest.fixture
async def ann(database) -> Customer:
    return await Customer(email="ann@example.com", external_id="7", first_name="Ann").insert()


def wrong(problem: pytest.ExceptionInfo) -> str:
    return problem.value.errors[0].field


class TestCreate:
    async def test_by_each_reference(self, ann: Customer, bob: Member):
        for reference in (
            {"customer_id": str(ann.id)},
            {"customer_id": str(ann.id).upper()},
            {"customer_external_id": 7},
            {"customer_email": "ANN@example.com"},
        ):
            order = await create_order(bob, {**reference, "amount": 5})
            assert (order.customer_id, order.currency, order.status) == (ann.id, "USD", "paid")

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({"amount": 1}, "customer_id"),
            ({"customer_external_id": "7", "customer_email": "ann@example.com", "amount": 1}, "customer_id"),
            ({"customer_external_id": "8", "amount": 1}, "customer_external_id"),
            ({"customer_id": "x", "amount": 1}, "customer_id"),
            ({"customer_id": "z" * 24, "amount": 1}, "customer_id"),
            ({"customer_external_id": "7"}, "amount"),
            ({"customer_external_id": "7", "amount": "12,50"}, "amount"),
            ({"customer_external_id": "7", "amount": "1e3"}, "amount"),
            ({"customer_external_id": "7", "amount": -1}, "amount"),
            ({"customer_external_id": "7", "amount": True}, "amount"),
            ({"customer_external_id": "7", "amount": float("nan")}, "amount"),
            ({"customer_external_id": "7", "amount": 1e300}, "amount"),
            ({"customer_external_id": "7", "amount": "1.234"}, "amount"),
            ({"customer_external_id": "7", "amount": "1.5", "currency": "JPY"}, "amount"),
            ({"customer_external_id": "7", "amount": 1, "currency": "QQQ"}, "currency"),
            ({"customer_external_id": "7", "amount": 1, "status": "lost"}, "status"),
            ({"customer_external_id": "7", "amount": 1, "placed_at": "2099-01-01"}, "placed_at"),
            ({"customer_external_id": "7", "amount": 1, "placed_at": "31.12.2020"}, "placed_at"),
            ({"customer_external_id": "7", "amount": 1, "placed_at": 1700000000}, "placed_at"),
            ({"customer_external_id": "7", "amount": 1, "items": [{"prise": 1}]}, "items[0].prise"),
            ({"customer_external_id": "7", "amount": 1, "items": [{"quantity": -1}]}, "items[0].quantity"),
        ],
    )
    async def test_it_names_what_is_wrong(self, ann: Customer, bob: Member, data, field):
        with pytest.raises(InvalidInput) as problem:
            await create_order(bob, data)
        assert wrong(problem) == field
        assert await Order.count() == 0

    async def test_a_comma_gets_a_hint(self, ann: Customer, bob: Member):
        with pytest.raises(InvalidInput, match=r"point.*12\.50"):
            await create_order(bob, {"customer_external_id": "7", "amount": "12,50"})

    async def test_a_number_is_used_once(self, ann: Customer, bob: Member):
        await create_order(bob, {"customer_external_id": "7", "amount": 1, "number": 1001})
        with pytest.raises(Conflict) as problem:
            await create_order(bob, {"customer_external_id": "7", "amount": 1, "number": "1001"})
        assert wrong(problem) == "number"
        found = await Customer.get(ann.id)
        assert found is not None
        assert found.order_count == 1

    async def test_amounts_stay_exact(self, ann: Customer, bob: Member):
        for _ in range(3):
            await create_order(bob, {"customer_external_id": "7", "amount": 0.1})
        found = await Customer.get(ann.id)
        assert found is not None
        assert found.total_spent == Decimal("0.3")

    async def test_a_total_too_large_to_keep_is_refused(self, ann: Customer, bob: Member):
        rows = [{"customer_external_id": "7", "amount": "99999999999"} for _ in range(1_000)]
        assert (await bulk_orders(bob, rows)).created == 1_000
        with pytest.raises(InvalidInput, match="total"):
            await create_order(bob, {"customer_external_id": "7", "amount": "99999999999"})
        assert (await Customer.get(ann.id)).total_spent == Decimal("99999999999") * 1_000  # type: ignore[union-attr]

    async def test_a_viewer_may_not(self, ann: Customer, charlie: Member):
        with pytest.raises(PermissionDenied):
            await create_order(charlie, {"customer_external_id": "7", "amount": 1})


class TestUpdateAndDelete:
    async def test_only_what_is_given_changes(self, ann: Customer, bob: Member):
        order = await create_order(
            bob, {"customer_external_id": "7", "amount": "5.50", "coupon": "A", "items": [{"product": "Shoe"}]}
        )
        changed = await change(bob, order.id, {"status": "cancelled"})
        assert (changed.amount, changed.coupon, changed.items[0].product) == (Decimal("5.50"), "A", "Shoe")
        assert (await Customer.get(ann.id)).order_count == 0  # type: ignore[union-attr]

    async def test_amount_and_currency_have_to_fit(self, ann: Customer, bob: Member):
        order = await create_order(bob, {"customer_external_id": "7", "amount": "5.50"})
        for data in ({"currency": "JPY"}, {"amount": "1.234"}, {"amount": "1.5", "currency": "JPY"}):
            with pytest.raises(InvalidInput) as problem:
                await change(bob, order.id, data)
            assert wrong(problem) == "amount"
        assert (await change(bob, order.id, {"amount": "1.234", "currency": "KWD"})).currency == "KWD"

    async def test_what_is_not_there(self, database, bob: Member):
        for id in ("x", "0" * 24):
            for work in (get_order(bob, id), delete_order(bob, id), change(bob, id, {})):
                with pytest.raises(NotFound):
                    await work


class TestBulk:
    async def test_good_rows_are_written_and_wrong_ones_named(self, ann: Customer, bob: Member):
        result = await bulk_orders(
            bob,
            [
                {"number": "1", "customer_external_id": "7", "amount": "1", "coupon": "A"},
                {"number": "2", "customer_external_id": "8", "amount": "1"},
                {"number": "1", "customer_email": "ann@example.com", "amount": "2"},
                {"number": "3", "customer_external_id": "7"},
                None,
            ],
        )
        assert (result.created, result.updated) == (1, 1)
        assert [(error.index, error.field) for error in result.errors] == [
            (1, "customer_external_id"),
            (3, "amount"),
            (4, ""),
        ]
        order = await Order.find_one()
        assert order is not None
        assert (order.amount, order.coupon) == (Decimal(2), "A")

    async def test_again_changes_nothing(self, ann: Customer, bob: Member):
        rows = [{"number": str(n), "customer_external_id": "7", "amount": n} for n in range(50)]
        assert (await bulk_orders(bob, rows)).created == 50
        again = await bulk_orders(bob, rows)
        assert (again.created, again.updated, again.errors) == (0, 50, [])
        assert (await Customer.get(ann.id)).total_spent == sum(range(50))  # type: ignore[union-attr]


class TestList:
    async def test_filters_search_and_pages(self, ann: Customer, bob: Member, charlie: Member):
        other = await Customer(email="zoe@example.com", external_id="9").insert()
        for n in range(5):
            await create_order(bob, {"customer_id": ann.id, "amount": n, "number": f"A{n}", "placed_at": "2026-01-05"})
        await create_order(bob, {"customer_id": other.id, "amount": 9, "number": "Z1", "status": "pending"})
        assert len((await list_orders(charlie, customer_id=ann.id))[0]) == 5
        assert [order.number for order in (await list_orders(charlie, status="pending"))[0]] == ["Z1"]
        assert [order.number for order in (await list_orders(charlie, search="a3"))[0]] == ["A3"]
        assert [order.number for order in (await list_orders(bob, search="zoe"))[0]] == ["Z1"]
        assert (await list_orders(charlie, search="zoe"))[0] == [], "who sees no addresses finds nobody by one"
        seen, cursor = [], None
        while True:
            page, cursor = await list_orders(charlie, sort="-amount", limit=2, cursor=cursor)
            seen += [order.number for order in page]
            if cursor is None:
                break
        assert seen == ["Z1", "A4", "A3", "A2", "A1", "A0"]
        rows, total = await page_of_orders(charlie, customer_id=ann.id, sort="amount", offset=2, limit=2)
        assert ([order.number for order in rows], total) == (["A2", "A3"], 5)
