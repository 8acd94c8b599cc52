"""After a change of SECRET_KEY everything that was signed, sealed or chained with the former one goes on working."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from app.audit import note
from app.audit.chain import verify
from app.audit.key_change import note_key_change
from app.auth.access import member_of_token
from app.auth.members import system_member
from app.auth.renewing import refresh_token, renew
from app.auth.resealing import reseal_all
from app.auth.sealing import resealed, seal, unseal
from app.auth.second_factor import begin_enrolment, finish_enrolment, pass_second_factor
from app.auth.tokens import issue_access, read_link, read_short_link, short_links, sign_link
from app.database import collection
from app.errors import Conflict, InvalidInput, NotSignedIn, SettingsError, Unavailable
from app.keyring import keys, present_key
from app.receipts.signature import check_body, read_header, sign
from app.secret_key import former_keys, kept_key, rotate_key
from app.settings import Settings, read_settings, use_settings
from models import Member
from tests.signing_in import session_of

OLD, NEW = "k" * 40, "n" * 40


@pytest.fixture
def use(settings: Settings) -> Callable[[str, str], None]:
    """Makes this SECRET_KEY the present one, with those SECRET_KEYS_FORMER."""
    secret = type(settings.secret_key)

    def change(key: str, former: str = "") -> None:
        use_settings(settings.model_copy(update={"secret_key": secret(key), "secret_keys_former": secret(former)}))

    return change


class TestWhatGoesOn:
    async def test_access_and_refresh_tokens(self, alice: Member, use):
        session = await session_of(alice)
        access, refresh = issue_access(session, alice, 60), refresh_token(session)
        use(NEW, OLD)
        assert (await member_of_token(access)).id == alice.id
        renewed = await renew(refresh, "program", address="", agent="")
        use(NEW)
        with pytest.raises(NotSignedIn):
            await member_of_token(access)
        assert (await member_of_token(issue_access(renewed.session, alice, 60))).id == alice.id
        assert (await renew(renewed.refresh_token, "program", address="", agent="")).session.generation == 2

    async def test_a_lost_answer_from_before_the_change(self, alice: Member, use):
        session = await session_of(alice)
        used = refresh_token(session)
        await renew(used, "program", address="", agent="")
        use(NEW, OLD)
        again = await renew(used, "program", address="", agent="")
        use(NEW)
        assert (await renew(again.refresh_token, "program", address="", agent="")).session.generation == 2

    def test_links_in_mails(self, use):
        short, long = short_links("unsubscribe")(b"p" * 24), sign_link("reset", {"m": "1"}, 60)
        former = jwt.encode({"alg": "HS256"}, {"aud": "link:unsubscribe", "dat": {"c": "1"}}, OctKey.import_key(OLD))
        use(NEW, f"{'z' * 40}, {OLD}")
        assert read_short_link("unsubscribe", short) == b"p" * 24
        assert read_link("reset", long) == {"m": "1"}
        assert read_link("unsubscribe", former) == {"c": "1"}, "links named no key once"
        assert short_links("unsubscribe")(b"p" * 24) != short
        use(NEW)
        with pytest.raises(InvalidInput):
            read_short_link("unsubscribe", short)
        for purpose, token in (("reset", long), ("unsubscribe", former)):
            with pytest.raises(InvalidInput):
                read_link(purpose, token)

    async def test_sealed_secrets_which_are_sealed_anew_when_used(self, alice: Member, use):
        import time

        import pyotp

        begun = await begin_enrolment(alice)
        codes = pyotp.TOTP(begun.secret)
        await finish_enrolment(alice, codes.at(int(time.time()) - 30))
        use(NEW, OLD)
        await pass_second_factor(alice.id, codes.at(int(time.time()) + 30))
        use(NEW)
        fresh = await Member.get(alice.id)
        assert fresh is not None
        assert unseal(str(fresh.totp_secret)) == begun.secret

    async def test_all_sealed_secrets_at_once(self, alice: Member, bob: Member, use):
        begun = await begin_enrolment(alice)
        await collection("members").update_one({"_id": bob.id}, {"$set": {"totp_secret": "gAAA nobody knows"}})
        use(NEW, OLD)
        assert await reseal_all() == 1
        assert await reseal_all() == 0
        use(NEW)
        fresh = await Member.get(alice.id)
        assert fresh is not None
        assert unseal(str(fresh.totp_pending)) == begun.secret

    def test_sealing_anew(self, use):
        sealed = seal("a secret")
        assert resealed(sealed) is None
        use(NEW, OLD)
        better = resealed(sealed)
        assert better is not None
        use(NEW)
        assert unseal(better) == "a secret"
        for work in (unseal, resealed):
            with pytest.raises(Unavailable):
                work(sealed)

    def test_vendors_that_sign_with_what_they_were_told(self, use):
        header = sign(b"body")
        use(NEW, OLD)
        check_body(b"body", *read_header(header))
        use(NEW)
        with pytest.raises(NotSignedIn):
            check_body(b"body", *read_header(header))


class TestAuditLog:
    @pytest.fixture
    async def lines(self, alice: Member, use) -> None:
        for number in range(3):
            await note(alice, "x.step", id=number)
        use(NEW, OLD)

    async def test_the_line_of_the_change_vouches_for_those_before(self, lines, alice: Member, use):
        assert (await verify()).broken_at == 1, "until then who has the former key could have written them all"
        assert await note_key_change(system_member())
        assert not await note_key_change(system_member())
        await note(alice, "x.step")
        assert (await verify()).broken_at is None
        assert (await verify()).lines == 5
        use(NEW)
        assert (await verify()).broken_at == 1

    async def test_an_empty_log_needs_none(self, database, use):
        use(NEW, OLD)
        assert not await note_key_change(system_member())
        assert (await verify()).broken_at is None

    async def test_who_learnt_the_former_key_cannot_write_it_anew(self, lines, alice: Member, use):
        from app.audit.chain import FIRST, seal

        await note_key_change(system_member())
        use(OLD)
        previous = FIRST
        for number in (1, 2, 3, 4):
            line = await collection("audit").find_one({"_id": number})
            assert line is not None
            line["member"] = "Somebody else"
            line["seal"] = seal(line, previous)
            previous = line["seal"]
            await collection("audit").replace_one({"_id": number}, line)
        use(NEW, OLD)
        verdict = await verify()
        assert verdict.broken_at is not None

    async def test_nor_change_one_before_the_change(self, lines, use):
        from app.audit.chain import seal

        await note_key_change(system_member())
        second, third = [await collection("audit").find_one({"_id": number}) for number in (2, 3)]
        use(OLD)
        third["member"] = "Somebody else"
        third["seal"] = seal(third, second["seal"])
        await collection("audit").replace_one({"_id": 3}, third)
        use(NEW, OLD)
        assert (await verify()).broken_at == 4


class TestGeneratedKey:
    def test_it_is_replaced_and_kept_as_former(self, tmp_path: Path, settings: Settings):
        first = kept_key(tmp_path)
        rotate_key(tmp_path)
        second = kept_key(tmp_path)
        rotate_key(tmp_path)
        assert len({first, second, kept_key(tmp_path)}) == 3
        assert former_keys(tmp_path) == (second, first)
        for path in tmp_path.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert sorted(path.name for path in tmp_path.iterdir()) == ["secret_key", "secret_keys_former"]

    def test_the_next_token_of_a_running_process_is_under_it(self, tmp_path: Path, settings: Settings):
        use_settings(
            settings.model_copy(update={"secret_key": type(settings.secret_key)(""), "data_dir": tmp_path / "data"})
        )
        before = sign_link("reset", {"m": "1"}, 60)
        id = present_key().id
        rotate_key(tmp_path / "data")
        assert [key.id for key in keys()] == [present_key().id, id]
        assert id != present_key().id
        assert read_link("reset", before) == {"m": "1"}

    def test_where_there_is_none_there_is_nothing_to_replace(self, tmp_path: Path):
        with pytest.raises(Conflict):
            rotate_key(tmp_path)

    def test_the_first_key_given_by_hand_may_follow_a_generated_one(self, tmp_path: Path):
        generated = kept_key(tmp_path)
        mine = read_settings(
            _env_file=None, data_dir=tmp_path, secret_key=NEW, secret_keys_former=f"{generated.decode()},"
        )
        assert (mine.signing_key(), mine.former_keys()) == (NEW.encode(), (generated,))

    @pytest.mark.parametrize("former", ["short", f"{OLD},short"])
    def test_a_former_key_is_as_long(self, former: str):
        with pytest.raises(SettingsError, match=r"^SECRET_KEYS_FORMER: each key"):
            read_settings(_env_file=None, secret_keys_former=former)


def test_a_key_has_another_face_for_each_use_and_an_id_that_tells_nothing(use):
    use(NEW, f"{OLD},{NEW},{OLD}")
    present, former = keys()
    assert len({present.derived(use) for use in ("tokens", "refresh", "sealed", "audit", "key id")}) == 5
    assert present.id != former.id
    assert NEW.encode() not in bytes.fromhex(present.id)
