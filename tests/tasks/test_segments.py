"""The nightly record by a real worker and its clock."""

from __future__ import annotations

import asyncio

from app.customers.service import create_customer
from app.database import collection
from app.segments.growth.asking import ask_record
from app.segments.growth.history import growth
from app.segments.service import create_segment, delete_segment
from models import Member
from tasks.queues import queue_of
from tests.fakes.worker import working
from tests.segments.test_rule import condition, group

DEADLINE_SECONDS = 20


async def _records(alice: Member, segment_id: object, count: int) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while len((await growth(alice, segment_id)).records) < count:
            await asyncio.sleep(0.05)


async def test_a_night_that_is_due_is_recorded_without_anybody_asking(settings, alice: Member):
    await create_customer(alice, {"first_name": "Ann", "city": "Pune"})
    segment = await create_segment(alice, name="In Pune", rule=group(condition("city", "=", "Pune")))
    assert queue_of("segment.record") == "segments"
    async with working(settings, threads=2):
        await _records(alice, segment.id, 1)
        await ask_record(alice, segment.id)
        await _records(alice, segment.id, 2)
    told = await growth(alice, segment.id)
    assert [record.size for record in told.records] == [1, 1]


async def test_a_new_segment_gets_its_first_record_although_no_message_says_so(settings, alice: Member):
    segment = await create_segment(alice, name="All", rule=group())
    assert (await growth(alice, segment.id)).waiting
    async with working(settings, threads=2):
        await _records(alice, segment.id, 1)
    assert not (await growth(alice, segment.id)).waiting


async def test_a_deleted_segment_leaves_nothing_behind(settings, alice: Member):
    segment = await create_segment(alice, name="All", rule=group())
    async with working(settings, threads=2):
        await _records(alice, segment.id, 1)
    await delete_segment(alice, segment.id)
    for name in ("segment_records", "segment_states", "segment_bits"):
        assert await collection(name).count_documents({}) == 0
