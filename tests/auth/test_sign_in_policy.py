"""Who needs a second step, and what happens to those who have none."""

from __future__ import annotations

import time

import pyotp
import pytest

from app.audit.listing import list_entries
from app.auth.members import system_member
from app.auth.second_factor import begin_enrolment, enrolment, finish_enrolment, remove_for, turn_off
from app.auth.sessions import list_sessions
from app.auth.sign_in_policy import needs_second_step, require_second_step, sign_in_policy
from app.errors import Conflict, PermissionDenied
from models import Member
from models.member import Role
from models.sign_in_policy import WhoNeedsSecondStep
from tests.signing_in import session_of

NOBODY, MANAGERS, EVERYONE = WhoNeedsSecondStep


async def with_second_step(member: Member) -> list[str]:
    begun = await begin_enrolment(member)
    return await finish_enrolment(member, pyotp.TOTP(begun.secret).at(int(time.time())))


async def test_nobody_needs_one_until_an_owner_says_so(alice: Member, bob: Member):
    assert (await sign_in_policy()).second_step is NOBODY
    assert not await needs_second_step(alice)
    await with_second_step(alice)
    await require_second_step(alice, MANAGERS)
    manager = Member(email="m@example.com", role=Role.MANAGER)
    assert [await needs_second_step(one) for one in (alice, manager, bob)] == [True, True, False]
    await require_second_step(alice, EVERYONE)
    assert await needs_second_step(bob)
    await require_second_step(alice, NOBODY)
    assert not await needs_second_step(alice)
    (last, *_), _ = await list_entries(alice, action="sign-in.policy")
    assert (last.before, last.after) == ({"second_step": "everyone"}, {"second_step": "nobody"})


async def test_it_is_for_owners_who_have_one_themselves(alice: Member, bob: Member):
    with pytest.raises(PermissionDenied):
        await require_second_step(bob, EVERYONE)
    for who in (MANAGERS, EVERYONE):
        with pytest.raises(Conflict):
            await require_second_step(alice, who)
    assert (await sign_in_policy()).second_step is NOBODY


async def test_who_lacks_one_is_signed_out_and_nobody_else(alice: Member, bob: Member, charlie: Member):
    await with_second_step(alice)
    await with_second_step(charlie)
    for member in (alice, bob, charlie):
        await session_of(member)
    assert await require_second_step(alice, EVERYONE) == 1
    left = [len(await list_sessions(alice, one.id)) for one in (alice, bob, charlie)]
    assert left == [1, 0, 1]
    assert await require_second_step(alice, EVERYONE) == 0


async def test_it_cannot_be_turned_off_by_who_needs_it_but_an_owner_helps(alice: Member):
    codes = await with_second_step(alice)
    await require_second_step(alice, MANAGERS)
    with pytest.raises(Conflict):
        await turn_off(alice, codes[0])
    await remove_for(system_member(), alice.id)
    fresh = await Member.get(alice.id)
    assert fresh is not None
    assert fresh.totp_secret is None


async def test_an_enrolment_that_was_begun_is_shown_again(alice: Member):
    assert (await enrolment(alice)).secret == (await enrolment(alice)).secret
    await with_second_step(alice)
    with pytest.raises(Conflict):
        await enrolment(alice)
