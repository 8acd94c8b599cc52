"""Sessions: who sees and ends which, and that there are not endlessly many."""

from __future__ import annotations

import pytest
from bson import ObjectId

from app.auth import sessions
from app.auth.agents import words_of
from app.auth.members import end_sessions
from app.auth.membership import change_role, set_active
from app.auth.sessions import end_other_sessions, end_session, list_sessions, sign_out
from app.errors import Conflict, NotFound, PermissionDenied
from models import Member, Session
from models.member import Role
from tests.signing_in import session_of


async def ids(member: Member, of: Member | None = None) -> list[ObjectId]:
    return [one.id for one in await list_sessions(member, of.id if of else None)]


class TestListing:
    async def test_ones_own_the_last_seen_first(self, alice: Member, bob: Member):
        first, second = await session_of(bob), await session_of(bob, "browser")
        await session_of(alice)
        assert await ids(bob) == [second.id, first.id]

    async def test_an_owner_sees_others_and_for_the_rest_they_are_not_there(self, alice: Member, bob: Member, charlie):
        session = await session_of(bob)
        assert await ids(alice, bob) == [session.id]
        assert await ids(bob, bob) == [session.id]
        for nobody in (bob, charlie):
            with pytest.raises(NotFound):
                await list_sessions(nobody, alice.id)
        for wrong in ("x", ObjectId()):
            with pytest.raises(NotFound):
                await list_sessions(alice, wrong)

    async def test_a_key_sees_none(self, bob: Member):
        with pytest.raises(PermissionDenied):
            await list_sessions(bob.limited_to(frozenset({"customers.read"})))


class TestEnding:
    async def test_ones_own(self, bob: Member):
        one, other = await session_of(bob), await session_of(bob)
        await end_session(bob, one.id)
        assert await ids(bob) == [other.id]
        with pytest.raises(NotFound):
            await end_session(bob, one.id)

    async def test_others_are_not_there_but_for_owners(self, alice: Member, bob: Member, charlie: Member):
        session = await session_of(bob)
        for wrong in (session.id, "x", ObjectId()):
            with pytest.raises(NotFound):
                await end_session(charlie, wrong)
        assert await ids(bob) == [session.id]
        await end_session(alice, session.id)
        assert await ids(bob) == []

    async def test_all_but_this_one(self, bob: Member, alice: Member):
        this, _, theirs = await session_of(bob), await session_of(bob), await session_of(alice)
        bob.signed_in_by(this.id)
        assert await end_other_sessions(bob) == 1
        assert await ids(bob) == [this.id]
        assert await ids(alice) == [theirs.id]

    async def test_this_one(self, bob: Member):
        this, other = await session_of(bob), await session_of(bob)
        await sign_out(bob.signed_in_by(this.id))
        assert await ids(bob) == [other.id]
        found = await Session.get(this.id)
        assert found is not None
        assert (found.revoked_why, found.expires_at) == ("signed-out", found.revoked_at)

    async def test_without_a_session_there_is_none_to_end(self, bob: Member):
        for work in (sign_out, end_other_sessions):
            with pytest.raises(Conflict):
                await work(bob)

    async def test_a_role_a_member_set_inactive_and_everywhere_end_all(self, alice: Member, bob: Member):
        for work in (
            lambda: change_role(alice, bob.id, Role.VIEWER),
            lambda: set_active(alice, bob.id, False),
            lambda: end_sessions(alice, bob.id),
        ):
            fresh = await Member.get(bob.id)
            assert fresh is not None
            session = await session_of(fresh)
            await work()
            assert await ids(alice, fresh) == []
            ended = await Session.get(session.id)
            assert ended is not None
            assert ended.revoked_why == "everywhere"


async def test_a_script_that_signs_in_each_time_pushes_out_its_oldest_session(bob: Member, monkeypatch):
    monkeypatch.setattr(sessions, "MOST_SESSIONS", 3)
    made = [await session_of(bob) for _ in range(5)]
    assert await ids(bob) == [one.id for one in reversed(made[2:])]


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0"
            " Safari/537.36 Edg/131.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1"
            " Safari/605.1.15",
            "Safari on macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
            " CriOS/131.0 Mobile/15E148 Safari/604.1",
            "Chrome on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36", "Chrome on Android"),
        ("python-httpx/0.28.1", "python-httpx"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown"),
        ("<script>", "Unknown"),
        ("Mozilla/5.0 (X11; Linux)", "A browser on Linux"),
    ],
)
def test_agents_in_words(agent: str, words: str):
    assert words_of(agent) == words


def test_an_agent_is_kept_as_one_short_line():
    assert sessions.shortened("a\r\nb\0" + "x" * 999) == "ab" + "x" * 198
