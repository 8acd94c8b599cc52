"""Refresh tokens: each works once, a lost answer and a race are forgiven, and a stolen one ends the session."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from app.audit.listing import list_entries
from app.auth import renewing
from app.auth.access import member_of_token
from app.auth.members import end_sessions
from app.auth.renewing import Renewed, refresh_token
from app.auth.sessions import LONGEST, SESSION_SECONDS
from app.auth.tokens import issue_access
from app.database import collection
from app.errors import NotSignedIn
from app.settings import use_settings
from models import Member, Session
from models.session import SessionKind
from models.values import now
from tests.signing_in import session_of


async def renew(token: str, kind: SessionKind = "program") -> Renewed:
    return await renewing.renew(token, kind, address="198.51.100.7", agent="curl/8.5.0")


async def refused(token: str, kind: SessionKind = "program") -> bool:
    try:
        await renew(token, kind)
    except NotSignedIn:
        return True
    return False


async def arrived(renewed: Renewed) -> None:
    """The client has the answer and uses its access token."""
    await member_of_token(issue_access(renewed.session, renewed.member, 60))


async def later(session: Session, by: timedelta) -> None:
    await collection("sessions").update_one({"_id": session.id}, {"$set": {"renewed_at": now() - by}})


class TestRenewal:
    async def test_it_moves_on_and_keeps_where_it_was_asked_from(self, alice: Member):
        session = await session_of(alice)
        renewed = await renew(refresh_token(session))
        assert (renewed.session.id, renewed.session.generation, renewed.member.id) == (session.id, 1, alice.id)
        assert (renewed.session.address, renewed.session.agent) == ("198.51.100.7", "curl/8.5.0")
        assert renewed.refresh_token != refresh_token(session)
        assert (await renew(renewed.refresh_token)).session.generation == 2

    async def test_it_lasts_seven_days_from_its_last_use_and_ninety_in_all(self, alice: Member):
        session = await session_of(alice)
        begun = now() - LONGEST + timedelta(days=2)
        week = timedelta(seconds=SESSION_SECONDS)
        assert abs((await renew(refresh_token(session))).session.expires_at - now() - week) < timedelta(minutes=1)
        await collection("sessions").update_one({"_id": session.id}, {"$set": {"created_at": begun}})
        fresh = await Session.get(session.id)
        assert fresh is not None
        assert (await renew(refresh_token(fresh))).session.expires_at == begun + LONGEST

    async def test_neither_the_database_nor_the_key_has_it(self, alice: Member, settings):
        session = await session_of(alice)
        raw = await collection("sessions").find_one({"_id": session.id})
        assert refresh_token(session) not in str(raw)
        real = refresh_token(session)
        use_settings(settings.model_copy(update={"secret_key": type(settings.secret_key)("x" * 40)}))
        assert await refused(real)
        use_settings(settings)
        assert not await refused(real)
        assert await refused(refresh_token(session.model_copy(update={"seed": "00" * 16})))

    @pytest.mark.parametrize("token", ["", "x", "A" * 64, "é" * 64, "=" * 64, "A" * 63 + "\n", "A" * 100_000])
    async def test_what_is_none_is_refused(self, alice: Member, token: str):
        assert await refused(token)

    async def test_a_made_up_one_ends_nobodys_session(self, alice: Member):
        session = await session_of(alice)
        await renew((await renew(refresh_token(session))).refresh_token)
        token = refresh_token(session)
        assert await refused(token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"))
        assert (await Session.get(session.id)).revoked_at is None  # type: ignore[union-attr]

    async def test_it_is_for_its_kind_of_session(self, alice: Member):
        browser, program = await session_of(alice, "browser"), await session_of(alice)
        assert await refused(refresh_token(browser), "program")
        assert await refused(refresh_token(program), "browser")
        assert not await refused(refresh_token(browser), "browser")

    async def test_it_ends_with_the_session_and_the_member(self, alice: Member, bob: Member):
        session = await session_of(alice)
        await end_sessions(alice, alice.id)
        assert await refused(refresh_token(session))
        session = await session_of(bob)
        await bob.set({"active": False})
        assert await refused(refresh_token(session))
        await bob.set({"active": True})
        past = {"expires_at": now() - timedelta(seconds=1)}
        await collection("sessions").update_one({"_id": session.id}, {"$set": past})
        assert await refused(refresh_token(session))


class TestUsedOnes:
    async def test_a_client_that_lost_the_answer_gets_it_again_whenever_it_asks(self, alice: Member):
        session = await session_of(alice)
        first = await renew(refresh_token(session))
        await later(session, timedelta(days=3))
        again = await renew(refresh_token(session))
        assert (again.refresh_token, again.session.generation) == (first.refresh_token, 1)

    async def test_two_tabs_at_the_same_moment_get_the_same(self, alice: Member):
        session = await session_of(alice)
        token = refresh_token(session)
        answers = await asyncio.gather(*(renew(token) for _ in range(12)))
        assert {one.refresh_token for one in answers} == {answers[0].refresh_token}
        assert {one.session.generation for one in answers} == {1}
        await arrived(answers[0])
        assert (await renew(token)).refresh_token == answers[0].refresh_token, "the third tab is a little late"

    async def test_two_parties_with_one_session_end_it_for_both(self, alice: Member):
        session = await session_of(alice)
        stolen = refresh_token(session)
        mine = await renew(stolen)
        await arrived(mine)
        await later(session, renewing.RACE)
        assert await refused(stolen)
        assert await refused(mine.refresh_token)
        with pytest.raises(NotSignedIn):
            await member_of_token(issue_access(mine.session, alice, 60))
        found = await Session.get(session.id)
        assert found is not None
        assert found.revoked_why == "reused"

    async def test_the_thief_who_is_quicker_is_found_out_by_the_owner(self, alice: Member):
        session = await session_of(alice)
        stolen = refresh_token(session)
        theirs = await renew(stolen)
        await arrived(theirs)
        await later(session, timedelta(minutes=15))
        assert await refused(stolen), "the member's browser, with what it has"
        assert await refused(theirs.refresh_token)

    async def test_an_older_one_is_never_forgiven(self, alice: Member):
        session = await session_of(alice)
        oldest = refresh_token(session)
        await renew((await renew(oldest)).refresh_token)
        assert await refused(oldest)
        found = await Session.get(session.id)
        assert found is not None
        assert found.revoked_why == "reused"

    async def test_it_is_told_in_the_log_once(self, alice: Member, bob: Member):
        session = await session_of(bob)
        oldest = refresh_token(session)
        await renew((await renew(oldest)).refresh_token)
        for _ in range(3):
            assert await refused(oldest)
        (line,), _ = await list_entries(alice, action="session.reuse")
        assert (line.member, line.member_id, line.object_id, line.object_name) == (
            "Somebody",
            None,
            str(session.id),
            bob.email,
        )

    async def test_other_sessions_of_the_member_go_on(self, alice: Member):
        session, other = await session_of(alice), await session_of(alice)
        oldest = refresh_token(session)
        await renew((await renew(oldest)).refresh_token)
        assert await refused(oldest)
        assert not await refused(refresh_token(other))
