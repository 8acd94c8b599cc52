"""Segments over time against brute force: random edits, orders, deletions, erasures and rule changes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from bson import ObjectId

from app.customers.personal_data import erase_customer
from app.customers.service import create_customer, delete_customer, update_customer
from app.database import collection
from app.errors import InvalidInput, NotFound, PermissionDenied
from app.orders.service import create_order
from app.segments.compile import compile_rule
from app.segments.growth import keeper
from app.segments.growth import reading as reading_module
from app.segments.growth.asking import ask_record
from app.segments.growth.history import growth, members_at, movers
from app.segments.growth.recording import record
from app.segments.saved.current import read_rule
from app.segments.service import create_segment, update_segment
from models import Customer, Member, Segment, SegmentRecord
from tests.segments.test_rule import condition, group

START = datetime(2026, 1, 5, 18, 40, tzinfo=UTC)
"""Ten past midnight of 6 January in the shop's zone."""

RULES: tuple[dict[str, Any], ...] = (
    group(condition("city", "=", "Pune")),
    group(condition("last_order_at", "notInLast", {"amount": 10, "unit": "day"}), condition("city", "!=", "Delhi")),
    group(condition("total_spent", ">", 60), condition("tags", "anyOf", ["vip"]), combinator="or"),
    {**group(condition("order_count", ">=", 2), condition("email_opt_in", "=", True)), "not": True},
    group(
        condition("tags", "noneOf", ["vip"]),
        {"field": "orders", "measure": "count", "operator": ">=", "value": 1, "not": True},
        {**condition("last_order_at", "inLast", {"amount": 5, "unit": "day"}), "not": True},
    ),
    group(),
)


class Day:
    """The moment that everything here takes for now."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moment = START
        for module in (keeper, reading_module):
            monkeypatch.setattr(module, "now", lambda: self.moment)

    def pass_on(self, days: int = 1) -> None:
        self.moment += timedelta(days=days)

    @property
    def date(self) -> date:
        return keeper_date(self.moment)


def keeper_date(moment: datetime) -> date:
    return date.fromisoformat(keeper.local_day(moment))


@pytest.fixture
def day(settings: object, monkeypatch: pytest.MonkeyPatch) -> Day:
    return Day(monkeypatch)


async def in_it(segment: Segment, moment: datetime) -> set[ObjectId]:
    """Who MongoDB says is in the segment."""
    stored = await Segment.get(segment.id)
    assert stored is not None
    rule, catalogue = await read_rule(stored.rule)
    wanted = await compile_rule(rule, catalogue, now=moment)
    return {row["_id"] async for row in collection("customers").find(wanted, {"_id": 1})}


async def all_of_it(member: Member, segment: Segment, since: date | None, joined: bool) -> dict[str, str]:
    """Every mover by customer id (or number, when deleted) with the reason."""
    found: dict[str, str] = {}
    total = 1
    while len(found) < total:
        page, total = await movers(member, segment.id, since=since, joined=joined, offset=len(found), limit=7)
        assert page or total == 0
        found |= {str(one.customer.id if one.customer else one.number): one.why for one in page}
    return found


async def _person(alice: Member, dice: random.Random) -> Customer:
    return await create_customer(
        alice,
        {
            "first_name": f"P{dice.random()}",
            "city": dice.choice(["Pune", "Delhi", None]),
            "tags": dice.choice([[], ["vip"]]),
            "email_opt_in": dice.random() < 0.5,
        },
    )


async def _something_happens(alice: Member, dice: random.Random, day: Day) -> None:
    ids = [row["_id"] async for row in collection("customers").find({}, {"_id": 1})]
    who = dice.choice(ids)
    deed = dice.randrange(10)
    if deed == 0:
        await _person(alice, dice)
    elif deed == 1 and len(ids) > 5:
        await delete_customer(alice, who)
    elif deed == 2:
        await erase_customer(alice, who)
        await collection("customers").update_one({"_id": who}, {"$set": {"erased_at": day.moment}})
    elif deed < 6:
        placed = day.moment - timedelta(days=dice.randrange(20), hours=dice.randrange(24))
        await create_order(
            alice, {"customer_id": str(who), "amount": dice.choice([20, 50, 90]), "placed_at": placed.isoformat()}
        )
    elif deed < 8:
        await update_customer(alice, who, {"first_name": "P", "city": dice.choice(["Pune", "Delhi", None])})
    else:
        await update_customer(
            alice,
            who,
            {"first_name": "P", "tags": dice.choice([[], ["vip"], ["new"]]), "email_opt_in": dice.random() < 0.5},
        )


@pytest.mark.parametrize("seed", range(4))
async def test_every_number_agrees_with_brute_force(alice: Member, day: Day, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(25):
        await _person(alice, dice)
    segments = [await create_segment(alice, name=f"S{n}", rule=rule) for n, rule in enumerate(RULES)]
    seen: dict[ObjectId, dict[date, set[ObjectId]]] = {segment.id: {} for segment in segments}
    for _ in range(8):
        if dice.random() < 0.5:
            await update_segment(alice, dice.choice(segments).id, rule=dice.choice(RULES))
        assert await keeper.record_due() == len(segments)
        assert await keeper.record_due() == 0
        for segment in segments:
            seen[segment.id][day.date] = await in_it(segment, day.moment)
        recorded = await _ids()
        day.pass_on(dice.choice([1, 1, 2, 6]))
        for _ in range(dice.randrange(12)):
            await _something_happens(alice, dice, day)
    for segment in segments:
        await _agrees(alice, segment, seen[segment.id], recorded)


async def _ids() -> set[ObjectId]:
    return {row["_id"] async for row in collection("customers").find({}, {"_id": 1})}


async def _agrees(alice: Member, segment: Segment, seen: dict[date, set[ObjectId]], recorded: set[ObjectId]) -> None:
    latest = seen[max(seen)]
    records = (await growth(alice, segment.id)).records
    assert [record.size for record in records] == [len(seen[on]) for on in sorted(seen)]
    for before, after in pairwise(records):
        assert before.size + after.joined - after.left == after.size
    living = await _ids()
    for on, then in seen.items():
        told = await growth(alice, segment.id, since=on)
        assert told.since is not None
        assert (told.since.size, told.joined, told.left) == (len(then), len(latest - then), len(then - latest))
        assert sum(cause.joined for cause in told.causes) == told.joined
        assert sum(cause.left for cause in told.causes) == told.left
        assert not any("no longer be compared" in cause.text for cause in told.causes)
        joined = await all_of_it(alice, segment, on, True)
        left = await all_of_it(alice, segment, on, False)
        assert len(joined) == told.joined
        assert len(left) == told.left
        assert {key for key in joined if len(key) == 24} == {str(one) for one in (latest - then) & living}
        assert {key for key in left if len(key) == 24} == {str(one) for one in (then - latest) & living}
        past = await members_at(alice, segment.id, on, limit=200)
        assert {one.id for one in past.people} == then & living
        assert past.deleted == len(then - recorded)
        assert past.next_cursor is None


async def _told(alice: Member, segment: Segment, day: Day) -> dict[str, tuple[int, int]]:
    await keeper.record_due()
    told = await growth(alice, segment.id, since=day.date - timedelta(days=1))
    return {cause.text: (cause.joined, cause.left) for cause in told.causes}


async def test_each_mover_is_told_by_what_moved_them(alice: Member, day: Day) -> None:
    rule = group(
        condition("last_order_at", "notInLast", {"amount": 10, "unit": "day"}), condition("tags", "anyOf", ["vip"])
    )
    people = [await _lapsed(alice, day, f"p{n}", tags=["vip"]) for n in range(6)]
    untagged = await _lapsed(alice, day, "untagged")
    segment = await create_segment(alice, name="Lapsed VIPs", rule=rule)
    await keeper.record_due()
    day.pass_on()
    await create_order(alice, {"customer_id": str(people[0].id), "amount": 5, "placed_at": day.moment.isoformat()})
    await update_customer(alice, people[1].id, {"tags": []})
    await delete_customer(alice, people[2].id)
    await erase_customer(alice, people[3].id)
    await collection("customers").update_one({"_id": people[3].id}, {"$set": {"erased_at": day.moment}})
    await collection("orders").update_many({"customer_id": people[4].id}, {"$set": {"status": "refunded"}})
    await collection("customers").update_one({"_id": people[4].id}, {"$set": {"last_order_at": None, "order_count": 0}})
    await update_customer(alice, untagged.id, {"tags": ["VIP"]})
    await _lapsed(alice, day, "fresh", tags=["vip"])
    assert await _told(alice, segment, day) == {
        "ordered again: last order is not more than 10 days ago": (0, 1),
        "lost a tag: tags do not include “vip”": (0, 1),
        "got a tag: tags include “vip”": (1, 0),
        "deleted customers": (0, 1),
        "personal data erased": (0, 1),
        "no paid or completed order left": (0, 1),
        "new customers": (1, 0),
    }


async def _lapsed(alice: Member, day: Day, name: str, tags: list[str] | None = None) -> Customer:
    person = await create_customer(alice, {"first_name": name, "tags": tags or []})
    placed = (day.moment - timedelta(days=40)).isoformat()
    await create_order(alice, {"customer_id": str(person.id), "amount": 5, "placed_at": placed})
    return person


async def test_a_changed_rule_names_who_changed_it(alice: Member, day: Day) -> None:
    pune = await create_customer(alice, {"first_name": "Ann", "city": "Pune"})
    await create_customer(alice, {"first_name": "Bea", "city": "Delhi"})
    segment = await create_segment(alice, name="Here", rule=group(condition("city", "=", "Pune")))
    await keeper.record_due()
    day.pass_on()
    await update_customer(alice, pune.id, {"city": "Goa"})
    await update_segment(alice, segment.id, rule=group(condition("city", "=", "Delhi")))
    told = await _told(alice, segment, day)
    assert told.pop("city is not Pune") == (0, 1)
    ((text, numbers),) = told.items()
    assert numbers == (1, 0)
    assert text.startswith("rule changed on ")
    assert text.endswith(" by Alice")


async def test_days_that_pass_move_people_too(alice: Member, day: Day) -> None:
    person = await create_customer(alice, {"first_name": "Ann"})
    placed = (day.moment - timedelta(days=10)).isoformat()
    await create_order(alice, {"customer_id": str(person.id), "amount": 5, "placed_at": placed})
    rule = group(condition("last_order_at", "notInLast", {"amount": 10, "unit": "day"}))
    segment = await create_segment(alice, name="Lapsed", rule=rule)
    await keeper.record_due()
    day.pass_on()
    assert await _told(alice, segment, day) == {"no order for so long: last order is more than 10 days ago": (1, 0)}


async def test_two_changes_at_once_are_told_once(alice: Member, day: Day) -> None:
    ann = await create_customer(alice, {"first_name": "Ann", "city": "Delhi"})
    rule = group(condition("city", "=", "Pune"), condition("email_opt_in", "=", True))
    segment = await create_segment(alice, name="Both", rule=rule)
    await keeper.record_due()
    day.pass_on()
    await update_customer(alice, ann.id, {"city": "Pune", "email_opt_in": True})
    assert await _told(alice, segment, day) == {"accepts email, together with another condition": (1, 0)}
    day.pass_on()
    await update_customer(alice, ann.id, {"city": "Delhi", "email_opt_in": False})
    assert await _told(alice, segment, day) == {"city is not Pune": (0, 1)}


async def test_old_records_become_weekly_and_still_add_up(alice: Member, day: Day) -> None:
    dice = random.Random(7)
    for _ in range(10):
        await _person(alice, dice)
    segment = await create_segment(alice, name="In Pune", rule=group(condition("city", "=", "Pune")))
    seen: dict[date, set[ObjectId]] = {}
    for _ in range(60):
        await keeper.record_due()
        seen[day.date] = await in_it(segment, day.moment)
        recorded = await _ids()
        for _ in range(2):
            await _something_happens(alice, dice, day)
        day.pass_on(2)
    records = (await growth(alice, segment.id)).records
    assert len(records) < 57
    weeks = [keeper_date(record.at).isocalendar()[:2] for record in records if day.moment - record.at > timedelta(93)]
    assert len(weeks) == len(set(weeks)) > 2
    kept = {keeper_date(record.at): seen[keeper_date(record.at)] for record in records}
    await _agrees(alice, segment, kept, recorded)


async def test_a_missed_night_is_caught_up_once(alice: Member, day: Day) -> None:
    segment = await create_segment(alice, name="All", rule=group())
    assert await keeper.due_records()
    assert not await keeper.due_records()
    await keeper.record_due()
    assert not await keeper.due_records()
    day.pass_on(5)
    assert await keeper.due_records()
    await keeper.record_due()
    assert not await keeper.due_records()
    assert await SegmentRecord.find({"segment_id": segment.id}).count() == 2


async def test_asking_records_now_and_once(alice: Member, charlie: Member, day: Day) -> None:
    segment = await create_segment(alice, name="All", rule=group())
    await keeper.record_due()
    day.pass_on(0)
    day.moment += timedelta(hours=3)
    with pytest.raises(PermissionDenied):
        await ask_record(charlie, segment.id)
    token = await ask_record(alice, segment.id)
    assert await ask_record(alice, segment.id) == token
    assert (await growth(charlie, segment.id)).waiting
    assert await keeper.due_records()
    assert await keeper.record_due() == 1
    assert await keeper.record_due() == 0
    told = await growth(charlie, segment.id)
    assert (told.waiting, len(told.records)) == (False, 2)


async def test_a_death_in_the_middle_leaves_nothing_half_written(
    alice: Member, day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create_customer(alice, {"first_name": "Ann", "city": "Pune"})
    segment = await create_segment(alice, name="All", rule=group(condition("city", "=", "Pune")))
    await keeper.record_due()
    before = await growth(alice, segment.id)
    day.pass_on()
    bea = await create_customer(alice, {"first_name": "Bea", "city": "Pune"})

    class Killed(BaseException):
        pass

    def killed(*_: object) -> Callable[..., Any]:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("app.segments.growth.recording.in_transaction", killed)
        patch.setattr("app.segments.growth.recording._tidy", killed)
        with pytest.raises(Killed):
            await keeper.record_due()
    assert await collection("segment_bits").count_documents({}) == 6
    assert [one.id for one in (await growth(alice, segment.id)).records] == [one.id for one in before.records]
    assert await keeper.record_due() == 1
    told = await growth(alice, segment.id)
    assert (told.joined, told.left, [cause.text for cause in told.causes]) == (1, 0, ["new customers"])
    assert await collection("segment_bits").count_documents({}) == 3
    assert [one.customer.id for one in (await movers(alice, segment.id, since=None, joined=True))[0]] == [bea.id]


async def test_two_recorders_at_once_record_once(alice: Member, day: Day) -> None:
    segment = await create_segment(alice, name="All", rule=group())
    done = await asyncio.gather(*(keeper.record_due() for _ in range(4)))
    assert sum(done) == 1
    async with reading_module.reading() as seen:
        both = await asyncio.gather(
            record(seen, segment.id, "one"), record(seen, segment.id, "other"), return_exceptions=True
        )
    assert sorted(type(one).__name__ for one in both) in (["Conflict", "bool"], ["bool", "bool"])
    kept = len((await growth(alice, segment.id)).records)
    assert kept == 1 + sum(one is True for one in both)
    async with reading_module.reading() as seen:
        assert await record(seen, segment.id, "one") is (both[0] is not True)


async def test_a_segment_that_cannot_be_read_says_so_and_holds_up_no_other(alice: Member, day: Day) -> None:
    broken = await create_segment(alice, name="Broken", rule=group())
    await collection("segments").update_one({"_id": broken.id}, {"$set": {"rule": {"combinator": "nonsense"}}})
    await create_segment(alice, name="Fine", rule=group())
    assert await keeper.record_due() == 1
    assert "combinator" in ((await growth(alice, broken.id)).problem or "")


async def test_pages_of_the_past(alice: Member, charlie: Member, day: Day) -> None:
    people = [await create_customer(alice, {"first_name": f"P{n}"}) for n in range(5)]
    segment = await create_segment(alice, name="All", rule=group())
    with pytest.raises(NotFound):
        await members_at(charlie, segment.id, day.date)
    await keeper.record_due()
    with pytest.raises(NotFound):
        await members_at(charlie, segment.id, day.date - timedelta(days=1))
    found: list[Any] = []
    cursor = None
    while True:
        page = await members_at(charlie, segment.id, day.date, limit=2, cursor=cursor)
        found += [one.id for one in page.people]
        if (cursor := page.next_cursor) is None:
            break
    assert found == [one.id for one in people]
    with pytest.raises(InvalidInput):
        await members_at(charlie, segment.id, day.date, cursor="nonsense")
    with pytest.raises(NotFound):
        await growth(charlie, ObjectId())


async def test_ids_that_come_late_get_a_number_of_their_own(alice: Member, day: Day) -> None:
    """An id may be smaller than those recorded before it: it was made by a slower machine."""
    segment = await create_segment(alice, name="All", rule=group())
    for step in range(4):
        for number in range(3):
            raw = ObjectId(bytes([90 - step * 10 + number * 25]) + b"\0" * 10 + bytes([step]))
            await Customer(id=raw, first_name="X").insert()
        await keeper.record_due()
        day.pass_on()
        told = await growth(alice, segment.id)
        assert told.records[-1].size == 3 * (step + 1)
        assert told.records[-1].joined == (3 if step else 0)
    past = await members_at(alice, segment.id, told.records[1].at.date() + timedelta(days=1), limit=200)
    assert len({one.id for one in past.people}) in (6, 9)
