"""Ids that pass from the customers to the chunks as bytes."""

from __future__ import annotations

import bson
import pytest
from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from hypothesis import given
from hypothesis import strategies as st

from app.campaigns.sending.packing import CHUNK_SIZE, HANDS, SMALLEST, chunks_of, ids_in, sizes_of
from app.campaigns.sending.prepare import prepare
from app.database import collection
from models import Member
from models.chunk import Chunk
from tests.campaigns.conftest import add_people, add_segment, draft, in_city, reload

ids = st.builds(ObjectId, st.binary(min_size=12, max_size=12))


def batch(found: list[ObjectId], *others: dict[str, object]) -> bytes:
    """What is between the length of an array and its NUL."""
    return bytes(RawBSONDocument(bson.encode({"": [*({"_id": id} for id in found), *others]})).raw[10:-2])


@given(st.lists(ids, max_size=30))
def test_a_batch_is_its_ids(found: list[ObjectId]):
    assert ids_in(batch(found)) == [id.binary for id in found]


@pytest.mark.parametrize("other", [{"_id": "ann"}, {"_id": 7}, {"_id": ObjectId(), "a": 1}, {"id_": ObjectId()}, {}])
def test_anything_else_is_refused(other: dict[str, object]):
    with pytest.raises(ValueError, match="not an ObjectId"):
        ids_in(batch([ObjectId()], other, {"_id": ObjectId()}))
    with pytest.raises(ValueError, match="not an ObjectId"):
        ids_in(batch([ObjectId()] * 11, other))
    with pytest.raises(ValueError, match="not an ObjectId"):
        ids_in(batch([ObjectId()] * 3)[:-1])


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 99, 100, 101, 1_000, 1_001, 10_001])
def test_a_batch_may_be_of_any_length(count: int):
    found = [ObjectId() for _ in range(count)]
    assert ids_in(batch(found)) == [id.binary for id in found]


@given(st.integers(0, 10**5), st.integers(1, 2000), st.booleans())
def test_everybody_has_a_place(people: int, size: int, last: bool):
    sizes = sizes_of(people, size=size, last=last)
    assert sum(sizes) == people
    assert all(0 < one <= size for one in sizes)
    assert sizes == sorted(sizes, reverse=True)
    if not last:
        assert all(one == size for one in sizes[:-1])


def test_a_small_audience_keeps_several_hands_busy_and_a_large_one_ends_in_small_chunks():
    assert sizes_of(300) == [SMALLEST, SMALLEST, 50]
    assert len(sizes_of(1_000)) >= HANDS
    large = sizes_of(50_000)
    assert large[:40] == [CHUNK_SIZE] * 40
    assert large[-HANDS] <= 2 * SMALLEST
    assert len(large) < 50 + 3 * HANDS


@given(st.lists(ids, max_size=30), st.integers(1, 12), st.integers(0, 10**6))
def test_chunks_read_like_any_document(found: list[ObjectId], size: int, number: int):
    campaign = ObjectId()
    sizes = sizes_of(len(found), size=size, last=False)
    chunks = [bson.decode(chunk.raw) for chunk in chunks_of(campaign, number, ids_in(batch(found)), sizes)]
    assert [id for chunk in chunks for id in chunk["customer_ids"]] == found
    assert [chunk["n"] for chunk in chunks] == list(range(number, number + len(chunks)))
    for chunk in chunks:
        assert (chunk["_id"], chunk["campaign_id"]) == (f"{campaign}:{chunk['n']}", campaign)
        assert chunk["size"] == len(chunk["customer_ids"]) <= size
        assert (chunk["state"], chunk["touched"], chunk["tally"]["sent"]) == ("waiting", False, 0)
        assert set(chunk) == set(Chunk.model_fields) - {"id", "revision_id"} | {"_id"}


@pytest.mark.parametrize("read", [7, 20, 10_000])
async def test_everybody_is_in_one_chunk_in_order(
    database, settings, bob: Member, monkeypatch: pytest.MonkeyPatch, read: int
):
    monkeypatch.setattr("app.campaigns.sending.prepare.BATCH", read)
    monkeypatch.setattr("app.campaigns.sending.prepare.CHUNK_SIZE", 10)
    people = await add_people(203, city="Pune")
    await add_people(2, start=300, city="Oslo")
    campaign = await draft(bob, [await add_segment("Pune", in_city("Pune"))])
    await collection("campaigns").update_one({"_id": campaign.id}, {"$set": {"state": "preparing"}})
    assert campaign.id is not None
    await prepare(campaign.id)
    chunks = await Chunk.find({"campaign_id": campaign.id}).sort("n").to_list()
    assert [chunk.n for chunk in chunks] == list(range(len(chunks)))
    assert [id for chunk in chunks for id in chunk.customer_ids] == sorted(people)
    assert (await reload(campaign)).audience == len(people)
