"""Who may be written to, however they are found."""

from __future__ import annotations

import random

import pytest
from bson import ObjectId

from app.campaigns.audience import contact
from app.campaigns.audience.contact import judge
from app.campaigns.message.unsubscribe import suppress
from app.database import collection
from tests.campaigns.conftest import add_people


@pytest.fixture
async def people(database) -> list[ObjectId]:
    """Sixty who agreed, five who did not, one without an address and one who left; the last two are gone."""
    found = await add_people(60)
    found += await add_people(5, start=60, email_opt_in=False)
    found += await add_people(1, start=65, email=None)
    await suppress("p7@example.com", "unsubscribed", None)
    gone = await add_people(2, start=70)
    await collection("customers").delete_many({"_id": {"$in": gone}})
    return found + gone


@pytest.mark.parametrize("seed", range(5))
async def test_neighbours_are_judged_like_anybody(people: list[ObjectId], seed: int):
    chosen = random.Random(seed).sample(people, random.Random(seed).choice([1, 3, 30, len(people)]))
    for ids in (chosen, sorted(chosen), sorted(chosen, reverse=True), [people[0], people[-1]], people, []):
        assert await judge(ids, neighbours=True) == await judge(ids)


async def test_one_who_came_between_is_not_judged(people: list[ObjectId]):
    verdicts = await judge([people[0], people[2]], neighbours=True)
    assert [verdict.customer_id for verdict in verdicts] == [people[0], people[2]]


async def test_a_wrong_guess_reads_twice_as_many_at_most(people: list[ObjectId]):
    ids = [people[0], people[50]]
    customers = await contact._customers(ids, {"email": 1}, neighbours=True)
    assert set(ids) <= set(customers)
    assert len(customers) <= 3 * len(ids)
