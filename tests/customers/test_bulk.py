"""Upserts: what a batch makes of the customers there are, also while others write."""

from __future__ import annotations

import asyncio

import pytest

from app.customers.service import bulk_upsert, create_customer, update_customer
from app.database import collection
from app.errors import Conflict, InvalidInput, PermissionDenied
from models import Customer, Member
from models.customer import shadows_of


async def names() -> set[tuple[str | None, str | None, str]]:
    return {(one.external_id, one.email, one.name) for one in await Customer.find_all().to_list()}


async def test_by_external_id_else_by_email(database, bob: Member):
    await create_customer(bob, {"external_id": "1", "email": "a@example.com", "first_name": "A"})
    await create_customer(bob, {"email": "b@example.com", "first_name": "B"})
    result = await bulk_upsert(
        bob,
        [
            {"external_id": "1", "email": "new@example.com"},
            {"external_id": "2", "email": "B@example.com"},
            {"email": "c@example.com", "name": "C D"},
        ],
    )
    assert (result.created, result.updated, result.errors) == (1, 2, [])
    assert await names() == {
        ("1", "new@example.com", "A"),
        ("2", "B@example.com", "B"),
        (None, "c@example.com", "C D"),
    }


async def test_only_carried_fields_change(database, bob: Member):
    await create_customer(
        bob,
        {"external_id": "1", "city": "Pune", "tags": ["x"], "email_opt_in": True, "attributes": {"a": 1, "b": 2}},
    )
    await bulk_upsert(bob, [{"external_id": "1", "attributes": {"b": 3}, "phone": "+919876543210"}])
    found = await Customer.find_one()
    assert found is not None
    assert (found.city, found.tags, found.email_opt_in, found.attributes) == ("Pune", ["x"], True, {"a": 1, "b": 3})


async def test_an_email_freed_by_one_row_can_be_taken_by_the_next(database, bob: Member):
    await create_customer(bob, {"external_id": "1", "email": "a@example.com"})
    rows = [{"external_id": "1", "email": "b@example.com"}, {"external_id": "2", "email": "a@example.com"}]
    result = await bulk_upsert(bob, rows)
    assert (result.created, result.updated, result.errors) == (1, 1, [])


async def test_emails_that_swap_are_refused_and_the_other_rows_written(database, bob: Member):
    await create_customer(bob, {"external_id": "1", "email": "a@example.com"})
    await create_customer(bob, {"external_id": "2", "email": "b@example.com"})
    result = await bulk_upsert(
        bob,
        [
            {"external_id": "1", "email": "b@example.com"},
            {"external_id": "3", "email": "c@example.com"},
        ],
    )
    assert [(error.index, error.field) for error in result.errors] == [(0, "email")]
    assert (result.created, await Customer.count()) == (1, 3)


async def test_what_is_derived_is_made_anew(database, bob: Member):
    await bulk_upsert(bob, [{"external_id": "1", "name": "Ann Lee", "tags": ["VIP"], "attributes": {"a": "Straße"}}])
    await bulk_upsert(bob, [{"external_id": "1", "last_name": "Ray", "birthday": "1990-02-28"}])
    raw = await collection("customers").find_one({})
    assert raw is not None
    derived = {key: raw[key] for key in ("name", "folded", "tags_folded", "search")}
    assert derived == shadows_of(raw)
    assert (raw["name"], raw["folded"]["birthday"], raw["folded"]["attributes"]) == ("Ann Ray", 228, {"a": "strasse"})


async def test_batches_at_the_same_time_make_everybody_once(database, bob: Member):
    rows = [{"external_id": str(n), "email": f"c{n}@example.com", "first_name": f"N{n}"} for n in range(100)]
    results = await asyncio.gather(*(bulk_upsert(bob, rows[start : start + 60]) for start in (0, 10, 20, 30, 40)))
    assert [result.errors for result in results] == [[]] * 5
    assert sum(result.created for result in results) == 100
    assert await Customer.count() == 100


async def test_writers_of_one_customer_do_not_lose_each_others_fields(database, bob: Member):
    customer = await create_customer(bob, {"external_id": "1"})
    await asyncio.gather(
        *(update_customer(bob, customer.id, {"attributes": {f"k{n}": n}}) for n in range(12)),
        *(bulk_upsert(bob, [{"external_id": "1", "attributes": {f"b{n}": "x"}}]) for n in range(12)),
    )
    found = await Customer.find_one()
    assert found is not None
    assert len(found.attributes) == 24
    raw = await collection("customers").find_one({})
    assert raw is not None
    assert len(raw["folded"]["attributes"]) == 12


async def test_two_who_take_one_email_at_the_same_time(database, bob: Member):
    both = await asyncio.gather(
        *(create_customer(bob, {"email": "a@example.com"}) for _ in range(5)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in both) == ["Conflict"] * 4 + ["Customer"]
    other = await create_customer(bob, {"email": "b@example.com"})
    with pytest.raises(Conflict) as problem:
        await update_customer(bob, other.id, {"email": "A@example.com"})
    assert problem.value.errors[0].field == "email"


async def test_refusals(database, bob: Member, charlie: Member):
    with pytest.raises(PermissionDenied):
        await bulk_upsert(charlie, [])
    with pytest.raises(InvalidInput):
        await bulk_upsert(bob, [{}] * 1_001)
    assert await bulk_upsert(bob, []) is not None


async def test_the_same_rows_again_write_nothing(database, bob: Member):
    rows = [{"external_id": "1", "name": "Ann Lee", "birthday": "1990-02-28", "tags": ["x"], "attributes": {"a": 1.5}}]
    await bulk_upsert(bob, rows)
    before = await collection("customers").find_one({})
    again = await bulk_upsert(bob, rows)
    assert (again.created, again.updated) == (0, 1)
    assert await collection("customers").find_one({}) == before
