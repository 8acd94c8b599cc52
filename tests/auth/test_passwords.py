"""Hashes: new ones are argon2id, old bcrypt ones verify and are upgraded, nothing odd breaks them."""

from __future__ import annotations

import bcrypt
import pytest

from app.auth.passwords import check_password, hash_password, verify_password
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
