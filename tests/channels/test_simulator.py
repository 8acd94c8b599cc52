"""The simulated vendor: seeded faults, receipts that come late, twice, never or out of order, outages."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from bson import ObjectId

from app.campaigns.life import service
from app.campaigns.record import signals
from app.channels.base import Message, Outcome, Result, Unreachable
from app.channels.simulator import SimulatorChannel
from app.channels.simulator_fates import REFUSED, REFUSED_FOR_NOW, fate_of
from app.database import collection
from app.receipts.counting import recount_due
from app.settings import Settings
from models import Campaign, Member, Suppression
from models.campaign import CampaignState
from models.campaign_plan import Simulation
from models.values import now
from tasks import clock
from tests.campaigns.conftest import add_people, add_segment, counts, draft, states_of, until, until_state
from tests.fakes.worker import working

PEOPLE = [f"{number:024x}" for number in range(4_000)]
PLAIN = Simulation(failed=0, lost=0, duplicate=0, reordered=0, bounced=0, complained=0)


@pytest.fixture(autouse=True)
async def closed_signals(settings: Settings) -> AsyncIterator[None]:
    yield
    await signals.close_signals()


def message(campaign: ObjectId, person: ObjectId) -> Message:
    return Message(
        id=f"{campaign}:{person}",
        sender="Shop <shop@example.com>",
        recipient="ann@example.com",
        name="Ann",
        subject="Hello",
        html="<p>Hello</p>",
        text="Hello",
        message_id=f"<delivery.{campaign}.{person}@example.com>",
        campaign_id=campaign,
        customer_id=person,
    )


def batch(count: int = 50) -> list[Message]:
    campaign = ObjectId()
    return [message(campaign, ObjectId()) for _ in range(count)]


def channel_with(**faults: Any) -> SimulatorChannel:
    return SimulatorChannel({"_id": ObjectId(), "simulation": {**PLAIN.model_dump(), **faults}})


class TestFates:
    def test_the_same_seed_has_the_same_faults_for_the_same_people(self):
        some = Simulation(seed=7, temporary=0.2, bounced=0.1)
        assert [fate_of(some, one) for one in PEOPLE] == [fate_of(some, one) for one in PEOPLE]
        other = some.model_copy(update={"seed": 8})
        assert [fate_of(some, one) for one in PEOPLE] != [fate_of(other, one) for one in PEOPLE]

    def test_who_is_refused_does_not_depend_on_the_other_shares(self):
        one, other = Simulation(), Simulation(temporary=0.5, lost=0.9, bounced=0.3, late_seconds=60)
        assert [fate_of(one, id).refused for id in PEOPLE] == [fate_of(other, id).refused for id in PEOPLE]

    def test_shares_are_kept(self):
        fates = [fate_of(Simulation(temporary=0.2, bounced=0.1, complained=0.05, lost=0.05), id) for id in PEOPLE]
        taken = [fate for fate in fates if not fate.refused]
        kinds = Counter(tuple(sorted({one.event.value for one in fate.receipts})) for fate in taken)
        assert len(fates) - len(taken) == pytest.approx(400, abs=80)
        assert sum(bool(fate.later) for fate in taken) == pytest.approx(0.2 * len(taken), abs=110)
        assert kinds[()] == pytest.approx(0.05 * len(taken), abs=60)
        assert kinds[("bounced",)] == pytest.approx(0.095 * len(taken), abs=80)
        assert kinds[("complained", "delivered")] == pytest.approx(0.0475 * len(taken), abs=60)

    def test_the_ends_of_a_share_are_nobody_and_everybody(self):
        assert all(fate_of(Simulation(failed=1), id).refused for id in PEOPLE)
        everybody = [
            fate_of(PLAIN.model_copy(update={"duplicate": 1, "reordered": 1, "complained": 1}), id) for id in PEOPLE
        ]
        assert all([one.copy for one in fate.receipts] == [1, 1, 2, 2] for fate in everybody)
        assert all(fate.receipts[0].comes >= fate.receipts[1].comes for fate in everybody)
        nobody = [fate_of(PLAIN, id) for id in PEOPLE]
        assert all([one.event.value for one in fate.receipts] == ["delivered"] for fate in nobody)

    def test_receipts_come_after_what_they_tell_and_within_the_time(self):
        simulation = Simulation(duplicate=0.5, reordered=0.5, bounced=0.2, complained=0.3, late_seconds=30)
        for id in PEOPLE:
            for one in fate_of(simulation, id).receipts:
                assert 0 <= one.happened <= one.comes <= 30


class TestSending:
    async def test_the_default_refuses_a_tenth_for_good_and_takes_the_rest(self, database):
        channel = SimulatorChannel({"_id": ObjectId(), "simulation": None})
        outcomes = [one for _ in range(20) for one in await channel.send(batch())]
        found = Counter(one.result for one in outcomes)
        assert found[Result.PERMANENT] == pytest.approx(100, abs=40)
        assert found[Result.ACCEPTED] + found[Result.PERMANENT] == 1_000
        assert {one.words for one in outcomes if one.result is Result.PERMANENT} <= set(REFUSED)
        assert not any(one.bad_address for one in outcomes)

    async def test_who_is_refused_for_good_stays_refused_in_each_campaign(self, database):
        people = [ObjectId() for _ in range(50)]
        answers = []
        for _ in range(2):
            campaign = ObjectId()
            answers.append(await channel_with(failed=0.5).send([message(campaign, one) for one in people]))
        assert answers[0] == answers[1]
        assert len({one.result for one in answers[0]}) == 2

    async def test_a_temporary_refusal_is_over_at_a_later_try(self, database):
        channel = channel_with(temporary=1)
        messages = batch()
        seen: list[list[Outcome]] = []
        for tried in range(3):
            seen.append(await channel.send(messages))
            history = [{"at": now(), "state": "deferred", "words": "451 4.3.2"}] * (tried + 1)
            await collection("deliveries").delete_many({})
            await collection("deliveries").insert_many([{"_id": one.id, "history": history} for one in messages])
        assert {one.result for one in seen[0]} == {Result.TEMPORARY}
        assert {one.words for one in seen[0]} == set(REFUSED_FOR_NOW)
        assert all(one.slow_down != one.words.startswith("452") for one in seen[0])
        assert {one.result for one in seen[1]} == {Result.TEMPORARY, Result.ACCEPTED}
        assert {one.result for one in seen[2]} == {Result.ACCEPTED}
        assert await collection("receipts").count_documents({}) == 50

    async def test_of_an_unclear_one_nobody_knows_until_its_receipt_or_the_next_try(self, database):
        channel = channel_with(unclear=1)
        messages = batch()
        assert {one.result for one in await channel.send(messages)} == {Result.AMBIGUOUS}
        assert 10 < await collection("receipts").count_documents({}) < 40
        history = [{"at": now(), "state": "unknown", "words": "broke"}]
        await collection("deliveries").insert_many([{"_id": one.id, "history": history} for one in messages])
        assert {one.result for one in await channel.send(messages)} == {Result.ACCEPTED}
        assert await collection("receipts").count_documents({}) == 50

    async def test_accepted_messages_leave_receipts_that_are_due_later(self, database):
        messages = batch()
        before = now()
        await channel_with(late_seconds=60, duplicate=1).send(messages)
        rows = await collection("receipts").find({}).to_list()
        assert Counter(row["delivery_id"] for row in rows) == {one.id: 2 for one in messages}
        assert all(before <= row["at"] <= row["due_at"] for row in rows)
        assert max((row["due_at"] - before).total_seconds() for row in rows) > 30
        await channel_with(late_seconds=60, duplicate=1).send(messages)
        assert await collection("receipts").count_documents({}) == 100

    async def test_slow_answers_do_not_hold_up_the_loop(self, database):
        channel = channel_with(slow_ms=500)
        start = time.monotonic()
        sending = asyncio.gather(*(channel.send(batch()) for _ in range(4)))
        turns = 0
        while not sending.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert 0.5 <= time.monotonic() - start < 2.0  # together, not one after the other
        assert turns >= 5

    async def test_what_is_withdrawn_is_not_handed_over(self, database):
        messages = batch(4)
        noted: list[str] = []
        channel = SimulatorChannel(
            {"_id": ObjectId(), "simulation": PLAIN}, accepted=noted.append, offer=lambda id: id != messages[1].id
        )
        assert channel.notes_offers
        found = [one.result for one in await channel.send(messages)]
        assert found == [Result.ACCEPTED, Result.UNTOUCHED, Result.ACCEPTED, Result.ACCEPTED]
        assert noted == [messages[0].id, messages[2].id, messages[3].id]
        assert await collection("receipts").count_documents({}) == 3


class TestOutages:
    async def test_it_begins_at_its_message_and_every_process_sees_it(self, database):
        campaign = {
            "_id": ObjectId(),
            "simulation": PLAIN.model_copy(update={"outage_after": 70, "outage_seconds": 60}),
        }
        one, other = SimulatorChannel(campaign), SimulatorChannel(campaign)
        await one.ready()
        assert {outcome.result for outcome in await one.send(batch())} == {Result.ACCEPTED}
        found = await other.send(batch())
        assert [outcome.result for outcome in found] == [Result.ACCEPTED] * 20 + [Result.UNTOUCHED] * 30
        for channel in (one, other, SimulatorChannel(campaign)):
            with pytest.raises(Unreachable, match="outage of 60 s") as raised:
                await channel.ready()
            assert 0 < raised.value.retry_in <= 5

    async def test_it_ends_and_comes_only_once(self, database):
        campaign = {
            "_id": ObjectId(),
            "simulation": PLAIN.model_copy(update={"outage_after": 0, "outage_seconds": 0.2}),
        }
        channel = SimulatorChannel(campaign)
        assert {outcome.result for outcome in await channel.send(batch())} == {Result.UNTOUCHED}

        async def back() -> bool:
            try:
                await channel.ready()
            except Unreachable:
                return False
            return True

        await until(back, seconds=3)
        for each in (channel, SimulatorChannel(campaign)):
            await each.ready()
            assert {outcome.result for outcome in await each.send(batch())} == {Result.ACCEPTED}

    async def test_without_redis_each_process_goes_by_itself(
        self, database, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ):
        campaign = {
            "_id": ObjectId(),
            "simulation": PLAIN.model_copy(update={"outage_after": 60, "outage_seconds": 60}),
        }
        away = settings.model_copy(update={"redis_url": "redis://127.0.0.1:1"})
        monkeypatch.setattr(signals, "get_settings", lambda: away)
        channel = SimulatorChannel(campaign)
        await channel.ready()
        await channel.send(batch())
        assert Counter(one.result for one in await channel.send(batch())) == {Result.ACCEPTED: 10, Result.UNTOUCHED: 40}
        with pytest.raises(Unreachable):
            await channel.ready()


async def test_a_campaign_ends_with_the_numbers_its_seed_says(
    settings: Settings, database, bob: Member, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(clock, "PERIOD_SECONDS", 0.2)
    faults = Simulation(
        seed=11, bounced=0.05, complained=0.04, duplicate=0.3, reordered=0.3, lost=0.1, late_seconds=0.5
    )
    people = await add_people(500)
    made = await draft(bob, [await add_segment("All")], channel="simulator")
    await Campaign.find_one({"_id": made.id}).update({"$set": {"simulation": faults.model_dump()}})
    fates = [fate_of(faults, str(person)) for person in people]
    last = {"complained": 3, "bounced": 2, "delivered": 1}
    expected = Counter(
        "failed"
        if fate.refused
        else max((one.event.value for one in fate.receipts), key=last.__getitem__, default="sent")
        for fate in fates
    )
    receipts = sum(len(fate.receipts) for fate in fates if not fate.refused)
    campaign = await service.send(bob, made.id)
    async with working(settings):
        await until_state(campaign, CampaignState.DONE)

        async def all_in() -> bool:
            await counts(campaign)
            taken = await collection("receipts").count_documents({"ingested_at": {"$ne": None}})
            return taken == receipts

        await until(all_in)
    assert await states_of(campaign) == dict(expected)
    for exactly in (False, True):
        if exactly:
            await collection("chunks").update_many({"recount_at": {"$ne": None}}, {"$set": {"recount_at": now()}})
            await recount_due()
        found = await counts(campaign)
        assert (found.audience, found.failed, found.pending) == (500, expected["failed"], 0)
        assert found.sent == 500 - expected["failed"]
        assert (found.delivered, found.bounced) == (expected["delivered"], expected["bounced"])
        assert found.complained == expected["complained"]
    assert await Suppression.count() == 0
    reasons = await collection("deliveries").distinct("reason", {"state": "failed"})
    assert set(reasons) == {fate.refused for fate in fates if fate.refused}
