"""Links to a password: single use, ended by the next one, mailed where there is a mail server."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from app.auth.members import authenticate, create_member, system_member
from app.auth.membership import set_active
from app.auth.password_links import (
    invite,
    invite_again,
    read_password_link,
    request_reset,
    reset_link,
    use_password_link,
)
from app.auth.passwords import check_choice
from app.auth.profile import change_password, unlink, update_profile
from app.auth.tokens import sign_link
from app.channels.ways_out import close_channels
from app.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from app.settings import use_settings
from models import Member
from models.member import Role
from tests.fakes.smtp import SmtpSink
from tests.hashing import cheap_hashes

__all__ = ["cheap_hashes"]

GOOD = "a lantern under snow"


def token_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["token"][0]


class TestInvitations:
    async def test_who_is_invited_joins_once(self, alice, settings):
        made = await invite(alice, email="New@Example.com", name="Nia", role=Role.VIEWER)
        assert made.link.startswith(f"{settings.base_url}/join?token=")
        assert not made.mailed
        with pytest.raises(InvalidInput):
            await use_password_link("join", token_of(made.link), "short")
        joined = await use_password_link("join", token_of(made.link), GOOD)
        assert (joined.email, joined.role) == ("new@example.com", Role.VIEWER)
        assert (await authenticate("new@example.com", GOOD)).id == joined.id
        with pytest.raises(NotFound):
            await use_password_link("join", token_of(made.link), "another lantern")
        with pytest.raises(Conflict):
            await invite_again(alice, joined.id)

    async def test_a_newer_link_ends_the_older(self, alice):
        made = await invite(alice, email="new@example.com")
        again = await invite_again(alice, made.member.id)
        with pytest.raises(NotFound):
            await read_password_link("join", token_of(made.link))
        assert (await read_password_link("join", token_of(again.link))).id == made.member.id

    async def test_only_owners_invite(self, bob, charlie):
        for member in (bob, charlie):
            with pytest.raises(PermissionDenied):
                await invite(member, email="x@example.com")
            with pytest.raises(PermissionDenied):
                await reset_link(member, member.id)

    async def test_it_is_mailed_and_never_lands_in_the_outbox(self, alice, settings):
        from app.database import collection

        with SmtpSink() as sink:
            use_settings(settings.model_copy(update={"smtp_url": sink.url}))
            try:
                made = await invite(alice, email="new@example.com")
            finally:
                await close_channels()
            assert made.mailed
            assert sink.counts["new@example.com"] == 1
        assert await collection("outbox").count_documents({}) == 0


class TestResets:
    @pytest.fixture
    async def ann(self, database) -> Member:
        return await create_member(system_member(), email="ann@example.com", name="Ann", password="correct horse")

    async def test_an_owner_makes_one_and_sessions_end(self, alice, ann):
        made = await reset_link(alice, ann.id)
        assert (await Member.get(ann.id)).token_version == ann.token_version + 1
        changed = await use_password_link("reset", token_of(made.link), GOOD)
        assert changed.token_version == ann.token_version + 2
        assert (await authenticate("ann@example.com", GOOD)).id == ann.id

    async def test_one_purpose_is_not_the_other(self, alice, ann):
        made = await reset_link(alice, ann.id)
        with pytest.raises(NotFound):
            await read_password_link("join", token_of(made.link))

    async def test_links_that_are_none(self, alice, ann):
        made = await reset_link(alice, ann.id)
        forged = [
            "",
            "x",
            token_of(made.link)[:-2],
            sign_link("unsubscribe", {"m": str(ann.id), "v": 1}, None),
            sign_link("reset", {"m": str(ann.id), "v": 1}, -1),
            sign_link("reset", {"m": {"$gt": ""}, "v": 1}, 60),
            sign_link("reset", {"m": "0" * 24, "v": 0}, 60),
        ]
        for token in forged:
            with pytest.raises(NotFound):
                await read_password_link("reset", token)
        await set_active(alice, ann.id, False)
        with pytest.raises(NotFound):
            await read_password_link("reset", token_of(made.link))

    async def test_a_forgotten_one_is_mailed_to_members_alone(self, settings, ann):
        with SmtpSink() as sink:
            use_settings(settings.model_copy(update={"smtp_url": sink.url}))
            try:
                for address in ("nobody@example.com", "not an address", "ANN@example.com"):
                    await request_reset(address)
            finally:
                await close_channels()
            assert dict(sink.counts) == {"ann@example.com": 1}


class TestWhatMembersChoose:
    @pytest.mark.parametrize("weak", ["password1234", "Passw0rd!!", "1234567890", "sunshine2024", "ann@example.com"])
    async def test_what_attackers_try_first_is_refused(self, weak):
        with pytest.raises(InvalidInput) as refused:
            check_choice(weak, "ann@example.com")
        assert refused.value.errors[0].field == "password"

    async def test_others_are_not(self):
        for fine in (GOOD, "correct horse", "x9!kQ2#vLp", "рыба под снегом", "a" * 3 + "lantern" * 60):
            check_choice(fine, "ann@example.com")

    async def test_the_current_one_is_asked_for(self, database):
        ann = await create_member(system_member(), email="ann@example.com", password="correct horse")
        with pytest.raises(InvalidInput) as refused:
            await change_password(ann, current="wrong", new=GOOD)
        assert refused.value.errors[0].field == "current"
        await change_password(ann, current="correct horse", new=GOOD)
        assert (await authenticate("ann@example.com", GOOD)).id == ann.id

    async def test_profile_and_ways_to_sign_in(self, alice):
        await update_profile(alice, name=" Alice B ", timezone="Europe/Berlin")
        fresh = await Member.get(alice.id)
        assert (fresh.name, fresh.timezone) == ("Alice B", "Europe/Berlin")
        for wrong in ({"name": "a\nb", "timezone": None}, {"name": "A", "timezone": "Mars/Base"}):
            with pytest.raises(InvalidInput):
                await update_profile(alice, **wrong)
        with pytest.raises(PermissionDenied):
            await update_profile(alice.limited_to(frozenset()), name="A", timezone=None)
        invited = (await invite(alice, email="new@example.com")).member
        with pytest.raises(Conflict):
            await unlink(invited, "https://accounts.google.com")
