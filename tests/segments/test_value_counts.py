"""How many customers have which value."""

from __future__ import annotations

import asyncio

import pytest

from app.customers.service import create_customer
from app.errors import InvalidInput
from app.orders.service import create_order
from app.segments.catalogue import forget_catalogue
from app.segments.catalogue.value_counts import ValueCount, forget_value_counts, value_counts
from models import Member


@pytest.fixture(autouse=True)
def fresh() -> None:
    forget_catalogue()
    forget_value_counts()


async def _people(alice: Member) -> list[str]:
    rows = (("Pune", ["VIP", "new"]), ("pune", ["vip"]), ("Lyon", []), (None, ["new"]))
    made = []
    for n, (city, tags) in enumerate(rows):
        fields = {"email": f"p{n}@example.com", "first_name": f"P{n}", "city": city, "tags": tags}
        made.append(str((await create_customer(alice, fields)).id))
    return made


def _pairs(counted: tuple[ValueCount, ...]) -> dict[str, int]:
    return {item.value.casefold(): item.count for item in counted}


async def test_most_frequent_first_and_without_regard_to_case(alice: Member) -> None:
    await _people(alice)
    counted = await value_counts(alice, "city")
    assert [(item.value.casefold(), item.count) for item in counted] == [("pune", 2), ("lyon", 1)]
    assert _pairs(await value_counts(alice, "tags")) == {"vip": 2, "new": 2}


async def test_an_order_counts_once_however_many_of_its_items_fit(alice: Member) -> None:
    people = await _people(alice)
    for categories in (("Shoes", "Shoes", "Hats"), ("Shoes",)):
        items = [
            {"product": f"P{n}", "category": category, "quantity": 1, "price": "5.00"}
            for n, category in enumerate(categories)
        ]
        await create_order(alice, {"customer_id": people[0], "amount": "15.00", "status": "paid", "items": items})
    forget_catalogue()
    assert _pairs(await value_counts(alice, "category", of_orders=True)) == {"shoes": 2, "hats": 1}
    assert _pairs(await value_counts(alice, "status", of_orders=True)) == {"paid": 2}


async def test_personal_values_are_never_listed(alice: Member) -> None:
    await _people(alice)
    for field in ("email", "name", "first_name", "phone"):
        assert await value_counts(alice, field) == ()


async def test_an_unknown_field_is_refused(alice: Member) -> None:
    with pytest.raises(InvalidInput):
        await value_counts(alice, "attributes.nothing")


async def test_they_are_kept_for_a_while(alice: Member) -> None:
    await _people(alice)
    before = await value_counts(alice, "city")
    await create_customer(alice, {"email": "new@example.com", "first_name": "N", "city": "Lyon"})
    assert await value_counts(alice, "city") == before
    forget_value_counts()
    assert _pairs(await value_counts(alice, "city")) == {"pune": 2, "lyon": 2}


async def test_two_who_ask_at_once_get_one_count(alice: Member) -> None:
    await _people(alice)
    one, other = await asyncio.gather(value_counts(alice, "city"), value_counts(alice, "city"))
    assert one == other != ()
