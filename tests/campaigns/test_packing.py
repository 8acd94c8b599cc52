"""Ids that pass from the customers to the chunks as bytes."""

from __future__ import annotations

import bson
import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from app.campaigns.sending.packing import CHUNK_SIZE, chunks_of, ids_in
from app.campaigns.sending.prepare import prepare
from app.database import collection
from models import Member
from models.chunk import Chunk
from tests.campaigns.conftest import add_people, add_segment, draft, in_city, reload

ids = st.builds(ObjectId, st.binary(min_size=12, max_size=12))


def batch(found: list[ObjectId]) -> bytes:
    return b"".join(bson.encode({"_id": id}) for id in found)


@given(st.lists(ids, max_size=30))
def test_a_batch_is_its_ids(found: list[ObjectId]):
    assert ids_in(batch(found)) == [id.binary for id in found]


@pytest.mark.parametrize("other", [{"_id": "ann"}, {"_id": 7}, {"_id": ObjectId(), "a": 1}, {"id_": ObjectId()}, {}])
def test_anything_else_is_refused(other: dict[str, object]):
    with pytest.raises(ValueError, match="not an ObjectId"):
        ids_in(batch([ObjectId()]) + bson.encode(other) + batch([ObjectId()]))


@given(st.lists(ids, max_size=30), st.integers(1, 12), st.integers(0, 10**6))
def test_chunks_read_like_any_document(found: list[ObjectId], size: int, number: int):
    campaign = ObjectId()
    chunks = [bson.decode(chunk.raw) for chunk in chunks_of(campaign, number, ids_in(batch(found)), size=size)]
    assert [id for chunk in chunks for id in chunk["customer_ids"]] == found
    assert [chunk["n"] for chunk in chunks] == list(range(number, number + len(chunks)))
    for chunk in chunks:
        assert (chunk["_id"], chunk["campaign_id"]) == (f"{campaign}:{chunk['n']}", campaign)
        assert chunk["size"] == len(chunk["customer_ids"]) <= size
        assert (chunk["state"], chunk["touched"], chunk["tally"]["sent"]) == ("waiting", False, 0)
        assert set(chunk) == set(Chunk.model_fields) - {"id", "revision_id"} | {"_id"}


async def test_everybody_is_in_one_chunk_in_order(database, settings, bob: Member):
    people = await add_people(CHUNK_SIZE + 3, city="Pune")
    await add_people(2, start=CHUNK_SIZE + 10, city="Oslo")
    campaign = await draft(bob, [await add_segment("Pune", in_city("Pune"))])
    await collection("campaigns").update_one({"_id": campaign.id}, {"$set": {"state": "preparing"}})
    assert campaign.id is not None
    await prepare(campaign.id)
    chunks = await Chunk.find({"campaign_id": campaign.id}).sort("n").to_list()
    assert [chunk.size for chunk in chunks] == [CHUNK_SIZE, 3]
    assert [id for chunk in chunks for id in chunk.customer_ids] == sorted(people)
    assert (await reload(campaign)).audience == len(people)
