"""The second step: RFC 6238's codes, each good once, and recovery codes."""

from __future__ import annotations

import pyotp
import pytest

from app.auth import second_factor as module
from app.auth.members import create_member, system_member
from app.auth.sealing import seal, unseal
from app.auth.second_factor import (
    begin_enrolment,
    finish_enrolment,
    pass_second_factor,
    remove_for,
    renew_recovery_codes,
    turn_off,
)
from app.auth.throttle import TooManyAttempts
from app.errors import Conflict, InvalidInput, PermissionDenied, Unavailable
from app.settings import use_settings
from models import Member
from tests.hashing import cheap_hashes

__all__ = ["cheap_hashes"]

CLOCK = 1_800_000_000


class Clock:
    """The time as the second step sees it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = CLOCK
        monkeypatch.setattr(module.time, "time", lambda: self.now)


@pytest.fixture
def clock(monkeypatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
async def ann(database) -> Member:
    return await create_member(system_member(), email="ann@example.com", password="correct horse")


async def enrol(member: Member, clock: Clock) -> tuple[pyotp.TOTP, list[str]]:
    begun = await begin_enrolment(member)
    totp = pyotp.TOTP(begun.secret)
    codes = await finish_enrolment(member, totp.at(clock.now))
    clock.now += 30
    return totp, codes


def test_the_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B, SHA-1, the last six of eight figures.
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for moment, code in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        assert pyotp.TOTP(secret).at(moment) == code


async def test_it_counts_once_a_code_was_seen(ann, clock):
    begun = await begin_enrolment(ann)
    assert begun.uri.startswith("otpauth://totp/Cohort:ann%40example.com?")
    assert begun.picture.startswith("data:image/svg+xml")
    with pytest.raises(InvalidInput):
        await finish_enrolment(ann, "000000")
    assert (await Member.get(ann.id)).totp_secret is None
    codes = await finish_enrolment(ann, pyotp.TOTP(begun.secret).at(clock.now))
    assert len(set(codes)) == 10
    kept = await Member.get(ann.id)
    assert begun.secret not in str(kept)
    assert codes[0] not in str(kept)
    with pytest.raises(Conflict):
        await begin_enrolment(ann)


async def test_a_code_works_once_a_step_early_or_late(ann, clock):
    totp, _ = await enrol(ann, clock)
    for shift in (-30, 0, 30):
        code = totp.at(clock.now + shift)
        if shift >= 0:
            assert (await pass_second_factor(ann.id, f" {code[:3]} {code[3:]} ")).id == ann.id
        with pytest.raises(InvalidInput):
            await pass_second_factor(ann.id, code)
    with pytest.raises(InvalidInput):
        await pass_second_factor(ann.id, totp.at(clock.now + 90))


async def test_a_recovery_code_works_once(ann, clock):
    _, codes = await enrol(ann, clock)
    await pass_second_factor(ann.id, codes[3].upper())
    with pytest.raises(InvalidInput):
        await pass_second_factor(ann.id, codes[3])
    assert len((await Member.get(ann.id)).recovery_digests) == 9
    fresh = await renew_recovery_codes(ann, codes[4])
    with pytest.raises(InvalidInput):
        await pass_second_factor(ann.id, codes[5])
    await pass_second_factor(ann.id, fresh[5])


async def test_guessing_is_slowed_down(ann, clock):
    totp, _ = await enrol(ann, clock)
    for _ in range(10):
        with pytest.raises(InvalidInput):
            await pass_second_factor(ann.id, "000000")
    with pytest.raises(TooManyAttempts):
        await pass_second_factor(ann.id, totp.at(clock.now))


async def test_turned_off_with_a_code_or_by_an_owner(ann, alice, bob, clock):
    totp, _ = await enrol(ann, clock)
    with pytest.raises(InvalidInput):
        await turn_off(ann, "123456")
    await turn_off(ann, totp.at(clock.now))
    assert (await Member.get(ann.id)).totp_secret is None
    await enrol(ann, clock)
    with pytest.raises(PermissionDenied):
        await remove_for(bob, ann.id)
    await remove_for(alice, ann.id)
    gone = await Member.get(ann.id)
    assert (gone.totp_secret, gone.token_version) == (None, ann.token_version + 1)


async def test_what_is_no_code(ann, clock):
    await enrol(ann, clock)
    for wrong in ("", "12345", "1234567", "１２３４５６", "abcdef", "-" * 40):
        with pytest.raises(InvalidInput):
            await pass_second_factor(ann.id, wrong)


async def test_sealed_is_unreadable_without_the_key(settings):
    sealed = seal("a secret")
    assert "secret" not in sealed
    assert unseal(sealed) == "a secret"
    use_settings(settings.model_copy(update={"secret_key": type(settings.secret_key)("x" * 40)}))
    with pytest.raises(Unavailable):
        unseal(sealed)
