"""Secrets that have to be read again, encrypted at rest with a key made from SECRET_KEY.

Fernet: AES-128-CBC with HMAC-SHA256. What a former key sealed is read too, and sealed anew at the next start.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.errors import Unavailable
from app.keyring import Key, keys

USE = "sealed"


def seal(plain: str) -> str:
    """`plain`, encrypted."""
    return _fernets(keys()).encrypt(plain.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """What was sealed. Raises Unavailable when neither SECRET_KEY nor a former key is the one it was sealed with."""
    try:
        return _fernets(keys()).decrypt(sealed.encode()).decode()
    except InvalidToken as problem:
        raise Unavailable(
            "SECRET_KEY is not the one that this was encrypted with; name that one in SECRET_KEYS_FORMER."
        ) from problem


def resealed(sealed: str) -> str | None:
    """The same secret under the present key, None when it is under that already. Raises like `unseal`."""
    present = _fernets(keys()[:1])
    try:
        present.decrypt(sealed.encode())
    except InvalidToken:
        return seal(unseal(sealed))
    return None


@lru_cache(maxsize=4)
def _fernets(known: tuple[Key, ...]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key.derived(USE))) for key in known])
