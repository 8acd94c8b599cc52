"""Passwords: argon2id (RFC 9106) for new ones; bcrypt hashes from elsewhere verify once and are upgraded."""

from __future__ import annotations

import re
from functools import cache

from passlib.context import CryptContext
from passlib.exc import PasswordValueError, UnknownHashError

from app.errors import InvalidInput
from models.values import fold

MIN_CHARACTERS = 10
MAX_CHARACTERS = 512
"""Longer than anyone types; a bound on the work a stranger can ask for."""

JUDGED_CHARACTERS = 72
"""zxcvbn takes the square of the length; what begins well does not get worse."""

OBVIOUS = ("cohort", "password", "passwort", "welcome", "spring", "summer", "autumn", "winter", "qwerty", "admin")
"""What a password for this place, at this time of the year, would begin with."""

OWN_LETTERS = 4
"""So many letters there have to be besides obvious words: years and exclamation marks are what people add."""

_context = CryptContext(schemes=["argon2", "bcrypt"], deprecated=["bcrypt"])


def hash_password(plain: str) -> str:
    """The argon2id hash of a password. Takes about 0.1 s of a processor: call it in a thread."""
    return str(_context.hash(plain))


def verify_password(plain: str, hashed: str | None) -> tuple[bool, str | None]:
    """Whether `plain` is the password, and a better hash to keep when `hashed` is of an older kind.

    `hashed` may be None (no such member, or one without a password): the answer is no, after the same work, so that
    time tells nothing. Takes about 0.1 s of a processor: call it in a thread.
    """
    if len(plain) > MAX_CHARACTERS:
        plain, hashed = "", None
    try:
        matches, better = _context.verify_and_update(plain, hashed or _decoy())
    except (PasswordValueError, UnknownHashError, ValueError):
        _context.verify("", _decoy())
        return False, None
    return bool(matches) and hashed is not None, better if matches and hashed is not None else None


def check_password(plain: str, email: str, *, field: str = "password") -> None:
    """The rule for new passwords: ten characters or more, any of them, and not the address. Raises InvalidInput.

    Length is what protects; composition rules do not (NIST SP 800-63B, section 3.1.1.2).
    """
    if len(plain) < MIN_CHARACTERS:
        raise InvalidInput.of(field, f"should have {MIN_CHARACTERS} characters or more")
    if len(plain) > MAX_CHARACTERS:
        raise InvalidInput.of(field, f"should have {MAX_CHARACTERS} characters at most")
    if fold(plain) == fold(email):
        raise InvalidInput.of(field, "should not be the email address")
    if len(set(plain)) < 3:
        raise InvalidInput.of(field, "should not repeat the same few characters")


def check_choice(plain: str, email: str, *, name: str = "", field: str = "password") -> None:
    """The rule for a password that a member chooses: also not one of those that attackers try first.

    Judged by zxcvbn (Wheeler 2016) against its lists of 30,000 leaked passwords, names and common words, here and not
    by a service: refused is what falls within a million guesses, and what is little more than a word that stands to
    reason. Raises InvalidInput.
    """
    check_password(plain, email, field=field)
    # Its word lists take 12 MB, which a worker that checks no password need not hold.
    from zxcvbn import zxcvbn

    own = _own_words(email, name)
    judged = zxcvbn(plain[:JUDGED_CHARACTERS], user_inputs=[*own, email])
    if judged["score"] <= 1 or _letters_besides(plain, [*own, *OBVIOUS]) < OWN_LETTERS:
        raise InvalidInput.of(field, "is among the first that attackers try; add a word or two that nobody expects")


def _own_words(email: str, name: str) -> list[str]:
    parts = re.split(r"[^\w]+|_", f"{fold(email)} {fold(name)}")
    return [part for part in parts if len(part) >= 3]


def _letters_besides(plain: str, words: list[str]) -> int:
    """How many letters are left of a password without these words; of one that has none of them, enough."""
    left = fold(plain)
    if not any(word in left for word in words):
        return OWN_LETTERS
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word, " ")
    return sum(letter.isalpha() for letter in left)


@cache
def _decoy() -> str:
    return hash_password("nobody has this password")
