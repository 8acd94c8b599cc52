"""Who may sign in, and how the first owner comes about."""

from __future__ import annotations

import asyncio
import stat
import time

import bcrypt
import pytest

from app.auth.members import authenticate, create_member, ensure_owner, set_password, system_member, welcome_link
from app.auth.passwords import hash_password
from app.auth.welcome import check_welcome, claim_welcome
from app.errors import Conflict, InvalidInput, NotFound, NotSignedIn, PermissionDenied, SettingsError
from models import Member
from models.member import Role


class TestAuthenticate:
    async def test_with_the_right_password_without_regard_to_case(self, database):
        made = await create_member(system_member(), email="Ann@Example.com", password="correct horse")
        assert (await authenticate(" ann@EXAMPLE.com ", "correct horse")).id == made.id

    async def test_wrong_unknown_inactive_and_without_password_look_the_same(self, alice: Member, database):
        await create_member(system_member(), email="ann@example.com", password="correct horse")
        gone = await create_member(system_member(), email="gone@example.com", password="correct horse")
        gone.active = False
        await gone.save()
        said = set()
        for email in ("ann@example.com", "nobody@example.com", "gone@example.com", alice.email, "", "\0", "\ud800"):
            with pytest.raises(NotSignedIn) as problem:
                await authenticate(email, "wrong" if email == "ann@example.com" else "correct horse")
            said.add(problem.value.detail)
        assert len(said) == 1

    async def test_a_bcrypt_hash_is_upgraded(self, database):
        old = bcrypt.hashpw(b"correct horse", bcrypt.gensalt(4)).decode()
        await Member(email="ann@example.com", password_hash=old).insert()
        await authenticate("ann@example.com", "correct horse")
        found = await Member.find_one()
        assert found is not None
        assert str(found.password_hash).startswith("$argon2id$")


class TestCreate:
    async def test_only_owners_may(self, bob: Member):
        with pytest.raises(PermissionDenied):
            await create_member(bob, email="x@example.com")

    async def test_it_names_what_is_wrong(self, alice: Member):
        for fields, field in (
            ({"email": "nope"}, "email"),
            ({"email": "x@example.com", "password": "short"}, "password"),
            ({"email": "x@example.com", "password": "x@example.com"}, "password"),
            ({"email": "x@example.com", "name": "two\nlines"}, "name"),
        ):
            with pytest.raises(InvalidInput) as problem:
                await create_member(alice, **fields)
            assert problem.value.errors[0].field == field
        with pytest.raises(Conflict):
            await create_member(alice, email="ALICE@example.com")

    async def test_a_new_password_ends_the_sessions(self, alice: Member, bob: Member):
        await set_password(bob, bob.id, "a new password")
        assert (await Member.get(bob.id)).token_version == 1  # type: ignore[union-attr]
        with pytest.raises(NotSignedIn):
            await set_password(bob, bob.id, "another password")
        bob = await Member.get(bob.id)
        with pytest.raises(PermissionDenied):
            await set_password(bob, alice.id, "a new password")


class TestFirstOwner:
    async def test_the_settings_make_one_once(self, settings, database):
        mine = settings.model_copy(
            update={"owner_email": "Me@example.com", "owner_password": type(settings.secret_key)("correct horse")}
        )
        await asyncio.gather(ensure_owner(mine), ensure_owner(mine))
        await ensure_owner(mine.model_copy(update={"owner_email": "other@example.com"}))
        members = await Member.find_all().to_list()
        assert [(member.email, member.role) for member in members] == [("me@example.com", Role.OWNER)]
        assert (await authenticate("me@example.com", "correct horse")).role == Role.OWNER

    async def test_wrong_settings_are_named(self, settings, database):
        secret = type(settings.secret_key)
        for update, name in (
            ({"owner_email": "nope", "owner_password": secret("correct horse")}, "OWNER_EMAIL"),
            ({"owner_email": "me@example.com", "owner_password": secret("short")}, "OWNER_PASSWORD"),
        ):
            with pytest.raises(SettingsError, match=f"^{name}: "):
                await ensure_owner(settings.model_copy(update=update))

    async def test_the_link_works_once(self, settings, database):
        link = await welcome_link(settings)
        assert link == await welcome_link(settings)
        token = str(link).partition("token=")[2]
        path = settings.data_dir / "welcome_token"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(InvalidInput):
            await claim_welcome(settings, token, name="Me", email="me@example.com", password="short")
        await check_welcome(settings, token)
        fields = {"name": "Me", "email": "me@example.com", "password": "correct horse"}
        both = await asyncio.gather(
            claim_welcome(settings, token, **fields),
            claim_welcome(settings, token, **{**fields, "email": "you@example.com"}),
            return_exceptions=True,
        )
        assert sorted(type(one).__name__ for one in both) == ["Member", "NotFound"]
        assert await Member.count() == 1
        assert await welcome_link(settings) is None
        assert not path.exists()
        with pytest.raises(NotFound):
            await claim_welcome(settings, token, **fields)

    async def test_a_wrong_token_makes_nobody(self, settings, database, alice: Member):
        alice.active = False
        await alice.save()
        await welcome_link(settings)
        for token in ("", "x", "é"):
            with pytest.raises(NotFound):
                await claim_welcome(settings, token, name="Me", email="me@example.com", password="correct horse")


def test_hashing_is_deliberately_slow_but_bearable():
    start = time.perf_counter()
    hash_password("correct horse")
    assert time.perf_counter() - start < 5
