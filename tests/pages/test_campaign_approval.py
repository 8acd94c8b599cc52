"""A second person's word on a campaign's page: asked for, given, refused, taken back."""

from __future__ import annotations

import pytest
from nicegui import ui

from app.campaigns.approval.policy import approval_above, set_approval_above
from app.campaigns.life.service import create_campaign, send
from app.customers.service import create_customer
from app.segments.service import create_segment
from models import Campaign, Member
from models.campaign import CampaignState as State
from models.member import Role
from tests.pages.conftest import UserOf
from tests.pages.controls import control
from tests.pages.seeing import click_last, column, until
from tests.segments.test_rule import group


@pytest.fixture
async def mira(database: object) -> Member:
    """A manager."""
    return await Member(email="mira@example.com", name="Mira", role=Role.MANAGER).insert()


@pytest.fixture
async def asked(alice: Member, bob: Member) -> Campaign:
    """Bob asks to send to two people, in a shop where more than one need a second person."""
    for name in ("ann", "ben"):
        await create_customer(bob, {"first_name": name, "email": f"{name}@example.com", "email_opt_in": True})
    await set_approval_above(alice, 1)
    everybody = await create_segment(bob, name="Everybody", rule=group())
    data = {"name": "Spring", "subject": "Hi", "body": "<p>Hi</p>", "channel": "outbox"}
    return await send(bob, (await create_campaign(bob, {**data, "segment_ids": [str(everybody.id)]})).id)


async def _now(campaign: Campaign) -> Campaign:
    found = await Campaign.get(campaign.id)
    assert found is not None
    return found


async def _state(campaign: Campaign, wanted: State) -> None:
    for _ in range(100):
        if (await _now(campaign)).state is wanted:
            return
    raise AssertionError(f"it did not become {wanted}")


class TestTheSecondPerson:
    async def test_approves_it(self, user_of: UserOf, mira: Member, asked: Campaign) -> None:
        user = await user_of(mira)
        await user.open(f"/campaigns/{asked.id}")
        await user.should_see("Bob asks to send this to 2 people", retries=30)
        click_last(user, "Approve")
        await user.should_see("Send to 2 people: Spring?", retries=30)
        click_last(user, "Send to 2 people")
        await user.should_see("Approved", retries=30)
        await _state(asked, State.PREPARING)

    async def test_declines_it_with_a_reason(self, user_of: UserOf, mira: Member, asked: Campaign) -> None:
        user = await user_of(mira)
        await user.open(f"/campaigns/{asked.id}")
        await user.should_see("Bob asks", retries=30)
        click_last(user, "Decline")
        await user.should_see("Nobody gets it", retries=30)
        click_last(user, "Decline")
        await until(lambda: control(user, "Why").error)
        control(user, "Why").set_value("Last year's price")
        click_last(user, "Decline")
        await user.should_see("Mira declined it: Last year's price", retries=30)

    async def test_finds_it_at_home_and_in_the_list(self, user_of: UserOf, mira: Member, asked: Campaign) -> None:
        user = await user_of(mira)
        await user.open("/")
        await user.should_see("needs your approval", retries=30)
        await user.open("/campaigns")
        await until(lambda: column(user, "state") == ["needs approval"])

    async def test_is_told_when_it_changed_meanwhile(
        self, user_of: UserOf, mira: Member, bob: Member, asked: Campaign
    ) -> None:
        user = await user_of(mira)
        await user.open(f"/campaigns/{asked.id}")
        await user.should_see("Bob asks to send this to 2 people", retries=30)
        for number in range(15):
            await create_customer(bob, {"first_name": "x", "email": f"x{number}@example.com", "email_opt_in": True})
        click_last(user, "Approve")
        await user.should_see("Send to 2 people: Spring?", retries=30)
        click_last(user, "Send to 2 people")
        await user.should_see("17 people now, not 2", retries=30)
        assert (await _now(asked)).state is State.DRAFT


class TestWhoAsked:
    async def test_cannot_approve_and_can_take_it_back(self, user_of: UserOf, bob: Member, asked: Campaign) -> None:
        user = await user_of(bob)
        await user.open(f"/campaigns/{asked.id}")
        await user.should_see("You asked for this", retries=30)
        await user.should_not_see("Approve", retries=1)
        click_last(user, "Take the request back")
        await user.should_see("Request taken back", retries=30)
        assert (await _now(asked)).approval is None

    async def test_is_told_before_sending(self, user_of: UserOf, bob: Member, asked: Campaign) -> None:
        user = await user_of(bob)
        await user.open(f"/campaigns/{asked.id}/edit")
        await user.should_see("Any change here takes that back", retries=30)
        await user.should_see("Ask to send to 2 people", retries=30)

    async def test_a_viewer_sees_it_and_decides_nothing(
        self, user_of: UserOf, charlie: Member, asked: Campaign
    ) -> None:
        user = await user_of(charlie)
        await user.open(f"/campaigns/{asked.id}")
        await user.should_see("needs a second person", retries=30)
        for words in ("Decline", "Take the request back"):
            await user.should_not_see(words, kind=ui.button, retries=1)


class TestThePolicy:
    async def test_an_owner_sets_it(self, user_of: UserOf, alice: Member) -> None:
        user = await user_of(alice)
        await user.open("/settings/policy")
        await user.should_see("Nobody is asked", retries=30)
        control(user, "Ask when more people than this would get it").set_value(250)
        click_last(user, "Save")
        await user.should_see("more than 250 people", retries=30)
        await user.should_see("Only one member could approve", retries=30)
        assert await approval_above() == 250

    async def test_others_read_it(self, user_of: UserOf, bob: Member) -> None:
        user = await user_of(bob)
        await user.open("/settings/policy")
        await user.should_see("An owner of this workspace can change it", retries=30)


async def test_roles_are_in_words(user_of: UserOf, charlie: Member) -> None:
    user = await user_of(charlie)
    await user.open("/settings/roles")
    await user.should_see("You are a viewer")
    await user.should_see("Approve or decline what another member wants to send")
    await user.should_see("Owner, manager, marketer")
