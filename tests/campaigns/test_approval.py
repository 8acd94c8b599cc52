"""A campaign to many people waits for a second person, by whatever door somebody would have it leave."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from app.auth.permissions import PERMISSIONS
from app.campaigns.approval.needed import most_people
from app.campaigns.approval.policy import approval_above, approval_policy, set_approval_above
from app.campaigns.life.control import WAITS
from app.campaigns.life.series import due_series
from app.campaigns.life.service import (
    approve,
    archive,
    decline,
    delete_campaign,
    duplicate,
    pause,
    resume,
    send,
    update_campaign,
    withdraw,
)
from app.campaigns.life.standing import add_newcomers
from app.campaigns.sending.due import due_work
from app.campaigns.sending.prepare import prepare
from app.database import collection
from app.errors import Conflict, InvalidInput, PermissionDenied
from app.segments.service import update_segment
from app.settings import use_settings
from models import AuditEntry, Campaign, Member
from models.campaign import CampaignState as State
from models.campaign_approval import ApprovalState
from models.member import Role
from models.values import now
from tests.campaigns.conftest import add_people, add_segment, draft, in_city, reload

EVERYWHERE = 40


@pytest.fixture
async def mira(database: object) -> Member:
    """A manager."""
    return await Member(email="mira@example.com", name="Mira", role=Role.MANAGER).insert()


@pytest.fixture
async def everybody(alice: Member) -> str:
    """A segment of forty people, in a shop where more than twenty need a second person."""
    await add_people(EVERYWHERE)
    await set_approval_above(alice, 20)
    return await add_segment("Everybody")


async def _nobody_got_it(campaign: Campaign) -> Campaign:
    """After every worker has looked for something to do."""
    for _ in range(3):
        for work in await due_work():
            if work.actor == "campaign.prepare":
                await prepare(ObjectId(work.id))
    assert await collection("chunks").count_documents({"campaign_id": campaign.id}) == 0
    return await reload(campaign)


async def _actions() -> list[str]:
    return [entry.action for entry in await AuditEntry.find_all(sort="_id").to_list()]


class TestAsking:
    async def test_a_small_one_goes_out_at_once(self, bob: Member, everybody: str) -> None:
        few = await draft(bob, [await add_segment("Pune", in_city("Pune"))])
        assert (await send(bob, few.id)).state is State.PREPARING

    async def test_a_large_one_stays_a_draft_and_says_what_it_waits_for(self, bob: Member, everybody: str) -> None:
        campaign = await send(bob, (await draft(bob, [everybody])).id)
        assert campaign.state is State.DRAFT
        assert campaign.approval is not None
        assert (campaign.approval.state, campaign.approval.people) == (ApprovalState.WAITING, EVERYWHERE)
        assert campaign.approval.requested_by == bob.id
        assert (await _nobody_got_it(campaign)).state is State.DRAFT
        assert (await _actions())[-1] == "campaign.ask"

    async def test_without_a_policy_nobody_is_asked(self, alice: Member, bob: Member, everybody: str) -> None:
        await set_approval_above(alice, 0)
        assert (await send(bob, (await draft(bob, [everybody])).id)).state is State.PREPARING

    async def test_owners_need_one_too(self, alice: Member, everybody: str) -> None:
        campaign = await send(alice, (await draft(alice, [everybody])).id)
        assert campaign.state is State.DRAFT
        with pytest.raises(PermissionDenied, match="yourself"):
            await approve(alice, campaign.id)

    async def test_asking_twice_is_refused(self, bob: Member, everybody: str) -> None:
        campaign = await send(bob, (await draft(bob, [everybody])).id)
        with pytest.raises(Conflict, match="approval"):
            await send(bob, campaign.id)


class TestDeciding:
    async def test_it_goes_out_as_asked(self, bob: Member, mira: Member, everybody: str) -> None:
        asked = await send(bob, (await draft(bob, [everybody], throttle_per_second=7)).id)
        going = await approve(mira, asked.id)
        assert (going.state, going.launched_by) == (State.PREPARING, bob.id)
        assert going.approval is not None
        assert (going.approval.state, going.approval.decided_by) == (ApprovalState.APPROVED, mira.id)
        await prepare(ObjectId(str(going.id)))
        running = await reload(going)
        assert (running.state, running.audience, running.throttle_per_second) == (State.RUNNING, EVERYWHERE, 7)
        assert (await _actions())[-1] == "campaign.approve"

    async def test_or_is_scheduled_as_asked(self, bob: Member, mira: Member, everybody: str) -> None:
        at = now() + timedelta(hours=2)
        asked = await send(bob, (await draft(bob, [everybody], scheduled_at=at)).id)
        assert asked.state is State.DRAFT
        going = await approve(mira, asked.id)
        assert (going.state, going.scheduled_at) == (State.SCHEDULED, at)

    async def test_a_time_that_went_by_is_not_made_up_for(self, bob: Member, mira: Member, everybody: str) -> None:
        asked = await send(bob, (await draft(bob, [everybody], scheduled_at=now() + timedelta(hours=2))).id)
        past = now() - timedelta(minutes=1)
        await collection("campaigns").update_one({"_id": asked.id}, {"$set": {"scheduled_at": past}})
        with pytest.raises(InvalidInput, match="went by"):
            await approve(mira, asked.id)
        assert (await _nobody_got_it(asked)).state is State.DRAFT

    async def test_a_refusal_says_why_and_leaves_it(self, bob: Member, mira: Member, everybody: str) -> None:
        asked = await send(bob, (await draft(bob, [everybody])).id)
        with pytest.raises(InvalidInput, match="why"):
            await decline(mira, asked.id, "  ")
        declined = await decline(mira, asked.id, "Last year's  price")
        assert declined.approval is not None
        assert (declined.state, declined.approval.reason) == (State.DRAFT, "Last year's price")
        with pytest.raises(Conflict):
            await approve(mira, asked.id)
        again = await send(bob, asked.id)
        assert again.approval is not None
        assert again.approval.waits

    async def test_nobody_is_their_own_second_person(self, bob: Member, mira: Member, everybody: str) -> None:
        asked = await send(mira, (await draft(bob, [everybody])).id)
        keyed = mira.limited_to(frozenset(PERMISSIONS))
        for door in (approve(mira, asked.id), approve(keyed, asked.id), decline(mira, asked.id, "no")):
            with pytest.raises(PermissionDenied):
                await door
        assert (await _nobody_got_it(asked)).state is State.DRAFT

    async def test_no_key_and_no_marketer_approves(
        self, alice: Member, bob: Member, charlie: Member, everybody: str
    ) -> None:
        asked = await send(alice, (await draft(bob, [everybody])).id)
        other = await Member(email="mona@example.com", role=Role.MANAGER).insert()
        for nobody in (bob, charlie, other.limited_to(frozenset(PERMISSIONS))):
            with pytest.raises(PermissionDenied):
                await approve(nobody, asked.id)
        assert (await approve(other, asked.id)).state is State.PREPARING

    async def test_who_was_a_manager_when_the_page_opened_approves_nothing(
        self, alice: Member, bob: Member, mira: Member, everybody: str
    ) -> None:
        asked = await send(bob, (await draft(bob, [everybody])).id)
        await collection("members").update_one({"_id": mira.id}, {"$set": {"role": "marketer"}})
        with pytest.raises(PermissionDenied):
            await approve(mira, asked.id)


class TestTakenBack:
    @pytest.mark.parametrize("change", [{"subject": "Another"}, {"name": "Another"}, {"throttle_per_second": 5}])
    async def test_any_change_takes_the_request_back(
        self, bob: Member, mira: Member, everybody: str, change: Mapping[str, Any]
    ) -> None:
        asked = await send(bob, (await draft(bob, [everybody])).id)
        changed = await update_campaign(mira, asked.id, change)
        assert changed.approval is None
        with pytest.raises(Conflict, match="does not wait"):
            await approve(mira, asked.id)
        assert (await _actions())[-1] == "campaign.withdraw"

    async def test_saving_what_it_says_already_changes_nothing(self, bob: Member, everybody: str) -> None:
        asked = await send(bob, (await draft(bob, [everybody])).id)
        assert (await update_campaign(bob, asked.id, {"subject": asked.subject})).approval is not None

    async def test_a_change_after_approval_makes_a_scheduled_one_a_draft(
        self, bob: Member, mira: Member, everybody: str
    ) -> None:
        asked = await send(bob, (await draft(bob, [everybody], scheduled_at=now() + timedelta(hours=2))).id)
        await approve(mira, asked.id)
        changed = await update_campaign(bob, asked.id, {"body": "<p>Something else</p>"})
        assert (changed.state, changed.approval) == (State.DRAFT, None)

    async def test_a_scheduled_one_that_grows_by_a_change_has_to_be_sent_again(
        self, bob: Member, everybody: str
    ) -> None:
        few = await draft(bob, [await add_segment("Pune", in_city("Pune"))], scheduled_at=now() + timedelta(hours=2))
        assert (await send(bob, few.id)).state is State.SCHEDULED
        assert (await update_campaign(bob, few.id, {"subject": "Still few"})).state is State.SCHEDULED
        assert (await update_campaign(bob, few.id, {"segment_ids": [everybody]})).state is State.DRAFT

    async def test_by_hand(self, bob: Member, mira: Member, everybody: str) -> None:
        asked = await send(bob, (await draft(bob, [everybody])).id)
        assert (await withdraw(bob, asked.id)).approval is None
        with pytest.raises(Conflict):
            await approve(mira, asked.id)

    async def test_growth_within_the_margin_is_what_was_meant(self, bob: Member, mira: Member, everybody: str) -> None:
        asked = await send(bob, (await draft(bob, [everybody])).id)
        await add_people(most_people(EVERYWHERE) - EVERYWHERE, start=EVERYWHERE)
        assert (await approve(mira, asked.id)).state is State.PREPARING

    async def test_growth_beyond_it_asks_for_another_look(self, bob: Member, mira: Member, everybody: str) -> None:
        asked = await send(bob, (await draft(bob, [everybody])).id)
        await add_people(most_people(EVERYWHERE) - EVERYWHERE + 1, start=EVERYWHERE)
        with pytest.raises(Conflict, match="51 people now, not 40"):
            await approve(mira, asked.id)
        assert (await approve(mira, asked.id)).state is State.PREPARING

    async def test_so_do_other_rules_of_its_segments(self, bob: Member, mira: Member, everybody: str) -> None:
        inner = await add_segment("Inner", in_city("Pune", "Mumbai", "Berlin"))
        outer = await add_segment("Outer", {"field": "segment", "operator": "in", "value": inner})
        asked = await send(bob, (await draft(bob, [outer])).id)
        rule = {"combinator": "and", "rules": [in_city("Pune", "Mumbai", "Lagos")]}
        await update_segment(bob, inner, rule=rule)
        with pytest.raises(Conflict, match="segments were changed"):
            await approve(mira, asked.id)


class TestNoOtherDoor:
    async def test_what_grew_before_its_time_is_held_when_it_begins(
        self, bob: Member, mira: Member, everybody: str
    ) -> None:
        few = await draft(bob, [await add_segment("Pune", in_city("Pune"))], scheduled_at=now() + timedelta(hours=1))
        await send(bob, few.id)
        await add_people(40, start=100, city="Pune")
        past = now() - timedelta(seconds=1)
        await collection("campaigns").update_one({"_id": few.id}, {"$set": {"scheduled_at": past}})
        held = await _nobody_got_it(few)
        assert held.state is State.DRAFT
        assert held.approval is not None
        assert (held.approval.held, held.approval.people, held.approval.requested_by) == (True, 50, bob.id)
        assert "campaign.hold" in await _actions()
        assert (await approve(mira, few.id)).state is State.PREPARING

    async def test_so_is_one_whose_segment_was_changed_after_approval(
        self, bob: Member, mira: Member, everybody: str
    ) -> None:
        asked = await send(bob, (await draft(bob, [everybody])).id)
        await approve(mira, asked.id)
        await update_segment(bob, everybody, rule={"combinator": "and", "rules": [in_city("Pune", "Mumbai", "Berlin")]})
        assert (await _nobody_got_it(asked)).state is State.DRAFT

    async def test_a_policy_that_comes_later_counts_for_what_is_scheduled(
        self, alice: Member, bob: Member, everybody: str
    ) -> None:
        await set_approval_above(alice, 0)
        campaign = await send(bob, (await draft(bob, [everybody], scheduled_at=now() + timedelta(hours=1))).id)
        assert campaign.state is State.SCHEDULED
        await set_approval_above(alice, 20)
        await collection("campaigns").update_one({"_id": campaign.id}, {"$set": {"scheduled_at": now()}})
        assert (await _nobody_got_it(campaign)).state is State.DRAFT

    async def test_pausing_and_resuming_is_no_way_around(self, alice: Member, bob: Member, everybody: str) -> None:
        await set_approval_above(alice, 0)
        campaign = await send(bob, (await draft(bob, [everybody])).id)
        await pause(bob, campaign.id)
        await set_approval_above(alice, 20)
        await resume(bob, campaign.id)
        assert (await _nobody_got_it(campaign)).state is State.DRAFT

    async def test_a_copy_has_nobodys_approval(self, bob: Member, mira: Member, everybody: str) -> None:
        asked = await send(bob, (await draft(bob, [everybody])).id)
        await approve(mira, asked.id)
        copy = await duplicate(bob, asked.id)
        assert copy.approval is None
        assert (await send(bob, copy.id)).state is State.DRAFT

    async def test_a_waiting_one_can_be_put_away_or_deleted(self, bob: Member, everybody: str) -> None:
        asked = await send(bob, (await draft(bob, [everybody])).id)
        await archive(bob, asked.id)
        await delete_campaign(bob, asked.id)
        assert await Campaign.get(asked.id) is None


class TestAgainAndAgain:
    async def test_a_series_is_approved_once_and_held_when_it_grows(
        self, bob: Member, mira: Member, everybody: str
    ) -> None:
        first = now() + timedelta(hours=1)
        repeat = {"every": 1, "unit": "day"}
        asked = await send(bob, (await draft(bob, [everybody], scheduled_at=first, repeat=repeat)).id)
        assert asked.state is State.DRAFT
        series = await approve(mira, asked.id)
        assert series.state is State.SCHEDULED

        await due_series(first + timedelta(seconds=1))
        (one,) = await Campaign.find({"series_id": series.id}).to_list()
        await prepare(ObjectId(str(one.id)))
        assert (await reload(one)).state is State.RUNNING

        await add_people(30, start=EVERYWHERE)
        await due_series(first + timedelta(days=1, seconds=1))
        latest = await Campaign.find({"series_id": series.id}).sort("-occurrence_at").first_or_none()
        assert latest is not None
        held = await _nobody_got_it(latest)
        assert held.state is State.DRAFT
        assert held.approval is not None
        assert held.approval.held
        await collection("campaigns").update_one({"_id": held.id}, {"$set": {"scheduled_at": now()}})
        assert (await approve(mira, held.id)).state is State.PREPARING

    async def test_a_series_that_was_changed_while_paused_is_asked_for_again(
        self, bob: Member, mira: Member, everybody: str
    ) -> None:
        first = now() + timedelta(hours=1)
        asked = await send(
            bob, (await draft(bob, [everybody], scheduled_at=first, repeat={"every": 1, "unit": "day"})).id
        )
        await approve(mira, asked.id)
        await pause(bob, asked.id)
        await update_campaign(bob, asked.id, {"subject": "Another"})
        again = await resume(bob, asked.id)
        assert again.state is State.PAUSED
        assert again.approval is not None
        assert again.approval.waits
        with pytest.raises(Conflict, match=WAITS[:20]):
            await resume(bob, asked.id)
        assert (await approve(mira, asked.id)).state is State.SCHEDULED

    async def test_a_standing_one_stops_growing_at_what_was_approved(
        self, bob: Member, mira: Member, everybody: str
    ) -> None:
        asked = await send(bob, (await draft(bob, [everybody], standing=True)).id)
        await approve(mira, asked.id)
        id = ObjectId(str(asked.id))
        await prepare(id)
        await add_people(10, start=EVERYWHERE)
        assert await add_newcomers(id) == 10
        await add_people(1, start=EVERYWHERE + 10)
        assert await add_newcomers(id) == 0
        held = await reload(asked)
        assert (held.state, held.audience) == (State.PAUSED, 50)
        assert held.approval is not None
        assert held.approval.people == 51
        with pytest.raises(Conflict):
            await resume(bob, asked.id)
        assert (await approve(mira, asked.id)).state is State.RUNNING
        assert await add_newcomers(id) == 1


class TestThePolicy:
    async def test_only_owners_decide(self, bob: Member, mira: Member, charlie: Member) -> None:
        for nobody in (bob, mira, charlie):
            with pytest.raises(PermissionDenied):
                await set_approval_above(nobody, 5)

    @pytest.mark.parametrize(
        ("environment", "own", "counts"), [(0, 0, 0), (100, 0, 100), (100, 30, 30), (0, 30, 30)], ids=str
    )
    async def test_the_environment_is_the_floor(self, settings, alice, environment, own, counts) -> None:
        use_settings(settings.model_copy(update={"approval_above": environment}))
        await set_approval_above(alice, own)
        assert await approval_above() == counts
        found = await approval_policy(alice)
        assert (found.above, found.own, found.floor, found.approvers) == (counts, own, environment, 1)

    async def test_nobody_asks_later_than_the_environment(self, settings, alice) -> None:
        use_settings(settings.model_copy(update={"approval_above": 100}))
        with pytest.raises(InvalidInput, match="100"):
            await set_approval_above(alice, 101)

    async def test_it_is_in_the_audit_log(self, alice: Member) -> None:
        await set_approval_above(alice, 7)
        assert (await _actions())[-1] == "policy.approval"
