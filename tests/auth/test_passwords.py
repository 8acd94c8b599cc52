"""Hashes: new ones are argon2id, old bcrypt ones verify and are upgraded, nothing odd breaks them."""

from __future__ import annotations

import bcrypt
import pytest

from app.auth.passwords import check_choice, check_password, hash_password, verify_password
from app.errors import InvalidInput


def test_a_new_hash_is_argon2id_and_verifies():
    hashed = hash_password("correct horse")
    assert hashed.startswith("$argon2id$")
    assert verify_password("correct horse", hashed) == (True, None)
    assert verify_password("correct horsf", hashed) == (False, None)


def test_bcrypt_verifies_and_is_upgraded():
    old = bcrypt.hashpw(b"correct horse", bcrypt.gensalt(4)).decode()
    matches, better = verify_password("correct horse", old)
    assert matches
    assert better is not None
    assert better.startswith("$argon2id$")
    assert verify_password("wrong", old) == (False, None)


@pytest.mark.parametrize("plain", ["", "a" * 100, "a\0b", "\ud800", "é" * 600])
@pytest.mark.parametrize(
    "hashed",
    [None, "", "garbage", bcrypt.hashpw(b"correct horse", bcrypt.gensalt(4)).decode()],
    ids=["none", "empty", "garbage", "bcrypt"],
)
def test_odd_input_is_a_no(plain, hashed):
    assert verify_password(plain, hashed) == (False, None)


@pytest.mark.parametrize("plain", ["short", "ann@Example.com", "a" * 20, "x" * 513])
def test_the_rule_refuses(plain):
    with pytest.raises(InvalidInput):
        check_password(plain, "Ann@example.com")


def test_the_rule_takes_any_ten_characters():
    check_password("пароль пароль", "ann@example.com")
    check_password("abcdefghij", "ann@example.com")


LEAKED = """
    qwertyuiop 1234567890 password123 iloveyou123 qwerty123456 password1234 Password123! 1q2w3e4r5t passw0rd123
    letmein1234 welcome123 admin12345 football123 sunshine123 princess123 monkey12345 12345678910 0987654321
    zaq12wsx34 michael123 trustno1234 superman123 dragon12345 P@ssw0rd123 qazwsxedcrfv 1qaz2wsx3edc liverpool123
    changeme123 secret12345
"""
OWN = """
    cohort2026! mycohort123 Cohort_Cohort anneliese2026!! Weber12345! anneliese.weber1 blumenladen99 1BLUMENLADEN!
    Summer2026! winter2025/26
"""


@pytest.mark.parametrize("plain", [*LEAKED.split(), *OWN.split()])
def test_what_attackers_try_first_is_refused_with_one_message(plain):
    with pytest.raises(InvalidInput) as problem:
        check_choice(plain, "anneliese@blumenladen.example", name="Anneliese Weber")
    assert problem.value.errors[0].message == (
        "is among the first that attackers try; add a word or two that nobody expects"
    )


@pytest.mark.parametrize(
    "plain", ["a lantern under snow", "correct horse", "winter horse lantern", "Anneliese mag Regen", "xK9#mQ2$vL"]
)
def test_a_few_words_are_fine(plain):
    check_choice(plain, "anneliese@blumenladen.example", name="Anneliese Weber")
